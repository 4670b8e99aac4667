//! The documentation runs: every command of README and docs is given to the program, in the order of its page, and what the page prints
//! beneath is what the program says, seconds and sizes of memory excepted.
//!
//! How pages are read: commands stand in indented blocks, in `sh` blocks, between backticks, or after `$ ` in a `text` block. A `text` block or a
//! quotation is what the last command before it printed; lines `…` leave something out. A command with `…` in it is no command yet. One
//! that takes minutes has `<!-- takes minutes -->` before it and runs in the long form: `cargo xtask documents`.

use std::fs;
use std::path::{Path, PathBuf};

use encoding_rs::GBK;

use crate::harness::{Ended, Place};

const MINUTES: &str = "<!-- takes minutes -->";

/// What a page has its reader do, and what it says comes of it.
#[derive(Debug, PartialEq)]
enum Step {
    /// A line of its own; `shown`: what it says, and that may be an error, stands beneath.
    Command {
        line: String,
        minutes: bool,
        shown: bool,
    },
    /// Between backticks.
    Mention(String),
    /// Printed by the command before; parts left out lie between the pieces.
    Printed(Vec<String>),
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// README, its translations and the pages of docs/, results excepted.
fn pages() -> Vec<PathBuf> {
    let folders = [root(), root().join("docs")];
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let is_page = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        let own = path.parent() == Some(root().as_path());
        name.ends_with(".md") && (!own || name.starts_with("README"))
    };
    let mut pages: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(is_page)
        .collect();
    pages.sort();
    pages
}

/// The arguments of `distil` in a line, unless it is none or is unfinished.
fn arguments(line: &str) -> Option<Vec<String>> {
    let line = ["distil ", "cargo run --release -- "]
        .iter()
        .find_map(|start| line.strip_prefix(start))?;
    let line = line.split(" #").next().unwrap_or_default();
    (!line.contains('…')).then(|| words(line))
}

/// Words as a shell parts them: quotes keep blanks.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut fence, mut minutes) = (None::<&str>, false);
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            fence = match fence {
                Some(_) => None,
                None => Some(kind),
            };
            if fence == Some("text") && !lines.peek().is_some_and(|next| next.starts_with("$ ")) {
                steps.push(Step::Printed(vec![String::new()]));
            }
            continue;
        }
        let printed = fence == Some("text");
        let command = match fence {
            None => line.strip_prefix("    "),
            Some("sh") => Some(line),
            Some("text") => line.strip_prefix("$ "),
            Some(_) => None,
        };
        if let Some(command) = command.filter(|line| arguments(line).is_some()) {
            let mut command = command.to_string();
            while let Some(open) = command.strip_suffix('\\') {
                let next = lines.next().unwrap_or_default().trim();
                command = format!("{open}{next}");
            }
            let line = command;
            let shown = printed;
            steps.push(Step::Command {
                line,
                minutes,
                shown,
            });
            minutes = false;
            if printed {
                steps.push(Step::Printed(vec![String::new()]));
            }
        } else if printed || line.starts_with("> ") {
            let text = line.strip_prefix("> ").unwrap_or(line);
            let quoted = !printed;
            if !matches!(steps.last(), Some(Step::Printed(_))) {
                if quoted && !matches!(steps.last(), Some(Step::Command { .. })) {
                    continue;
                }
                steps.push(Step::Printed(vec![String::new()]));
            }
            if let Some(Step::Printed(pieces)) = steps.last_mut() {
                if text == "…" {
                    pieces.push(String::new());
                } else if let Some(piece) = pieces.last_mut() {
                    piece.push_str(text);
                    piece.push('\n');
                }
            }
        } else if fence.is_none() {
            minutes |= line.trim() == MINUTES;
            let between = line.split('`').skip(1).step_by(2);
            let mentions = between.filter(|text| arguments(text).is_some());
            steps.extend(mentions.map(|text| Step::Mention(text.to_string())));
        }
    }
    steps
}

const TIMES: [&str; 6] = ["µs", "ms", "s", "min", "h", "MB"];

