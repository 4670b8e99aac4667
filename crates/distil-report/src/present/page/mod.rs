//! The report: one self-contained HTML page.
//!
//! [`Page::new`] gathers text, tables and drawn charts; the template only arranges them. The page needs no network, no
//! script and no other file.

mod arm_class;
mod arms;
mod bill;
mod cards;
mod chart;
mod generalisation;
mod learning;
mod metric_axis;
mod mistakes;
mod outputs;
mod picture;

pub use bill::Legend;
pub use cards::Card;
pub use learning::Panel;
pub use mistakes::Mistake;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, context, escape_formatter};
use serde::Serialize;

use crate::Error;
use crate::compare::resolved;
use crate::present::foreign;
use crate::present::human::human_day;
use crate::present::next::Next;
use crate::present::sentence::{
    badge, brief, choice, chosen, columns_read, equal_samples, headline, looks, reading_notes,
    route, sentence,
};
use crate::present::show;
use crate::present::table::Table;
use crate::present::tables;
use crate::record::events::Folded;
use crate::run_json::RunJson;
use crate::trials::Predictions;

/// All that the page shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page {
    /// The recipe's name.
    pub name: String,
    /// When the run began, and its data; empty where it does not say.
    pub origin: Vec<String>,
    /// What next; none before [`Self::in_folder`].
    pub next: Option<Next>,
    /// The verdict's word.
    pub verdict: String,
    /// The same as the sentence begins: `better, dearer in seconds`.
    pub badge: String,
    /// The verdict's sentence without tests, up to its colon: the claim.
    pub claim: String,
    /// The rest of the sentence: the numbers.
    pub numbers: String,
    /// What the route by a small network came to, where it was run.
    pub route: Option<String>,
    /// The whole sentence.
    pub verdict_sentence: String,
    /// Where the run did not finish: what happened.
    pub warning: Option<String>,
    /// Samples with equal inputs, if there are any.
    pub equal: Option<String>,
    /// What was guessed, left out or changed while the data were read.
    pub notes: Vec<String>,
    /// How each column of a table was read.
    pub columns: Vec<String>,
    /// The arms' headline numbers.
    pub cards: Vec<Card>,
    /// Test results of all arms.
    pub results: Table,
    /// Comparisons, and each one's sentence.
    pub comparisons: Table,
    /// The comparisons' sentences after the first.
    pub sentences: Vec<String>,
    /// What the grey bands of the charts are, where there are any.
    pub blind: Option<String>,
    /// Quality against cost and differences by seed, as SVG, each with its title.
    pub arms: Vec<(String, String)>,
    /// What plain's curve says.
    pub curve: Vec<String>,
    /// How the seeds chose their settings, and when the run was looked at.
    pub choice: Vec<String>,
    /// Every trial, where there are several per arm or one failed.
    pub trials: Option<Table>,
    /// Bars of cost, as SVG, each with its title.
    pub bars: Vec<(String, String)>,
    /// The bars' colours.
    pub legend: Vec<Legend>,
    /// The bill.
    pub bill: Table,
    /// What was tuned.
    pub tuning: Option<Table>,
    /// Earlier stages counted and given.
    pub break_even: Option<Table>,
    /// Learning curves by axis of cost.
    pub panels: Vec<Panel>,
    /// Train, validation and test, as SVG.
    pub gaps: Option<String>,
    /// The same as numbers.
    pub generalisation: Table,
    /// Confusion matrix, residual plot or F1 by label, as SVG, with its title and a sentence.
    pub outputs: Option<(String, String, String)>,
    /// Each target's own numbers, where there are several.
    pub targets: Option<Table>,
    /// The worst mistakes.
    pub mistakes: Vec<Mistake>,
    /// Whether the mistakes have pictures.
    pub pictures: bool,
    /// Compression.
    pub compress: Option<Table>,
    /// Growth.
    pub growth: Option<Table>,
    /// The recipe's text.
    pub recipe: String,
    /// Machine and run.
    pub environment: Table,
    /// Distil's version.
    pub version: String,
}

