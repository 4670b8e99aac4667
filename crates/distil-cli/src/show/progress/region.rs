//! The live table as text: a line for the run, then one for each trial under way.

use distil_report::foreign::terminal;
use distil_report::present::human::human_seconds;
use distil_report::show::grouped;

use super::board::{Board, Row};

/// Between two columns.
const GAP: &str = "  ";

/// Columns of a bar: it takes what the others leave, within these bounds, or is left out.
const BAR: std::ops::RangeInclusive<usize> = 6..=24;

/// A trial's line, by column.
#[derive(Default)]
struct Cells {
    name: String,
    stage: String,
    /// How much of the stage is done, from 0 to 1; none before its first step.
    share: Option<f64>,
    steps: String,
    metric: String,
    left: String,
}

/// The region's lines, none longer than `width` characters and fewer than `height`.
pub fn lines(
    board: &Board,
    now: f64,
    (width, height): (usize, usize),
    colours: bool,
) -> Vec<String> {
    let room = height.saturating_sub(2);
    let running = board.running.len();
    let shown = match running <= room {
        true => running,
        // The line that tells of the others takes one.
        false => room.saturating_sub(1),
    };
    let cells: Vec<Cells> = board.running[..shown]
        .iter()
        .map(|row| cells(row, now))
        .collect();
    let mut lines = vec![clipped(&summary(board, now), width)];
    lines.extend(table(&cells, width, colours));
    if shown < running && room > 0 {
        lines.push(clipped(&format!("… and {} more", running - shown), width));
    }
    lines
}

/// `decoding pictures  ━━━━╸─────  12,345 of 60,000, 1,230 a second, about 39 s to go`, after so many seconds.
pub fn reading(done: usize, all: usize, seconds: f64, width: usize, colours: bool) -> String {
    let head = "decoding pictures";
    let mut tail = format!("{} of {}", grouped(done as f64), grouped(all as f64));
    let rate = done as f64 / seconds;
    if seconds >= 1.0 && done > 0 {
        let rest = (all - done.min(all)) as f64 / rate;
        tail += &format!(
            ", {} a second, about {} to go",
            grouped(rate.round()),
            whole_seconds(rest.ceil())
        );
    }
    let room = width.saturating_sub(head.len() + tail.len() + 2 * GAP.len());
    let bar = room.min(*BAR.end());
    match BAR.contains(&bar) {
        true => {
            let bar = painted(done as f64 / all.max(1) as f64, bar, colours);
            format!("{head}{GAP}{bar}{GAP}{tail}")
        }
        false => clipped(&format!("{head}{GAP}{tail}"), width),
    }
}

/// `4 of 9 trials finished, 1 failed, 12 s so far, about 20 s to go`
fn summary(board: &Board, now: f64) -> String {
    let mut parts = vec![format!(
        "{} of {} trials finished",
        board.finished,
        board.trials()
    )];
    if board.failed > 0 {
        parts.push(format!("{} failed", board.failed));
    }
    parts.push(format!("{} so far", whole_seconds(now.floor())));
    if let Some(rest) = board.rest(now).filter(|rest| *rest > 0.0) {
        parts.push(format!("about {} to go", whole_seconds(rest)));
    }
    parts.join(", ")
}

fn cells(row: &Row, now: f64) -> Cells {
    let name = terminal(&row.trial.to_string()).into_owned();
    if let Some((_, done, of)) = row.rehearsal {
        return Cells {
            name,
            stage: "measuring this machine".into(),
            share: Some(done as f64 / of.max(1) as f64),
            steps: format!("{done}/{of}"),
            ..Cells::default()
        };
    }
    let Some(stage) = &row.stage else {
        return Cells {
            name,
            stage: "starting".into(),
            ..Cells::default()
        };
    };
    let steps = stage.started.steps;
    let done = stage.point.as_ref().map_or(0, |(point, _)| point.step);
    let mut cells = Cells {
        name,
        stage: terminal(&stage.started.stage).into_owned(),
        share: Some(done as f64 / steps.max(1) as f64),
        steps: format!("{done}/{steps}"),
        metric: terminal(stage.validation.as_deref().unwrap_or_default()).into_owned(),
        left: String::new(),
    };
    if let Some((point, said)) = &stage.point {
        if cells.metric.is_empty() {
            cells.metric = format!("loss {:.4}", point.loss);
        }
        if 0 < done && done < steps {
            let pace = point.time.wall_seconds / done as f64;
            let left = pace * (steps - done) as f64 - (now - said);
            cells.left = format!("{} left", whole_seconds(left.max(0.0)));
        }
    }
    cells
}