/// Text without what belongs to a machine: times, memory, shares of seconds, rules of tables, the breaks of lines.
fn without_machine(text: &str) -> String {
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| !word.starts_with('─'))
        .collect();
    let bare = |word: &str| {
        word.trim_matches(|c: char| "(),.;:×".contains(c))
            .to_string()
    };
    let is_number = |word: &str| bare(word).replace(',', "").parse::<f64>().is_ok();
    let mut kept = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).map_or(String::new(), |word| bare(word));
        let of_seconds = words[at..].iter().take(5).any(|w| bare(w) == "seconds");
        let share = next == "%" && of_seconds && words.get(at + 2) == Some(&"of");
        let timed = is_number(word) && (TIMES.contains(&next.as_str()) || share);
        let unit = at > 0 && is_number(words[at - 1]) && TIMES.contains(&bare(word).as_str());
        kept.push(if timed || unit { "~" } else { word });
    }
    kept.join(" ")
}

/// The first piece that is not in what was printed, after those before it.
fn missing<'a>(pieces: &'a [String], printed: &str) -> Option<&'a str> {
    let printed = without_machine(printed);
    let mut rest = printed.as_str();
    for piece in pieces {
        let wanted = without_machine(piece);
        match rest.find(&wanted) {
            Some(at) => rest = &rest[at + wanted.len()..],
            None => return Some(piece),
        }
    }
    None
}

/// What readers bring along: the files that pages name.
fn with_readers_files() -> Place {
    let place = Place::new();
    place.write("new.csv", "0,".repeat(63) + "0\n");
    let house = |at: usize| {
        let (rooms, age, city) = (1 + at % 8, at * 7 % 80, ["Bern", "Basel", "Chur"][at % 3]);
        let price = rooms * 100_000 + 90_000 - age * 1000 + at * 37 % 20_000;
        format!("{rooms},{age},{city},{price}\n")
    };
    let houses: String = (0..400).map(house).collect();
    place.write("houses.csv", format!("rooms,age,city,price\n{houses}"));
    place.write("tomorrow.csv", "rooms,age,city\n4,12,Bern\n");
    let gbk = |text: &str| GBK.encode(text).0.into_owned();
    let houses = format!("房间,房龄,城市,价格\n{houses}")
        .replace("Bern", "北京")
        .replace("Basel", "上海")
        .replace("Chur", "广州");
    place.write("房价.csv", gbk(&houses));
    place.write("明天.csv", gbk("房间,房龄,城市\n4,12,北京\n"));
    place
}

