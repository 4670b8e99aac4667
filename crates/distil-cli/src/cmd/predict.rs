//! `distil predict`: a model's answers for new data.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

use distil::device;
use distil::saved::{Answer, Prediction, SavedModel};
use distil_report::foreign;
use distil_report::show::exact;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::args::{Format, PredictArgs};
use crate::exit::{Ended, Failure};
use crate::{show, stderr};

/// What `-` stands for.
const STDIN: &str = "/dev/stdin";

/// Answers every sample of every input.
pub fn predict(args: &PredictArgs) -> Ended {
    let device = device::cpu();
    let model = SavedModel::read(&SavedModel::folder(&args.model), &device)?;
    if let Some(path) = &args.output {
        distil::files::check_writable(path)?;
    }
    let mut all = Prediction {
        names: model.card.targets.names.clone(),
        answers: Vec::new(),
        ids: Vec::new(),
        notes: Vec::new(),
    };
    for (file, path) in args.input.iter().enumerate() {
        let standard_input = path.as_os_str() == "-";
        let raw = model.read_inputs(if standard_input {
            Path::new(STDIN)
        } else {
            path
        })?;
        let named = raw.rows.is_some();
        let found = model.predict(raw, &device)?;
        stderr::note(&found.notes);
        keep_ids(&mut all, found.ids, file == 0);
        let mut answers = found.answers;
        if args.input.len() > 1 && !named {
            answers
                .iter_mut()
                .for_each(|answer| say_where(answer, path));
        }
        all.answers.append(&mut answers);
    }
    let written = match format(args) {
        Format::Json => foreign::json(&json(&all)?).into_owned(),
        Format::Csv => {
            let (table, changed) = csv(&all, args.raw)?;
            if changed > 0 {
                stderr::complain(&escaped(changed));
            }
            table
        }
    };
    match &args.output {
        Some(path) => Ok(distil::files::write(path, written.as_bytes())?),
        None => show::print_raw(&written),
    }
}

/// Columns that tell samples apart are passed on where all files have them.
fn keep_ids(all: &mut Prediction, found: Vec<(String, Vec<Box<str>>)>, first: bool) {
    if first {
        all.ids = found;
        return;
    }
    all.ids.retain_mut(|(name, texts)| {
        let more = found.iter().find(|(other, _)| other == name);
        more.map(|(_, more)| texts.extend_from_slice(more))
            .is_some()
    });
}

fn format(args: &PredictArgs) -> Format {
    let table = args
        .output
        .as_deref()
        .and_then(Path::extension)
        .is_some_and(|extension| extension == "csv");
    args.format
        .unwrap_or(if table { Format::Csv } else { Format::Json })
}

/// Rows of several files are numbered from 0 in each: the file's name keeps them apart.
fn say_where(answer: &mut Answer, path: &Path) {
    let (Answer::Class { sample, .. }
    | Answer::Labels { sample, .. }
    | Answer::Values { sample, .. }) = answer;
    *sample = format!("{}:{sample}", path.display());
}

/// An answer and what tells its sample apart.
#[derive(Serialize)]
struct Identified<'a> {
    #[serde(flatten)]
    answer: &'a Answer,
    #[serde(skip_serializing_if = "Map::is_empty")]
    ids: Map<String, Value>,
}

/// One object, a line per answer.
fn json(prediction: &Prediction) -> Result<String, Failure> {
    let names = serde_json::to_string(&prediction.names).map_err(unwritable)?;
    let answers = prediction.answers.iter().enumerate().map(|(row, answer)| {
        let ids = prediction.ids.iter();
        let ids = ids.map(|(name, texts)| (name.clone(), texts[row].to_string().into()));
        serde_json::to_string(&Identified {
            answer,
            ids: ids.collect(),
        })
    });
    let answers: Vec<String> = answers.collect::<Result<_, _>>().map_err(unwritable)?;
    let answers = answers.join(",\n    ");
    Ok(format!(
        "{{\n  \"names\": {names},\n  \"answers\": [\n    {answers}\n  ]\n}}\n"
    ))
}

fn escaped(cells: usize) -> String {
    let (cells, are) = match cells {
        1 => (
            "1 cell of text is".to_owned(),
            "a spreadsheet would take it for a formula, or it has",
        ),
        _ => (
            format!("{cells} cells of text are"),
            "spreadsheets would take them for formulas, or they have",
        ),
    };
    format!(
        "note: {cells} escaped: {are} characters that cannot be seen. `--raw` leaves all as they are."
    )
}

