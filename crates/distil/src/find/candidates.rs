//! What may reach a goal: networks of several sizes, on what the large one sees or the small one, trained plainly or grown.

use std::path::Path;

use distil_recipe::recipe::List;
use distil_recipe::{RecipeText, parse};
use toml::{Table, Value};

use super::ladder::Cost;
use super::parts;
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::plan::{Arm, Draft, Plan, StagePlan};
use crate::train::Length;

/// How many times narrower than the large network the one is that chooses, where the recipe has none.
const CHOOSES: u32 = 4;
/// Shares of a width at which networks narrower than the large one are tried.
const NARROWER: [u32; 2] = [2, 4];
/// A cheaper network may be trained for so many times the epochs of the large one, if that costs no more.
const LONGER: u64 = 4;
/// A layer narrower than this is none that anybody would choose.
const NARROWEST: i64 = 4;
/// Pictures with fewer rows or columns are not halved.
const SMALLEST_HALVED: usize = 8;
/// The factor on grown weights that is tried where the recipe has 1, and the other way round.
const SHRINK: f64 = 0.6;

/// Stages as a recipe has them, by name, the result last.
type Stages = Vec<(String, Table)>;

/// A route to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its name: an arm's.
    pub name: String,
    /// What it is, in a few words.
    pub words: String,
    /// Its stages; the result's length is yet to be filled in.
    stages: Stages,
    /// Whether it is the network that chooses settings, trained as it was then.
    pub chooses: bool,
    /// What it costs.
    pub cost: Cost,
}

/// What a search begins with.
#[derive(Debug)]
pub struct Field {
    /// The recipe without stages and comparisons.
    rest: Table,
    /// The stage the recipe is for.
    result: String,
    /// The network that settings are chosen with, as a recipe has it; it is trained on what the large one sees.
    chooser: Table,
    /// The same in words.
    pub chooser_words: String,
    /// The large network's plain training.
    large: Table,
    /// Learning rates to choose from.
    pub rates: Vec<f64>,
    /// Whether settings carry over under µP; else the family has a parametrisation of its own.
    mup: bool,
    /// Epochs of plain training in full.
    epochs: u64,
    flow: Option<Flow>,
    /// What of the recipe is not searched, a sentence each.
    pub notes: Vec<String>,
}

/// The recipe's own way from its small network to the large one.
#[derive(Debug)]
struct Flow {
    small: (String, Table),
    large: Table,
    grows: bool,
}

impl Field {
    /// Reads a recipe: its flow, and plain training of its result.
    ///
    /// # Errors
    /// What cannot be searched, with the reason.
    pub fn of(text: &RecipeText, flow: &Plan, full: &Plan) -> Result<Self> {
        let mut rest: Table =
            toml::from_str(text.text()).map_err(|error| Error::input(&text.name, error))?;
        for key in ["stage", "result", "name"] {
            rest.remove(key);
        }
        // What weights are kept by; all else compares what is not compared here.
        if let Some(Value::Table(compare)) = rest.get_mut("compare") {
            compare.retain(|key, _| key == "metric");
        }
        let result = flow.result();
        let large = full.result();
        let Some(training) = large.training() else {
            return Err(Error::input(&text.name, "its result is not trained"));
        };
        let Length::Epochs(epochs) = training.train.length else {
            return Err(
                Error::input(&text.name, "plain training has a length in steps").remedy(
                    "Write its length in `epochs`: `find` compares trainings of several lengths",
                ),
            );
        };
        let mup = large.model.paces(&large.layout).is_empty();
        if let Err(reason) = training.train.optimizer.steps()
            && mup
        {
            let (reason, remedy) = parts(&reason);
            return Err(Error::input(
                &text.name,
                format!("{reason}, and a small network chooses the rate for all"),
            )
            .remedy(remedy));
        }
        let own = |stage: &&StagePlan| stage.name != result.name && stage.training().is_some();
        let small = flow.stages.iter().find(own);
        // One that costs more than the result, or is of another family, can choose nothing for it.
        let smaller = |small: &&StagePlan| {
            small.layout.parameters() < large.layout.parameters()
                && small.model.name() == large.model.name()
        };
        let chooser = match small.filter(smaller) {
            Some(small) => Some((small.recipe_table(), small.model.describe(&small.layout))),
            None => narrowed(&large.recipe_table(), CHOOSES)
                .map(|table| (table, "the large one at 1/4 of its width".to_owned())),
        };
        let Some((chooser, chooser_words)) = chooser else {
            return Err(Error::input(
                &text.name,
                format!(
                    "there is no small network to choose settings with, and a quarter of the width of `{}` is none",
                    result.name
                ),
            )
            .remedy("Add a narrower stage of the same family before it"));
        };
        let rate = small
            .and_then(StagePlan::training)
            .unwrap_or(training)
            .train
            .lr;
        let tune = parse(text).0.and_then(|recipe| recipe.compare.tune);
        let lists = tune.map_or_else(Vec::new, |tune| tune.lists);
        let (rates, others): (Vec<List>, Vec<List>) =
            lists.into_iter().partition(|list| list.key().value == "lr");
        let written = rates.first().and_then(List::numbers).map(distinct);
        let mut notes: Vec<String> = others
            .iter()
            .map(|list| format!("`{}` of `tune` is not searched: the rate is", list.key()))
            .collect();
        let simple = flow.stages.len() == 2 && flow.answers.is_empty();
        if small.is_some() && !simple {
            notes.push(
                "the recipe's own way is not tried: it is not of two stages that are both trained"
                    .into(),
            );
        }
        let of_flow = small.filter(|_| simple).map(|small| Flow {
            small: (small.name.clone(), small.recipe_table()),
            large: result.recipe_table(),
            grows: result.training().is_some_and(|t| t.start.is_some()),
        });
        Ok(Self {
            rest,
            result: result.name.clone(),
            chooser: table_of(&chooser, "model"),
            chooser_words,
            large: large.recipe_table(),
            rates: written
                .unwrap_or_else(|| (-3..=4).map(|step| round(rate * 2f64.powi(step))).collect()),
            mup,
            epochs,
            flow: of_flow,
            notes,
        })
    }