fn table(rows: &[Cells], width: usize, colours: bool) -> Vec<String> {
    let widest = |cell: fn(&Cells) -> &String| {
        let widths = rows.iter().map(|row| cell(row).chars().count());
        widths.max().unwrap_or(0)
    };
    let name = widest(|row| &row.name).min((width / 3).max(12));
    let stage = widest(|row| &row.stage);
    let steps = widest(|row| &row.steps);
    let metric = widest(|row| &row.metric);
    let left = widest(|row| &row.left);
    let others = name + stage + steps + metric + left + 5 * GAP.len();
    let bar = width.saturating_sub(others).min(*BAR.end());
    let line = |row: &Cells| {
        let head = format!(
            "{:name$}{GAP}{:stage$}",
            shortened(&row.name, name),
            row.stage
        );
        let tail = format!(
            "{:>steps$}{GAP}{:metric$}{GAP}{:>left$}",
            row.steps, row.metric, row.left
        );
        match (BAR.contains(&bar), row.share) {
            (true, Some(share)) => {
                let bar = painted(share, bar, colours);
                format!("{head}{GAP}{bar}{GAP}{}", tail.trim_end())
            }
            (true, None) => head.trim_end().to_owned(),
            (false, _) => clipped(format!("{head}{GAP}{tail}").trim_end(), width),
        }
    };
    rows.iter().map(line).collect()
}

/// `━━━━╸─────`
fn painted(share: f64, width: usize, colours: bool) -> String {
    let halves = (share.clamp(0.0, 1.0) * 2.0 * width as f64) as usize;
    let half = if halves % 2 == 1 { "╸" } else { "" };
    let done = "━".repeat(halves / 2) + half;
    let rest = "─".repeat(width - halves.div_ceil(2));
    match colours {
        true => format!("\x1b[36m{done}\x1b[0m\x1b[2m{rest}\x1b[0m"),
        false => done + &rest,
    }
}

/// The line a finished trial leaves, beneath those of the others.
pub fn finished(name: &str, widest: usize, cells: &[String]) -> String {
    let mut line = format!("{name:widest$}");
    for (place, cell) in cells.iter().enumerate() {
        let width = if place == 0 { 16 } else { 12 };
        line += &format!("{GAP}{cell:>width$}");
    }
    line
}

/// Seconds as they are counted aloud.
fn whole_seconds(seconds: f64) -> String {
    if seconds < 59.5 {
        format!("{:.0} s", seconds.ceil())
    } else {
        human_seconds(seconds)
    }
}

/// The text's beginning.
fn clipped(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept = text.chars().take(width.saturating_sub(1));
    kept.chain((width > 0).then_some('…')).collect()
}

/// The text's beginning and end: names of trials differ in both.
fn shortened(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let end = width / 2;
    let start = clipped(text, width - end);
    start
        .chars()
        .chain(text.chars().skip(length - end))
        .collect()
}

#[cfg(test)]
mod tests {
    use distil::run::{Standing, TrialId};
    use distil_report::Numbers;
    use distil_report::events::{Event, Pace, Progress as Point, StageStarted};
    use distil_report::measure::{MainMetric, metric};

    use super::*;

    fn id(arm: &str, seed: u64, fold: Option<usize>, settings: Option<&str>) -> TrialId {
        TrialId {
            arm: arm.into(),
            seed,
            fold,
            settings: settings.map(str::to_owned),
        }
    }

    fn board(running: &[TrialId]) -> Board {
        let mut board = Board::default();
        let standing = Standing {
            metric: MainMetric::of(metric("accuracy").unwrap(), None),
            waiting: vec![id("plain", 9, None, None); 4],
            running: running.to_vec(),
            finished: 3,
            failed: 1,
        };
        board.stand(&standing, 0.0);
        board
    }

    fn stage(board: &mut Board, trial: &TrialId, step: u64, accuracy: Option<f64>) {
        let started = StageStarted {
            stage: "large".into(),
            parameters: 1,
            flops_forward: None,
            flops_train: None,
            steps: 370,
            epochs: 10.0,
            samples: 1168,
        };
        board.event(trial, &Event::StageStarted(started), 0.0);
        let point = Point {
            stage: "large".into(),
            step,
            epoch: 1.0,
            loss: 0.25,
            terms: Numbers::default(),
            lr: 1e-3,
            flops: None,
            samples: 800,
            validation: accuracy.map(|value| Numbers::from([("accuracy".to_owned(), value)])),
            time: Pace {
                cpu_seconds: 2.0,
                wall_seconds: 2.0,
                samples_per_second: 400.0,
            },
        };
        board.event(trial, &Event::Progress(point), 2.0);
    }

