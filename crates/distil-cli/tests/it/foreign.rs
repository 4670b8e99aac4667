//! One hostile name walks every path on which something is printed: no escape code, no line of its own, no markup, no formula.

use crate::harness::{Ended, Place};

/// A formula, escape codes of both kinds, markup, a cell of Markdown, a turned direction, a line of its own.
const HOSTILE: &str = "=x\u{1b}[31m\u{9b}2J<img src=x>|*a*_b_[l](u)\u{202e}\nerror: all is lost";

/// The same for a TOML string.
fn toml() -> String {
    let escaped = |c: char| match c.is_control() || c == '\u{202e}' {
        true => format!("\\u{:04x}", c as u32),
        false => c.to_string(),
    };
    HOSTILE.chars().map(escaped).collect()
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

/// Nothing moves the cursor, turns the direction or begins a line.
fn shown_safely(what: &str, text: &str) {
    let hidden = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(
        !text.contains(hidden),
        "{what}: {:?}",
        text.find(hidden).map(|at| &text[at..])
    );
    let own_line = |line: &str| line.starts_with("error: all is lost");
    assert!(!text.lines().any(own_line), "{what}: {text}");
}

fn walked(place: &Place, arguments: &[&str], code: i32) -> Ended {
    let ended = place.distil(arguments);
    assert_eq!(
        ended.code, code,
        "{arguments:?}: {}{}",
        ended.stdout, ended.stderr
    );
    shown_safely(&format!("{arguments:?}, stdout"), &ended.stdout);
    shown_safely(&format!("{arguments:?}, stderr"), &ended.stderr);
    ended
}

/// Everything a run of this recipe prints and writes.
fn walk(place: &Place, recipe: &str, data: &str, name: &str) {
    let again = format!("./{name}.toml");
    place.write(&format!("{name}.toml"), recipe);
    let told = walked(place, &["check", &again, "--data"], 0).stdout;
    assert!(told.contains("=x\\u{1b}[31m\\u{9b}2J<img src=x>"), "{told}");
    walked(place, &["run", &again], 0);
    let run = place
        .files()
        .iter()
        .find_map(|file| Some(file.strip_suffix("/run.json")?.to_owned()))
        .unwrap();
    walked(place, &["run", &again, "--smoke", "--json"], 0);
    walked(place, &["list", "runs"], 0);
    walked(place, &["resume", &run], 0);
    walked(place, &["report", &run], 0);
    let markdown = walked(place, &["report", &run, "--markdown"], 0).stdout;
    let other = run.replace("-0001", "-0002");
    let compared = walked(place, &["report", &run, &other, "--markdown"], 0).stdout;
    walked(place, &["report", &run, &other], 0);
    walked(place, &["eval", &run], 0);
    walked(place, &["eval", &run, data, "--json"], 0);
    walked(place, &["predict", &run, data], 0);
    let table = walked(place, &["predict", &run, data, "--format", "csv"], 0);
    for cell in table.stdout.lines().next().unwrap().split(',') {
        assert!(!cell.trim_matches('"').starts_with('='), "{cell}");
    }
    let raw = place.distil(&["predict", &run, data, "--format", "csv", "--raw"]);
    assert_eq!((raw.code, raw.stderr.as_str()), (0, ""));
    assert_eq!(
        raw.stdout.contains('\u{1b}'),
        table.stderr.contains("escaped")
    );
    walked(
        place,
        &["export", &run, "--to", "safetensors", "-o", HOSTILE],
        0,
    );
    let readme = place.read(&format!("{HOSTILE}/README.md"));
    shown_safely("README.md", &readme);
    for text in [&markdown, &compared, &readme] {
        assert!(!text.contains("<img"), "{text}");
        let below = text.rsplit("\n---\n").next().unwrap();
        assert!(!below.contains("*a*_b_[l](u)"), "{text}");
    }
    let page = place.read(&format!("{run}/report.html"));
    shown_safely("report.html", &page.replace('\n', " "));
    assert!(!page.contains("<img src=x>"));
    for table in ["metrics.csv", "trials.csv"] {
        shown_safely(table, &place.read(&format!("{run}/{table}")));
    }
    walked(place, &["eval", &run, HOSTILE], 2);
    walked(
        place,
        &["predict", &run, "absent\u{1b}\nerror: all is lost.csv"],
        2,
    );
    walked(place, &["clean", &run], 0);
}

#[test]
fn a_table_of_hostile_names_is_shown_safely_everywhere() {
    let place = Place::new();
    let data = "t\u{1b}[31m\u{9b}\nerror: all is lost.csv";
    let class = |row: usize| {
        if row % 7 > 3 {
            quoted(HOSTILE)
        } else {
            "=a".into()
        }
    };
    let rows: String = (0..80)
        .map(|row| format!("{},{},{}\n", row % 7, (row * 5) % 11, class(row)))
        .collect();
    let column = quoted(HOSTILE);
    let target = quoted(&format!("t{HOSTILE}"));
    place.write(data, format!("size,{column},{target}\n{rows}"));
    let recipe = format!(
        "task = \"classification\"\n\
         data = {{ source = \"csv\", path = \"t\\u001b[31m\\u009b\\nerror: all is lost.csv\", target = \"t{}\" }}\n\
         stage.net = {{ model = {{ kind = \"mlp\", hidden = [4] }}, train = {{ epochs = 2 }} }}\n",
        toml()
    );
    walk(&place, &recipe, data, HOSTILE);
}

#[test]
fn a_regression_with_a_hostile_unit_is_shown_safely_everywhere() {
    let place = Place::new();
    let rows: String = (0..80)
        .map(|row| format!("{},{}\n", row % 7, (row % 7) * 2))
        .collect();
    place.write("t.csv", format!("size,{}\n{rows}", quoted(HOSTILE)));
    let recipe = format!(
        "task = {{ kind = \"regression\", unit = \"{0}\" }}\n\
         data = {{ source = \"csv\", path = \"t.csv\", target = \"{0}\" }}\n\
         stage.net = {{ model = {{ kind = \"mlp\", hidden = [4] }}, train = {{ epochs = 2 }} }}\n",
        toml()
    );
    walk(&place, &recipe, "t.csv", "plain");
}

#[test]
fn errors_quote_hostile_names_safely() {
    let place = Place::new();
    place.write("t.csv", format!("size,{}\n1,x\n2,y\n", quoted(HOSTILE)));
    let recipe = |target: &str, more: &str| {
        format!(
            "task = \"classification\"\n\
             data = {{ source = \"csv\", path = \"t.csv\", target = \"{target}\" }}\n\
             stage.net.model = {{ kind = \"mlp\", hidden = [4] }}\n{more}"
        )
    };
    let unknown = format!("stage.net.\"{}\" = 1\n", toml());
    for (text, what) in [
        (recipe("absent", ""), "a column that is not there"),
        (recipe(&toml(), &unknown), "an unknown key"),
        (
            recipe(&toml(), &format!("name = \"{}\"\n", toml())),
            "a name",
        ),
        (format!("task = \"{}\"\n", toml()), "a task"),
        (format!("x = \u{1b}[31m{HOSTILE}"), "no TOML"),
    ] {
        place.write("r.toml", &text);
        let told = walked(&place, &["run", "./r.toml", "-q"], 2).stderr;
        assert!(told.contains("error"), "{what}: {told}");
    }
    let words = [format!("./{HOSTILE}.toml"), HOSTILE.to_owned()];
    for word in &words {
        walked(&place, &["run", word], 2);
        walked(&place, &["check", word], 2);
        walked(&place, &["resume", word], 2);
        walked(&place, &["report", word], 2);
        walked(&place, &["eval", word], 2);
        walked(&place, &["list", "runs", word], 0);
    }
    walked(&place, &["run", "digits", "--set", HOSTILE], 2);
    let sweep = format!("stage.small.train.lr=\"{}\",\"b\"", toml());
    walked(&place, &["run", "digits", "--set", &sweep], 2);
}