    /// Epochs of plain training in full.
    pub fn epochs(&self) -> u64 {
        self.epochs
    }

    /// The recipe of trainings of the network that chooses, the first rate's the flow, each other's an arm.
    pub fn choosing(&self, rates: &[f64]) -> String {
        let mut stage = self.large.clone();
        stage.insert("model".into(), self.chooser.clone().into());
        self.at_rates(&stage, rates)
    }

    /// The same of the large network in full, in the parametrisation that the recipe has for it.
    pub fn of_large_at(&self, rates: &[f64]) -> String {
        self.at_rates(&self.large, rates)
    }

    fn at_rates(&self, stage: &Table, rates: &[f64]) -> String {
        let of = |rate: f64| {
            let mut stage = stage.clone();
            set_train(&mut stage, "lr", rate);
            vec![(self.result.clone(), stage)]
        };
        let rest: Vec<(String, _)> = rates[1..]
            .iter()
            .map(|rate| (arm_of(*rate), of(*rate)))
            .collect();
        self.recipe(&of(rates[0]), &rest)
    }

    /// Everything that may reach a goal, at the rate that was chosen.
    ///
    /// # Errors
    /// A candidate that cannot be planned: that is a mistake of the recipe's.
    pub fn candidates(&self, rate: f64, data: &Dataset, base: &Path) -> Result<Vec<Candidate>> {
        let mut found: Vec<(String, String, Stages)> = Vec::new();
        let alone = |stage: Table| vec![(self.result.clone(), self.tuned(stage, rate))];
        let with_model = |model: &Table| {
            let mut stage = self.large.clone();
            stage.insert("model".into(), model.clone().into());
            stage
        };
        found.push((
            "wide".into(),
            "the large network".into(),
            alone(self.large.clone()),
        ));
        for by in NARROWER {
            if let Some(narrow) = narrowed(&self.large, by) {
                let words = format!("the large network at 1/{by} of its width");
                found.push((
                    format!("narrow-{by}"),
                    words,
                    alone(with_model(&table_of(&narrow, "model"))),
                ));
            }
        }
        let words = format!("the network that chose settings, {}", self.chooser_words);
        let chooser = alone(with_model(&self.chooser));
        found.push(("chooser".into(), words, chooser.clone()));
        if let Some(coarse) = self.at_half(data, base)? {
            let words = "the large network on pictures of half the size";
            found.push(("half".into(), words.into(), alone(coarse.clone())));
            let mut first = self.tuned(coarse, rate);
            set_length(&mut first, (self.epochs / 2).max(1));
            let mut whole = self.tuned(self.large.clone(), rate);
            whole.insert("start".into(), "half".into());
            found.push((
                "ladder".into(),
                "the same for half of its epochs, then on whole ones".into(),
                vec![("half".into(), first), (self.result.clone(), whole)],
            ));
        }
        if let Some(flow) = &self.flow {
            let (name, small) = &flow.small;
            if small.contains_key("view") {
                let mut stage = with_model(&self.chooser);
                stage.insert("view".into(), small["view"].clone());
                found.push((
                    "coarse".into(),
                    "the small network on its own view".into(),
                    alone(stage),
                ));
            }
            let stages = |large: Table| {
                let small = (name.clone(), self.tuned(small.clone(), rate));
                vec![small, (self.result.clone(), self.tuned(large, rate))]
            };
            // No arm of a recipe may be called `flow` or `small`.
            let words = match flow.grows {
                true => {
                    "the large network grown from the small one, as the recipe has it but for length and rate"
                }
                false => "the recipe as it is but for length and rate",
            };
            found.push(("grown".into(), words.into(), stages(flow.large.clone())));
            if let Some(Value::Table(start)) = flow.large.get("start") {
                let shrink = start.get("shrink").and_then(Value::as_float).unwrap_or(1.0);
                let other = if shrink == 1.0 { SHRINK } else { 1.0 };
                let mut large = flow.large.clone();
                let mut start = start.clone();
                start.insert("shrink".into(), other.into());
                large.insert("start".into(), start.into());
                found.push((
                    format!("shrink-{other}"),
                    format!("the same with shrink = {other}"),
                    stages(large),
                ));
            }
        }
        let mut candidates: Vec<Candidate> = Vec::new();
        for (name, words, stages) in found {
            if candidates.iter().any(|other| other.stages == stages) {
                continue;
            }
            let mut cost = self.cost(&stages, data, base)?;
            let large = candidates
                .first()
                .map_or(cost.of(self.epochs), |wide| wide.cost.of(self.epochs));
            if stages.len() == 1 {
                let times = (large / cost.of(self.epochs)).floor() as u64;
                cost.epochs *= times.clamp(1, LONGER);
            }
            candidates.push(Candidate {
                chooses: stages == chooser,
                name,
                words,
                stages,
                cost,
            });
        }
        Ok(candidates)
    }

