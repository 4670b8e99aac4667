//! How a run ends in a terminal: three numbers an arm, one sentence, another where the route by a small network was run, and what next.

use crate::present::foreign::terminal;
use crate::present::human::{human_bytes, human_scaled_flops, human_seconds};
use crate::present::next::Next;
use crate::present::sentence::{brief, equal_samples, meaning, reading_notes, route};
use crate::present::table::{NONE, Table};
use crate::present::wrap::{columns, wrapped, wrapped_command};
use crate::run_json::RunJson;
use crate::summary::Summary;

/// Lines a run ends in at most, beside those on the route by a small network, unless its one sentence alone is longer.
pub const MOST: usize = 16;

/// The end of a run for a terminal of so many columns; without them, where nobody looks, a sentence is a line. `report` is where the
/// page lies.
pub fn ending(run: &RunJson, width: Option<usize>, next: &Next, report: Option<&str>) -> String {
    let sentence = sentence(run, width);
    let route = route(run, true).into_iter().chain(next.settings.clone());
    let route: Vec<String> = route
        .flat_map(|said| wrapped(&terminal(&said), width, ""))
        .collect();
    let todo = todo(run, width, next, report);
    let notes = notes(run);
    let fixed = 1 + sentence.len() + todo.len() + 2;
    let room = MOST.saturating_sub(fixed + usize::from(!notes.is_empty()));
    let mut lines = results(run, width, room.max(1));
    let room = MOST.saturating_sub(lines.len() + fixed - 1);
    lines.push(String::new());
    lines.extend(fitting(&notes, width, room));
    lines.extend(sentence);
    lines.extend(route);
    lines.push(String::new());
    lines.extend(todo);
    lines.join("\n") + "\n"
}

/// Titles and a row an arm; of more arms than rows the first are shown and the others counted.
fn results(run: &RunJson, width: Option<usize>, rows: usize) -> Vec<String> {
    let arms = Summary::with_teachers(run);
    let shown = match arms.len() > rows {
        true => rows.saturating_sub(1).max(1),
        false => arms.len(),
    };
    let mut table = Table::new("", 1, &["", run.metric.title(), "FLOPs", "time"]);
    for arm in &arms[..shown] {
        let seconds = arm
            .cost
            .map(|total| total.reference_seconds.unwrap_or(total.cpu_seconds));
        table.row(vec![
            arm.arm.to_owned(),
            run.metric.value(arm.value),
            arm.flops().map_or(NONE.into(), human_scaled_flops),
            seconds.map_or(NONE.into(), human_seconds),
        ]);
    }
    let bare: Vec<String> = table.bare_text().lines().map(str::to_owned).collect();
    let meanings = arms[..shown].iter().map(|arm| meaning(run, arm.arm));
    let meanings = std::iter::once(String::new()).chain(meanings);
    let with: Vec<String> = bare
        .iter()
        .zip(meanings)
        .map(|(line, meaning)| {
            format!("{line}  {}", terminal(&meaning))
                .trim_end()
                .to_owned()
        })
        .collect();
    let fits = |line: &String| width.is_none_or(|width| columns(line) <= width);
    let mut lines = if with.iter().all(fits) { with } else { bare };
    if shown < arms.len() {
        lines.push(format!("… and {} more arms", arms.len() - shown));
    }
    lines
}

fn sentence(run: &RunJson, width: Option<usize>) -> Vec<String> {
    let mut lines = wrapped(&terminal(&brief(&run.comparisons, &run.metric)), width, "");
    if let Some(compress) = &run.compress {
        let size = |size: &crate::run_json::Size| {
            format!(
                "{} {}, {} a row",
                size.stage,
                human_bytes(size.bytes),
                human_seconds(size.latency_seconds)
            )
        };
        let sizes = format!(
            "Size: {}; {}.",
            size(&compress.teacher),
            size(&compress.student)
        );
        lines.extend(wrapped(&terminal(&sizes), width, ""));
    }
    lines
}

/// What is to be known before anything is read from the numbers, the gravest first.
fn notes(run: &RunJson) -> Vec<String> {
    let notes = reading_notes(run);
    let equal = equal_samples(run);
    let left_out = run.curve.as_ref().and_then(|curve| curve.left_out());
    let mut notes: Vec<String> = notes.chain(equal).chain(left_out).collect();
    notes.sort_by_key(|note| !note.starts_with("warning"));
    notes
        .into_iter()
        .map(|note| terminal(&note).into_owned())
        .collect()
}

/// Notes as long as there is room, whole, and how many more there are.
fn fitting(notes: &[String], width: Option<usize>, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (place, note) in notes.iter().enumerate() {
        let note = wrapped(note, width, "  ");
        let last = place + 1 == notes.len();
        if lines.len() + note.len() + usize::from(!last) > room {
            let left = notes.len() - place;
            let warnings = notes[place..]
                .iter()
                .filter(|note| note.starts_with("warning"))
                .count();
            let what = match (left, warnings) {
                (1, 0) => "1 note".to_owned(),
                (1, _) => "1 warning".to_owned(),
                (_, 0) => format!("{left} notes"),
                _ => format!("{left} notes, {warnings} of them warnings"),
            };
            let more = if place == 0 { "" } else { " more" };
            lines.push(format!("{what}{more}: shown with the bill"));
            break;
        }
        lines.extend(note);
    }
    lines
}

fn todo(run: &RunJson, width: Option<usize>, next: &Next, report: Option<&str>) -> Vec<String> {
    let which = next.model.as_deref();
    let mut lines = which.map_or_else(Vec::new, |which| wrapped(&terminal(which), width, ""));
    let mut command = |what: &str, command: &str| {
        let line = format!("  {what:<8} {}", terminal(command));
        lines.extend(wrapped_command(&line, width, &" ".repeat(13)));
    };
    if let Some(decide) = &next.decide {
        command("decide", decide);
    }
    if let Some(predict) = &next.predict {
        command("use", predict);
    }
    if let Some(report) = report {
        command("look", report);
    }
    if !run.trials.is_empty() {
        command("bill", &next.bill);
    }
    lines
}