/// One row per sample: its name, the answer, then the number behind every class, label or value; and how many cells were escaped.
fn csv(prediction: &Prediction, raw: bool) -> Result<(String, usize), Failure> {
    let mut changed = 0;
    let mut shown = |text: &str, escape: fn(&str) -> Cow<'_, str>| -> Option<String> {
        let escaped = escape(text);
        let differs = !raw && escaped != text;
        changed += usize::from(differs);
        differs.then(|| escaped.into_owned())
    };
    // About so many characters, up to 64 MB; memory that is not written to costs nothing.
    let cells = 2 + prediction.ids.len() + prediction.names.len();
    let characters = prediction.answers.len().saturating_mul(12 * cells);
    let table = Vec::with_capacity(characters.min(1 << 26));
    let mut writer = csv::Writer::from_writer(table);
    let answered: &[&str] = match prediction.answers.first() {
        Some(Answer::Class { .. }) => &["class"],
        Some(Answer::Labels { .. }) => &["labels"],
        Some(Answer::Values { .. }) | None => &[],
    };
    let ids = prediction.ids.iter();
    let ids: Vec<String> = ids
        .map(|(name, _)| shown(name, foreign::csv).unwrap_or_else(|| name.clone()))
        .collect();
    let names = prediction.names.iter();
    let names: Vec<String> = names
        .map(|name| shown(name, foreign::csv).unwrap_or_else(|| name.clone()))
        .collect();
    // Where one could be taken for another column, all say what they are.
    let mut taken: HashSet<&str> = HashSet::from(["sample"]);
    let given = ids.iter().chain(&names).map(String::as_str);
    let all = answered.iter().copied().chain(given);
    let collide = !all.into_iter().all(|name| taken.insert(name));
    let called = |word: &str, name: String| match collide {
        true => format!("{word} {name}"),
        false => name,
    };
    let word = match prediction.answers.first() {
        Some(Answer::Values { .. }) => "value",
        _ => "probability",
    };
    let mut header = vec!["sample".to_owned()];
    header.extend(ids.into_iter().map(|name| called("id", name)));
    header.extend(answered.iter().map(|title| (*title).to_owned()));
    header.extend(names.into_iter().map(|name| called(word, name)));
    writer.write_record(header).map_err(unwritable)?;
    for (row, answer) in prediction.answers.iter().enumerate() {
        let (Answer::Class { sample, .. }
        | Answer::Labels { sample, .. }
        | Answer::Values { sample, .. }) = answer;
        let mut cell = |text: &str, escape: fn(&str) -> Cow<'_, str>| {
            let escaped = shown(text, escape);
            writer.write_field(escaped.as_deref().unwrap_or(text))
        };
        cell(sample, foreign::csv_id).map_err(unwritable)?;
        for (_, texts) in &prediction.ids {
            cell(&texts[row], foreign::csv_id).map_err(unwritable)?;
        }
        let numbers: &mut dyn Iterator<Item = String> = match answer {
            Answer::Class {
                class,
                probabilities,
                ..
            } => {
                cell(class, foreign::csv).map_err(unwritable)?;
                &mut probabilities.iter().map(|x| exact(*x))
            }
            Answer::Labels {
                labels,
                probabilities,
                ..
            } => {
                cell(&labels.join(" "), foreign::csv).map_err(unwritable)?;
                &mut probabilities.iter().map(|x| exact(*x))
            }
            Answer::Values { values, .. } => &mut values.iter().map(|x| exact(*x)),
        };
        for number in numbers {
            writer.write_field(number).map_err(unwritable)?;
        }
        writer.write_record(None::<&[u8]>).map_err(unwritable)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| unwritable(error.error()))?;
    Ok((String::from_utf8(bytes).map_err(unwritable)?, changed))
}

fn unwritable(error: impl std::fmt::Display) -> Failure {
    Failure::failed(format_args!("the answers cannot be written: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_header_and_quotes_what_needs_quotes() {
        let prediction = Prediction {
            names: vec!["a, b".into(), "c".into()],
            answers: vec![Answer::Class {
                sample: "0".into(),
                class: "a, b".into(),
                probabilities: vec![0.75, 0.25],
            }],
            ids: Vec::new(),
            notes: Vec::new(),
        };
        assert_eq!(
            csv(&prediction, false).unwrap().0,
            "sample,class,\"a, b\",c\n0,\"a, b\",0.75,0.25\n"
        );
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_escaped_and_counted_and_ids_and_numbers_stay() {
        let answer = |class: &str| Answer::Class {
            sample: "=id".into(),
            class: class.into(),
            probabilities: vec![0.75, 0.25],
        };
        let prediction = Prediction {
            names: vec!["=1+1".into(), "-1".into()],
            answers: vec![answer("=1+1"), answer("-1"), answer("a\u{1b}")],
            ids: Vec::new(),
            notes: Vec::new(),
        };
        assert_eq!(
            csv(&prediction, false).unwrap(),
            (
                "sample,class,'=1+1,-1\n=id,'=1+1,0.75,0.25\n=id,-1,0.75,0.25\n=id,a\\u{1b},0.75,0.25\n"
                    .into(),
                3
            )
        );
        assert_eq!(
            csv(&prediction, true).unwrap(),
            (
                "sample,class,=1+1,-1\n=id,=1+1,0.75,0.25\n=id,-1,0.75,0.25\n=id,a\u{1b},0.75,0.25\n"
                    .into(),
                0
            )
        );
    }

    #[test]
    fn json_is_one_object_with_a_line_per_answer() {
        let answer = |sample: &str| Answer::Values {
            sample: sample.into(),
            values: vec![0.5],
        };
        let prediction = Prediction {
            names: vec!["price".into()],
            answers: vec![answer("0"), answer("1")],
            ids: Vec::new(),
            notes: Vec::new(),
        };
        let text = json(&prediction).unwrap();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, serde_json::to_value(&prediction).unwrap());
        assert_eq!(text.lines().count(), 7);
    }

    #[test]
    fn values_have_no_column_for_a_class() {
        let prediction = Prediction {
            names: vec!["price".into()],
            answers: vec![Answer::Values {
                sample: "0".into(),
                values: vec![51234.5],
            }],
            ids: Vec::new(),
            notes: Vec::new(),
        };
        assert_eq!(
            csv(&prediction, false).unwrap().0,
            "sample,price\n0,51234.5\n"
        );
    }
}