    /// The recipe of trainings, each of a candidate for so many epochs: the first the flow, each other an arm.
    pub fn training(&self, candidates: &[(&Candidate, u64)]) -> String {
        let of = |(candidate, epochs): &(&Candidate, u64)| {
            let mut stages = candidate.stages.clone();
            if let Some((_, result)) = stages.last_mut() {
                set_length(result, *epochs);
            }
            stages
        };
        let rest: Vec<(String, _)> = candidates[1..]
            .iter()
            .map(|one| (one.0.name.clone(), of(one)))
            .collect();
        self.recipe(&of(&candidates[0]), &rest)
    }

    /// The large network's FLOPs in full.
    pub fn of_large(&self, candidates: &[Candidate]) -> f64 {
        let wide = candidates.iter().find(|candidate| candidate.name == "wide");
        wide.map_or(0.0, |wide| wide.cost.of(wide.cost.epochs))
    }

    fn tuned(&self, mut stage: Table, rate: f64) -> Table {
        set_train(&mut stage, "lr", rate);
        if self.mup {
            set_train(&mut stage, "param", "mup");
            set_train(&mut stage, "base", self.chooser.clone());
        }
        stage
    }

    /// The large network on pictures of half the size; none where it would have other weights, or they have no half.
    fn at_half(&self, data: &Dataset, base: &Path) -> Result<Option<Table>> {
        let halves = |length: &usize| length.is_multiple_of(2) && *length >= SMALLEST_HALVED;
        let pictures = data.shape.len() >= 2 && data.shape[..2].iter().all(halves);
        if !pictures || self.large.contains_key("view") {
            return Ok(None);
        }
        let mut coarse = self.large.clone();
        let blocks = Value::from(vec![2, 2]);
        coarse.insert(
            "view".into(),
            Table::from_iter([("pool".to_owned(), blocks)]).into(),
        );
        let parameters = |stage: &Table| -> Result<u64> {
            let stages = [(self.result.clone(), stage.clone())];
            Ok(self.plan(&stages, data, base)?.result().layout.parameters())
        };
        let alike = parameters(&coarse)? == parameters(&self.large)?;
        Ok(alike.then_some(coarse))
    }