impl Page {
    /// Gathers the page. `trials` are the events of run.json's trials; `predictions` those of the flow's first trial; `recipe`
    /// the recipe's text.
    pub fn new(
        run: &RunJson,
        trials: &[Folded<'_>],
        predictions: Option<&Predictions>,
        recipe: &str,
    ) -> Self {
        let (verdict, sentence_of_run) = headline(&run.comparisons, &run.metric);
        let (bars, legend) = bill::charts(run);
        let brief = brief(&run.comparisons, &run.metric);
        let (claim, numbers) = brief.split_once(": ").unwrap_or((&brief, ""));
        let origin = run.origin.as_ref();
        let origin = origin.map(|origin| vec![human_day(origin.began), origin.data.clone()]);
        let mistakes = predictions.map_or(Vec::new(), mistakes::mistakes);
        let sentences = run
            .comparisons
            .iter()
            .map(|c| sentence(c, &run.comparisons, &run.metric));
        let sentences = route(run, false).into_iter().chain(sentences);
        let mut sentences: Vec<String> =
            sentences.filter(|text| *text != sentence_of_run).collect();
        sentences.dedup();
        Self {
            name: run.name.clone(),
            origin: origin.unwrap_or_default(),
            next: None,
            verdict: verdict.word().into(),
            badge: chosen(&run.comparisons)
                .map_or("not compared", |comparison| badge(comparison, &run.metric))
                .into(),
            claim: claim.into(),
            numbers: numbers.into(),
            route: route(run, true),
            verdict_sentence: sentence_of_run,
            warning: cards::warning(run),
            equal: equal_samples(run),
            notes: reading_notes(run).collect(),
            columns: columns_read(run).map(String::from).collect(),
            cards: cards::cards(run),
            results: tables::results(run),
            comparisons: tables::comparisons(run),
            sentences,
            arms: [
                ("Quality against cost", arms::quality_against_cost(run)),
                ("Difference by seed", arms::differences(run)),
            ]
            .into_iter()
            .filter_map(|(title, chart)| Some((title.to_owned(), chart?)))
            .collect(),
            blind: resolved(&run.comparisons).map(|(samples, width)| {
                format!(
                    "Grey: within {} of the flow, which {} test samples cannot tell apart.",
                    run.metric.width(Some(width)),
                    show::grouped(samples as f64)
                )
            }),
            curve: run
                .curve
                .as_ref()
                .map_or(Vec::new(), |curve| curve.sentences(&run.metric)),
            choice: [choice(run), looks(run)].into_iter().flatten().collect(),
            trials: tables::trials(run),
            bars,
            legend,
            bill: tables::bill(run),
            tuning: tables::tuning(run),
            break_even: tables::break_even(run),
            panels: learning::panels(run, trials),
            gaps: generalisation::chart(run),
            generalisation: tables::generalisation(run),
            outputs: predictions.and_then(outputs::chart),
            targets: predictions.and_then(outputs::targets),
            pictures: mistakes.iter().any(|mistake| mistake.picture.is_some()),
            mistakes,
            compress: tables::compress(run),
            growth: tables::growth(run),
            recipe: recipe.trim_end().into(),
            environment: tables::environment(run),
            version: run.host.distil.clone(),
        }
    }

    /// The same page with commands for the run in this folder, whose result is there or not.
    pub fn in_folder(self, run: &RunJson, folder: &str, model: bool) -> Self {
        Self {
            next: Some(Next::of(run, folder, model)),
            ..self
        }
    }

    /// The page as HTML.
    ///
    /// # Errors
    /// The built-in template cannot be rendered: a defect of Distil.
    pub fn html(&self) -> Result<String, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_formatter(|out, state, value| match value.as_str() {
            Some(text) if !value.is_safe() => Ok(out.write_str(&foreign::html(text))?),
            _ => escape_formatter(out, state, value),
        });
        environment
            .add_template("report.html", include_str!("report.html"))
            .map_err(Error::Page)?;
        let template = environment
            .get_template("report.html")
            .map_err(Error::Page)?;
        template
            .render(context! { page => Serde(self), style => include_str!("style.css") })
            .map_err(Error::Page)
    }
}
