//! What can be done after a run, as commands to copy.

use serde::Serialize;

use crate::compare::{Because, TRANSFERRED, Verdict};
use crate::present::sentence::{arm_words, chosen};
use crate::run_json::{RunJson, Status};
use crate::statistics::FEWEST_PAIRS;

/// Commands for a shell; none where there is nothing to do or to see.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Next {
    /// What was typed.
    pub command: Option<String>,
    /// What to run for a claim, where this run makes none.
    pub decide: Option<String>,
    /// Which model the verdict recommends, beside the flow's; none where it is that.
    pub model: Option<String>,
    /// Where the settings are that a small network chose; none where it chose none.
    pub settings: Option<String>,
    /// How to use the model: the recommended one, or else the flow's.
    pub predict: Option<String>,
    /// How to measure it on other data.
    pub eval: Option<String>,
    /// How to give it to other programs.
    pub export: Option<String>,
    /// How to see the bill.
    pub bill: String,
}

impl Next {
    /// After a run in this folder, whose result is there or not.
    pub fn of(run: &RunJson, folder: &str, model: bool) -> Self {
        let other = run.recommended.as_ref().filter(|_| model);
        let recommended = format!("{folder}/recommended");
        let which = other.map(|trial| {
            let arm = arm_words(&trial.arm);
            format!("Model: {recommended} is that of {arm}, which the verdict recommends; {folder}/model is the flow's.")
        });
        let mut transferred = run.arm(TRANSFERRED);
        let chose = transferred.any(|trial| trial.status == Status::Finished);
        let settings = chose.then(|| {
            format!("Settings: {folder}/settings.toml has what the small network chose, for a stage of another recipe: train = {{ settings = \"…\" }}.")
        });
        let used = quoted(if other.is_some() {
            &recommended
        } else {
            folder
        });
        let folder = quoted(folder);
        let new_data = run.origin.as_ref().map_or("", |origin| &origin.new_data);
        let with = |verb: &str, data: &str| {
            let line = format!("distil {verb} {used} {data}");
            model.then(|| line.trim_end().to_owned())
        };
        let typed = run.origin.as_ref().filter(|o| !o.command.is_empty());
        Self {
            command: typed.map(|origin| command(&origin.command)),
            decide: decide(run),
            model: which,
            settings,
            predict: with("predict", new_data),
            eval: with("eval", new_data),
            export: with("export", "--to safetensors"),
            bill: format!("distil report {folder} --bill"),
        }
    }
}

/// The same run with pairs enough for a claim, and, where nobody tuned the arms, with a choice for all of them.
fn decide(run: &RunJson) -> Option<String> {
    let origin = run.origin.as_ref().filter(|o| !o.command.is_empty())?;
    let chosen = chosen(&run.comparisons)?;
    let few = chosen.n < FEWEST_PAIRS;
    let open = few
        || chosen.verdict == Verdict::BaselineUntuned
        || matches!(
            chosen.because,
            Some(Because::SmallUntuned | Because::AloneUntuned)
        );
    // To try a longer list is for people.
    let at_end = !few && run.comparisons.iter().any(|other| !other.ends.is_empty());
    if chosen.because == Some(Because::OneStage)
        || chosen.verdict == Verdict::Overlap
        || at_end
        || !open
    {
        return None;
    }
    let mut again = without_value(&origin.command, "--seeds");
    again.extend(["--seeds".into(), chosen.n.max(FEWEST_PAIRS).to_string()]);
    if let Some(lr) = origin.lr.filter(|_| run.tuned.is_empty()) {
        let choice = format!("compare.tune.lr=[{},{lr},{}]", lr / 2.0, lr * 2.0);
        again.extend(["--set".into(), choice]);
    }
    Some(command(&again))
}

fn without_value(arguments: &[String], option: &str) -> Vec<String> {
    let mut left = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == option {
            arguments.next();
        } else if !argument.starts_with(&format!("{option}=")) {
            left.push(argument.clone());
        }
    }
    left
}

fn command(arguments: &[String]) -> String {
    let words = arguments.iter().map(|argument| quoted(argument));
    std::iter::once("distil".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_pasted_into_a_shell() {
        let typed = ["run", "./my recipe.toml", "--set", "a='b'"].map(str::to_owned);
        assert_eq!(
            command(&typed),
            r"distil run './my recipe.toml' --set 'a='\''b'\'''"
        );
        let seeds = ["run", "--seeds", "2", "x", "--seeds=3"].map(str::to_owned);
        assert_eq!(without_value(&seeds, "--seeds"), ["run", "x"]);
    }
}
