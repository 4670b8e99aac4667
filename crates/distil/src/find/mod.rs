//! `distil find`: the cheapest route to a quality, found on the validation part and confirmed on fresh seeds.
//!
//! A search is a row of ordinary runs in one folder. A small network chooses the learning rate, every candidate is trained with it for
//! longer and longer (successive halving, [`ladder`]), the first that will do is asked again with other seeds, and what it promises is
//! measured on the test part with fresh seeds. No decision sees a clock, but for the budget, which ends a search and never steers it.

pub mod candidates;
mod confirm;
pub mod goal;
pub mod ladder;
mod page;
pub mod record;
mod search;
mod steps;

use std::path::{Path, PathBuf, absolute};
use std::time::Instant;

use distil_recipe::RecipeText;
use distil_report::measure::{MainMetric, Metric};

use crate::data::Dataset;
use crate::data::source::Source;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::plan::{Arm, Draft, Plan};
use crate::run::{RunFolder, Watcher, forget};
use crate::weights::sha256;
use candidates::Field;
use confirm::FRESH;
use goal::{AS_LARGE, Budget, Goal};
use record::{Asked, FORMAT, FindJson, read, write};
use search::Search;

pub use page::{page, sentence};

/// What `distil find` asks for.
#[derive(Debug, Clone)]
pub struct FindRequest {
    /// The recipe.
    pub recipe: RecipeText,
    /// The goal, the budget and what runs are asked for.
    pub asked: Asked,
    /// The folder of all runs.
    pub runs: PathBuf,
    /// This program.
    pub program: PathBuf,
}

/// Where a search is and what it came to.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its folder.
    pub folder: PathBuf,
    /// What find.json says.
    pub find: FindJson,
    /// The signal that stopped it, if one did.
    pub signal: Option<i32>,
}

/// Searches for the cheapest route to a goal.
///
/// # Errors
/// Whatever is wrong with recipe, goal, budget and data, before anything is written; later, what ended a run.
pub fn find(request: &FindRequest, watcher: &mut dyn Watcher) -> Result<Found> {
    let mut asked = request.asked.clone();
    asked.options.base = absolute(&asked.options.base).unwrap_or(asked.options.base);
    let begun = Begun::of(&request.recipe, &asked)?;
    asked.began_with = Some(begun.with.clone());
    asked.loss = Some(begun.plan.loss_metric().name.to_owned());
    let (folder, _lock) = RunFolder::create(
        &request.runs,
        &format!("{}-find", asked.options.name),
        |folder| {
            files::write(&folder.recipe(), request.recipe.text().as_bytes())?;
            write(&asked_of(folder.path()), &asked)
        },
    )?;
    watcher.folder(&folder);
    search(folder.path(), &request.program, &asked, begun, watcher)
}

/// Whether a folder is one of a search.
pub fn is_search(folder: &Path) -> bool {
    asked_of(folder).is_file()
}

/// Goes on where a search stopped; what it has trained is not trained again.
///
/// # Errors
/// As [`find`].
pub fn resume(path: &Path, program: &Path, watcher: &mut dyn Watcher) -> Result<Found> {
    let folder = RunFolder::open(path)?;
    let _lock = folder.lock()?;
    let asked: Asked = read(&asked_of(path))?;
    let text = folder.text()?;
    let changed = |place: &str| {
        Error::new(
            Kind::Changed,
            place,
            "it has changed since the search began",
        )
        .remedy("Restore it, and `distil resume` goes on; or search anew with `distil find`")
    };
    let [recipe, data] = match &asked.began_with {
        Some([recipe, data]) => [Some(recipe), Some(data)],
        None => [None, None],
    };
    if recipe.is_some_and(|recipe| *recipe != recipe_hash(&text)) {
        return Err(changed("recipe.toml of the search"));
    }
    if let Some(find) = record(path)?.filter(|find| find.confirmed.is_some()) {
        let folder = path.to_path_buf();
        return Ok(Found {
            folder,
            find,
            signal: None,
        });
    }
    let begun = Begun::of(&text, &asked)?;
    if data.is_some_and(|data| *data != begun.with[1]) {
        return Err(changed(&begun.plan.source.describe()));
    }
    watcher.folder(&folder);
    search(path, program, &asked, begun, watcher)
}

/// What a search came to; none while it has not ended once.
///
/// # Errors
/// A file that is no longer what was written.
pub fn record(folder: &Path) -> Result<Option<FindJson>> {
    let path = folder.join(RECORD);
    path.exists().then(|| read(&path)).transpose()
}

/// Removes the trials of an ended search's runs, and the stages it kept for reuse. Its page, find.json, the route and the model stay.
/// Returns the bytes removed.
///
/// # Errors
/// A search that has not ended, or that another process is at work on.
pub fn clean(path: &Path) -> Result<u64> {
    let folder = RunFolder::open(path)?;
    let _lock = folder.lock()?;
    if record(path)?.is_none_or(|find| find.confirmed.is_none()) {
        return Err(Error::input(
            path.display(),
            "the search has not ended, and its trials are what it would go on from",
        )
        .remedy("`distil resume` finishes it; a search nobody needs is a folder to delete"));
    }
    let runs = path.join("runs");
    let mut bytes = forget(&runs)?;
    let entries = std::fs::read_dir(&runs).map_err(|e| files::refused(&runs, &e))?;
    for run in entries.flatten().map(|entry| entry.path()) {
        if run.join("run.json").is_file() {
            bytes += crate::run::clean(&run)?;
        }
    }
    Ok(bytes)
}

/// Where a search's outcome lies in its folder.
pub(super) const RECORD: &str = "find.json";

fn recipe_hash(text: &RecipeText) -> String {
    sha256(text.text().as_bytes())
}