    fn two_and_a_start() -> Board {
        let (flow, plain) = (
            id("flow", 1, Some(0), None),
            id("plain", 1, Some(0), Some("lr=0.001,momentum=0.9")),
        );
        let mut board = board(&[flow.clone(), plain.clone(), id("small", 12, Some(4), None)]);
        stage(&mut board, &flow, 185, Some(0.97222));
        stage(&mut board, &plain, 37, None);
        board
    }

    #[test]
    fn a_wide_terminal_shows_everything() {
        let text = lines(&two_and_a_start(), 3.0, (117, 40), false).join("\n");
        insta::assert_snapshot!(text, @r"
    3 of 11 trials finished, 1 failed, 3 s so far
    flow-s1-f0                         large     ━━━━━━━━━━━━────────────  185/370  97.22 % accuracy   1 s left
    plain-s1-f0~lr=0.001,momentum=0.9  large     ━━──────────────────────   37/370  loss 0.2500       17 s left
    small-s12-f4                       starting
    ");
    }

    #[test]
    fn a_common_terminal_shortens_names_and_bars() {
        let text = lines(&two_and_a_start(), 3.0, (77, 24), false).join("\n");
        insta::assert_snapshot!(text, @r"
    3 of 11 trials finished, 1 failed, 3 s so far
    flow-s1-f0                 large     185/370  97.22 % accuracy   1 s left
    plain-s1-f0~…momentum=0.9  large      37/370  loss 0.2500       17 s left
    small-s12-f4               starting
    ");
    }

    #[test]
    fn a_narrow_terminal_goes_without_bars() {
        let text = lines(&two_and_a_start(), 3.0, (37, 24), false).join("\n");
        insta::assert_snapshot!(text, @r"
    3 of 11 trials finished, 1 failed, 3…
    flow-s1-f0    large     185/370  97.…
    plain…um=0.9  large      37/370  los…
    small-s12-f4  starting
    ");
    }

    #[test]
    fn no_line_is_longer_and_no_region_higher_than_the_terminal() {
        let trials: Vec<TrialId> = (0..120)
            .map(|seed| id("plain-full", seed, Some(3), Some("lr=0.004")))
            .collect();
        let mut board = board(&trials);
        for (step, trial) in trials.iter().enumerate() {
            stage(&mut board, trial, step as u64, Some(0.5));
        }
        for width in 0..130 {
            for height in [0, 1, 2, 3, 4, 24, 200] {
                let lines = lines(&board, 3.0, (width, height), false);
                assert!(lines.len() < height.max(2), "{height}: {}", lines.len());
                for line in &lines {
                    assert!(line.chars().count() <= width, "{width}: {line}");
                }
            }
        }
        let lines = lines(&board, 3.0, (80, 24), false);
        assert_eq!(lines[22], "… and 99 more");
    }

    #[test]
    fn decoding_shows_how_far_it_is_in_any_width() {
        let shown = |width| reading(12_345, 60_000, 0.5, width, false);
        assert_eq!(
            shown(60),
            "decoding pictures  ━━━━╸──────────────────  12,345 of 60,000"
        );
        assert_eq!(shown(40), "decoding pictures  12,345 of 60,000");
        assert_eq!(shown(20), "decoding pictures  …");
        let shown = |width| reading(12_345, 60_000, 10.0, width, false);
        assert_eq!(
            shown(100),
            "decoding pictures  ━━━━╸───────────────────  12,345 of 60,000, 1,235 a second, about 39 s to go"
        );
        assert_eq!(
            shown(70),
            "decoding pictures  12,345 of 60,000, 1,235 a second, about 39 s to go"
        );
    }

    #[test]
    fn a_bar_fills_by_half_columns() {
        let bars = [0.0, 0.24, 0.25, 0.375, 1.0, 7.0].map(|share| painted(share, 4, false));
        assert_eq!(bars, ["────", "╸───", "━───", "━╸──", "━━━━", "━━━━"]);
    }

    #[test]
    fn what_trials_leave_stands_in_columns() {
        let cells =
            |metric: &str, flops: &str, time: &str| [metric, flops, time].map(str::to_owned);
        let rows = [
            finished(
                "flow-s1",
                9,
                &cells("98.33 % accuracy", "34.2 GFLOPs", "1.24 s"),
            ),
            finished(
                "plain-s10",
                9,
                &cells("RMSE 51,234 $", "9.20 MFLOPs", "3 min 2 s"),
            ),
        ];
        assert_eq!(
            rows,
            [
                "flow-s1    98.33 % accuracy   34.2 GFLOPs        1.24 s",
                "plain-s10     RMSE 51,234 $   9.20 MFLOPs     3 min 2 s"
            ]
        );
    }
}