fn ask(place: &Place, line: &str) -> Ended {
    let arguments = arguments(line).unwrap_or_default();
    place.distil(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Does what a page says and returns what came out differently.
fn failures(page: &Path, long: bool) -> Vec<String> {
    let place = with_readers_files();
    let name = page.strip_prefix(root()).unwrap().display().to_string();
    let mut found = Vec::new();
    let mut said = None::<Ended>;
    for step in steps(&fs::read_to_string(page).unwrap()) {
        match step {
            Step::Command { minutes: true, .. } if !long => said = None,
            Step::Command { line, shown, .. } => {
                println!("{name}: {line}");
                let ended = said.insert(ask(&place, &line));
                if ended.code != 0 && !shown {
                    found.push(format!(
                        "{name}: `{line}`: exit {}: {}",
                        ended.code, ended.stderr
                    ));
                }
            }
            Step::Mention(line) => {
                let ended = ask(&place, &line);
                // A verb alone is a name.
                let verb = line.split(' ').count() == 2;
                if ended.code == 2 && ended.stderr.contains("Usage:") && !verb {
                    found.push(format!("{name}: `{line}`: {}", ended.stderr));
                }
            }
            Step::Printed(pieces) => {
                let Some(ended) = &said else { continue };
                let printed = format!("{}\n{}", ended.stderr, ended.stdout);
                if let Some(piece) = missing(&pieces, &printed) {
                    found.push(format!(
                        "{name} prints\n{piece}\nthe program says\n{printed}"
                    ));
                }
            }
        }
    }
    found
}

#[test]
fn the_commands_of_the_documentation_do_what_it_says() {
    let found: Vec<String> = pages()
        .iter()
        .flat_map(|page| failures(page, false))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
#[ignore = "takes minutes"]
fn the_long_commands_of_the_documentation_do_what_it_says() {
    let found: Vec<String> = pages()
        .iter()
        .flat_map(|page| failures(page, true))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

/// A page of results without its columns and lines of time.
fn without_time(page: &str) -> String {
    let mut timed = Vec::new();
    let mut kept = Vec::new();
    for line in page.lines().filter(|line| !line.contains("in time:")) {
        let cells: Vec<&str> = line.split('|').collect();
        if line.contains("time |") {
            timed = cells.iter().map(|cell| cell.contains("time")).collect();
        } else if !line.starts_with('|') {
            timed.clear();
        }
        let of_time = |at: usize| timed.get(at) == Some(&true);
        let cells = cells.iter().enumerate().filter(|(at, _)| !of_time(*at));
        kept.push(cells.map(|(_, cell)| *cell).collect::<Vec<_>>().join("|"));
    }
    kept.join("\n")
}

#[test]
#[ignore = "takes half an hour"]
fn the_commands_of_the_pages_of_results_come_to_their_figures() {
    let data = root().join("../shared/data").canonicalize();
    let data = data.map_or_else(|_| "…".into(), |data| data.display().to_string());
    let mut found = Vec::new();
    for name in fs::read_dir(root().join("docs/results")).unwrap() {
        let page = fs::read_to_string(name.unwrap().path()).unwrap();
        let page = page.replace("../shared/data", &data);
        let at = |line: &str| arguments(line).filter(|arguments| arguments[0] == "run");
        let Some(arguments) = page.lines().find_map(at) else {
            println!("SKIPPED: {}", page.lines().next().unwrap_or_default());
            continue;
        };
        let Some((_, written)) = page.split_once("```\n\n") else {
            continue;
        };
        let place = Place::new();
        let recipe = root().join(&arguments[1]);
        let recipe = recipe.exists().then(|| recipe.display().to_string());
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        if let Some(recipe) = &recipe {
            arguments[1] = recipe;
        }
        println!("{arguments:?}");
        let ended = place.distil(&[&arguments[..], &["--quiet", "--runs", "runs"]].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let run = fs::read_dir(place.path("runs")).unwrap().find_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.ends_with("-0001").then(|| format!("runs/{name}"))
        });
        let ended = place.distil(&["report", &run.unwrap(), "--markdown"]);
        let [written, said] = [written, &ended.stdout].map(without_time);
        for (written, said) in written.lines().zip(said.lines()) {
            if without_machine(written) != without_machine(said) {
                found.push(format!("{arguments:?}\n  {written}\n  {said}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Numbers, and how many digits they have behind the point.
fn figures(text: &str) -> Vec<(f64, usize)> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    let found = text.split(|c| !is_part(c)).map(|word| {
        let word = word.trim_matches(['.', ',']).replace(',', "");
        let behind = word.split_once('.').map_or(0, |(_, behind)| behind.len());
        Some((word.parse().ok()?, behind))
    });
    found.flatten().collect()
}

/// Rows of a page's tables that link a page of results and say a figure that is not on it.
fn unfounded(page: &str, results: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut found = Vec::new();
    for row in page.lines().filter(|line| line.starts_with('|')) {
        let before = row.split_once(".md)").map(|(before, _)| before);
        let Some((_, link)) = before.and_then(|before| before.rsplit_once('(')) else {
            continue;
        };
        let name = link.rsplit('/').next().unwrap_or_default();
        let measured = figures(&results(name));
        let cells = row.split('|').filter(|cell| !cell.contains(".md)"));
        for (figure, digits) in cells.flat_map(figures) {
            let unit = 0.1_f64.powi(digits.try_into().unwrap());
            let is_rounded = |(value, _): &(f64, usize)| (value - figure).abs() <= 0.5001 * unit;
            if !measured.iter().any(is_rounded) {
                found.push(format!("{figure} is not on the page {name}: {row}"));
            }
        }
    }
    found
}

#[test]
fn figures_beside_a_page_of_results_stand_on_that_page() {
    let results = |name: &str| {
        let page = root().join("docs/results").join(format!("{name}.md"));
        fs::read_to_string(page).unwrap_or_default()
    };
    let found: Vec<String> = pages()
        .iter()
        .chain([&root().join("docs/results/README.md")])
        .flat_map(|page| unfounded(&fs::read_to_string(page).unwrap(), &results))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What a page's links lead to: files beside it, and headings in them.
fn dead_links(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    let leads_nowhere = |target: &&str| {
        if target.contains("://") {
            return false;
        }
        let (file, heading) = target.split_once('#').unwrap_or((target, ""));
        let file = match file {
            "" => page.to_path_buf(),
            _ => page.with_file_name("").join(file),
        };
        let headings = || headings(&fs::read_to_string(&file).unwrap_or_default());
        !file.exists() || !heading.is_empty() && !headings().iter().any(|known| known == heading)
    };
    let dead = targets.map(|(target, _)| target).filter(leads_nowhere);
    let dead = dead.map(|target| format!("{}: {target}", page.display()));
    dead.collect()
}

/// Headings as a link calls them.
fn headings(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let called = headings.map(|line| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().replace(' ', "-")
    });
    called.collect()
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let contributing = [root().join("CONTRIBUTING.md"), root().join("CHANGELOG.md")];
    let pages = pages().into_iter().chain(contributing);
    let found: Vec<String> = pages.flat_map(|page| dead_links(&page)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let place = Place::new();
    place.write(
        "page.md",
        "# One, two\n[a](#one-two) [b](#three) [c](page.md) [d](gone.md) [e](https://x.org/y)",
    );
    let dead = dead_links(&place.path("page.md"));
    let dead: Vec<&str> = dead
        .iter()
        .filter_map(|said| said.rsplit(' ').next())
        .collect();
    assert_eq!(dead, ["#three", "gone.md"]);
}

#[test]
fn a_figure_that_is_not_on_its_page_is_found() {
    let page = |_: &str| "| flow | 97.677 % | 1,234 |".to_string();
    let row = |figure: &str| unfounded(&format!("| [a](results/a.md) | {figure} |"), &page);
    assert_eq!(row("97.68 %, 1,234"), [""; 0]);
    assert_eq!(row("97.77 %").len(), 1);
}

#[test]
fn what_a_page_prints_is_compared_but_for_the_machines_own() {
    let said = "flow 98.33 % 125 ms, at 100 % of its FLOPs and 109 % of its seconds (0.6 s)\nend";
    let same = ["flow 98.33 %  97 ms, at 100 % of its FLOPs\nand 116 % of its seconds (1.2 s)"];
    let pieces = |text: &[&str]| text.iter().map(|t| (*t).to_string()).collect::<Vec<_>>();
    assert_eq!(missing(&pieces(&same), said), None);
    assert_eq!(missing(&pieces(&["flow 98.33 %", "end"]), said), None);
    assert_eq!(
        missing(&pieces(&["end", "flow 98.33 %"]), said),
        Some("flow 98.33 %")
    );
    assert_eq!(
        missing(&pieces(&["flow 98.34 %"]), said),
        Some("flow 98.34 %")
    );
}

#[test]
fn commands_and_what_they_print_are_found_in_a_page() {
    let page = "Say `distil list tasks`, or `x`.\n\n    distil run a --set 'b = [1, 2]' \\\n        --quiet  # now\n\n> It\n> ran.\n\n\
                <!-- takes minutes -->\n\n```sh\ndistil run b\n```\n\n```text\none\n…\ntwo\n```\n\n```text\n$ distil run c\nerror\n```\n\n    distil run …\n";
    let command = |line: &str, minutes, shown| Step::Command {
        line: line.into(),
        minutes,
        shown,
    };
    let printed = |pieces: &[&str]| Step::Printed(pieces.iter().map(|p| (*p).into()).collect());
    assert_eq!(
        steps(page),
        [
            Step::Mention("distil list tasks".into()),
            command(
                "distil run a --set 'b = [1, 2]' --quiet  # now",
                false,
                false
            ),
            printed(&["It\nran.\n"]),
            command("distil run b", true, false),
            printed(&["one\n", "two\n"]),
            command("distil run c", false, true),
            printed(&["error\n"]),
        ]
    );
    assert_eq!(
        arguments("distil run a --set 'b = [1, 2]' # now").unwrap(),
        ["run", "a", "--set", "b = [1, 2]"]
    );
}