fn asked_of(folder: &Path) -> PathBuf {
    folder.join("asked.json")
}

/// What is known before anything is trained.
struct Begun {
    /// The metric of the goal.
    metric: &'static Metric,
    /// Its least good value that will do, where that is asked for.
    at: Option<f64>,
    /// The margin, where the large network is to be equalled.
    margin: Option<f64>,
    budget: Option<Budget>,
    field: Field,
    data: Dataset,
    plan: Plan,
    /// SHA-256 of recipe and data.
    with: [String; 2],
}

impl Begun {
    fn of(text: &RecipeText, asked: &Asked) -> Result<Self> {
        let wrong = |option: &str| {
            let option = option.to_owned();
            move |sentence: String| {
                let (reason, remedy) = parts(&sentence);
                Error::input(option, reason).remedy(remedy)
            }
        };
        let goal = Goal::parse(&asked.goal).map_err(wrong("--goal"))?;
        let budget = asked.budget.as_deref().map(Budget::parse).transpose();
        let budget = budget.map_err(wrong("--budget"))?;
        let base = &asked.options.base;
        let mut draft = Draft::read(text, base, &Arm::Flow)?;
        draft.split.equal = asked.options.equal;
        let data = draft.dataset(draft.read_data()?, None)?;
        let plan = draft.plan(&data)?;
        let full = Draft::read(text, base, &Arm::PlainFull)?.plan(&data)?;
        let (metric, at, margin) = match goal {
            Goal::Level { metric, at } => (metric, Some(at), None),
            Goal::AsLarge => (plan.metric, None, plan.margin),
        };
        if at.is_none() && margin.is_none() {
            return Err(Error::input(
                "--goal",
                "\"as good as large\" takes a margin, and the recipe declares none",
            )
            .remedy(format!(
                "Declare the largest disadvantage in {} that does not matter: --set compare.margin=…",
                metric.name
            )));
        }
        let measured = metric.applies(plan.task.kind(), plan.result().layout.outputs());
        if !measured {
            let name = metric.name;
            return Err(wrong("--goal")(format!(
                "the models of this recipe have no {name}; `distil list metrics` shows what there is"
            )));
        }
        if plan.samples[1] == 0 || plan.samples[2] == 0 {
            return Err(Error::input(
                &text.name,
                "it has no validation part or no test part: one steers the search, the other confirms what it found",
            ));
        }
        if plan.run.seed.value > i64::MAX as u64 - 2 * FRESH {
            return Err(Error::input(
                &text.name,
                format!(
                    "its seed, {}, leaves no room for fresh ones",
                    plan.run.seed.value
                ),
            )
            .remedy("Give a smaller `seed` in [run]"));
        }
        let field = Field::of(text, &plan, &full)?;
        // What cannot be planned is said before anything is paid for.
        field.candidates(field.rates[0], &data, base)?;
        Ok(Self {
            with: [recipe_hash(text), data.hash.clone()],
            metric,
            at,
            margin,
            budget,
            field,
            data,
            plan,
        })
    }
}

/// The reason and the remedy of a one-sentence refusal, "reason; remedy", as an error has them; the remedy may be empty.
pub(super) fn parts(sentence: &str) -> (&str, String) {
    let (reason, remedy) = sentence.rsplit_once("; ").unwrap_or((sentence, ""));
    let mut letters = remedy.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    (reason, first.unwrap_or_default() + letters.as_str())
}

fn search(
    folder: &Path,
    program: &Path,
    asked: &Asked,
    begun: Begun,
    watcher: &mut dyn Watcher,
) -> Result<Found> {
    let Begun {
        metric,
        at,
        margin,
        budget,
        field,
        data,
        plan,
        ..
    } = begun;
    let before = record(folder)?;
    for note in &field.notes {
        watcher.note(&format!("note: {note}"));
    }
    let main = MainMetric::of(metric, plan.task.unit());
    let mut search = Search {
        folder,
        program,
        options: &asked.options,
        metric,
        margin,
        at,
        large: Default::default(),
        main: &main,
        validation: plan.samples[1],
        loss: match &asked.loss {
            Some(loss) => loss,
            None => plan.loss_as_it_is().name,
        },
        seed: plan.run.seed.value,
        budget,
        started: Instant::now(),
        before: before.as_ref().map_or(0.0, |find| find.seconds),
        steps: Vec::new(),
        watcher,
    };
    let mut find = FindJson {
        format: FORMAT,
        name: asked.options.name.clone(),
        goal: match margin {
            Some(_) => AS_LARGE.into(),
            None => asked.goal.clone(),
        },
        metric: main.clone(),
        at,
        budget: asked.budget.clone(),
        steps: Vec::new(),
        notes: field.notes.clone(),
        stopped: String::new(),
        route: None,
        confirmed: None,
        seconds: 0.0,
        search_flops: 0.0,
        search_cpu_seconds: 0.0,
        naive_flops: 0.0,
        rates: 0,
    };
    let decided = before.as_ref().is_some_and(|find| find.route.is_some());
    let outcome = search.all(&field, &data, &mut find, before);
    let signal = match &outcome {
        Err(error) => match error.kind {
            Kind::Stopped(signal) => Some(signal),
            _ => None,
        },
        Ok(()) => None,
    };
    if signal.is_some() && find.route.is_none() {
        find.stopped = "it was stopped, and `distil resume` goes on".into();
    }
    // What was decided before is not lost by what ended it before it got there again.
    if find.route.is_some() || !decided {
        search.keep(&mut find)?;
        files::write(&folder.join("find.md"), page(&find).as_bytes())?;
    }
    if signal.is_none() {
        outcome?;
    }
    Ok(Found {
        folder: folder.to_path_buf(),
        find,
        signal,
    })
}