    fn plan(&self, stages: &[(String, Table)], data: &Dataset, base: &Path) -> Result<Plan> {
        let text = RecipeText::new("find.toml", self.recipe(stages, &[]));
        Ok(Draft::read(&text, base, &Arm::Flow)?.plan(data)?)
    }

    fn cost(&self, stages: &[(String, Table)], data: &Dataset, base: &Path) -> Result<Cost> {
        let mut stages = stages.to_vec();
        if let Some((_, result)) = stages.last_mut() {
            set_length(result, self.epochs);
        }
        let plan = self.plan(&stages, data, base)?;
        let result = plan
            .result()
            .training()
            .map_or(0.0, |training| training.cost.flops());
        Ok(Cost {
            before: plan.flops() - result,
            epoch: result / self.epochs as f64,
            epochs: self.epochs,
        })
    }

    /// A recipe with these stages, and others as arms.
    fn recipe(&self, stages: &[(String, Table)], arms: &[(String, Stages)]) -> String {
        let named = |stages: &[(String, Table)]| -> Table {
            let tables = stages.iter().cloned();
            tables
                .map(|(name, table)| (name, Value::Table(table)))
                .collect()
        };
        let mut recipe = self.rest.clone();
        recipe.insert("result".into(), self.result.clone().into());
        recipe.insert("stage".into(), named(stages).into());
        let mut text = toml::to_string(&recipe).unwrap_or_default();
        for (arm, stages) in arms {
            // In braces it replaces what was there.
            text += &format!(
                "\n[compare.arm.{arm:?}]\nstage = {}\n",
                Value::Table(named(stages))
            );
        }
        text
    }
}

/// The arm of a rate: `lr-0.004`.
pub fn arm_of(rate: f64) -> String {
    format!("lr-{rate}")
}

fn table_of(stage: &Table, key: &str) -> Table {
    stage
        .get(key)
        .and_then(Value::as_table)
        .cloned()
        .unwrap_or_default()
}

fn set_train(stage: &mut Table, key: &str, value: impl Into<Value>) {
    let train = stage.entry("train").or_insert_with(|| Table::new().into());
    if let Value::Table(train) = train {
        train.insert(key.into(), value.into());
    }
}

fn set_length(stage: &mut Table, epochs: u64) {
    set_train(stage, "epochs", epochs as i64);
    if let Some(Value::Table(train)) = stage.get_mut("train") {
        train.remove("steps");
    }
}

/// The stage with a network of so many times smaller widths; none where a layer would be too narrow, or none has a width.
fn narrowed(stage: &Table, by: u32) -> Option<Table> {
    let mut stage = stage.clone();
    let model = stage.get_mut("model")?.as_table_mut()?;
    let mut found = false;
    for key in ["hidden", "channels"] {
        let widths: Vec<&mut Value> = match model.get_mut(key) {
            Some(Value::Array(widths)) => widths.iter_mut().collect(),
            Some(width) => vec![width],
            None => continue,
        };
        for width in widths {
            let narrow = (width.as_integer()? as f64 / f64::from(by)).round() as i64;
            if narrow < NARROWEST {
                return None;
            }
            *width = narrow.into();
            found = true;
        }
    }
    if let Some(Value::Float(width)) = model.get_mut("width") {
        *width /= f64::from(by);
        found = true;
    }
    found.then_some(stage)
}

/// Each once, as they come.
fn distinct(rates: Vec<f64>) -> Vec<f64> {
    let mut found: Vec<f64> = Vec::new();
    for rate in rates {
        if !found.contains(&rate) {
            found.push(rate);
        }
    }
    found
}

/// To three digits.
pub(super) fn round(rate: f64) -> f64 {
    format!("{rate:.2e}").parse().unwrap_or(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_narrowed_in_every_layer_or_not_at_all() {
        let of = |model: &str| -> Table { toml::from_str(&format!("model = {model}")).unwrap() };
        let narrow = |model: &str, by: u32| narrowed(&of(model), by);
        assert_eq!(
            narrow("{ kind = \"mlp\", hidden = [512, 128] }", 4),
            Some(of("{ kind = \"mlp\", hidden = [128, 32] }"))
        );
        assert_eq!(
            narrow("{ kind = \"resnet\", depth = 8, width = 2.0 }", 2),
            Some(of("{ kind = \"resnet\", depth = 8, width = 1.0 }"))
        );
        assert_eq!(narrow("{ kind = \"mlp\", hidden = [512, 8] }", 4), None);
        assert_eq!(narrow("{ kind = \"mlp\", hidden = [] }", 4), None);
    }
}
