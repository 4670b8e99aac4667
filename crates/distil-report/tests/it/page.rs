//! The report page holds what was found, loads nothing, and says so in words and pictures.

use distil_report::events::{Folded, fold};
use distil_report::page::{Page, TrialEvents};

use crate::synthetic::{Run, compress, digits_run, prices_run};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const RECIPE: &str = "# Handwritten digits: small, then large.\ntask = \"classification\"\n\n[data]\nsource = \"digits\"\n\n[stage.small]\nmodel   = { kind = \"mlp\", hidden = [64] }\nsamples = { kind = \"stratified\", fraction = 0.5 }\n\n[stage.large]\nmodel = { kind = \"mlp\", hidden = [512, 128] }\nstart = \"small\"\nlearn = { from = \"small\", method = \"kd\", mix = 0.5, temperature = 4, until = 0.4 }\ntrain = { epochs = 5 }\n\n[compare]\nplain = { epochs = 20 } # <not> a tag & safe\n";

fn html(run: &Run) -> Result<String, distil_report::Error> {
    let folded: Vec<Folded<'_>> = run.trials.iter().map(|(events, _)| fold(events)).collect();
    let trials: Vec<TrialEvents<'_>> = run
        .record
        .trials
        .iter()
        .zip(&folded)
        .map(|(trial, events)| TrialEvents {
            arm: &trial.arm,
            events,
        })
        .collect();
    Page::new(&run.record, &trials, Some(&run.trials[0].1), RECIPE).html()
}

/// Elements are closed in the order in which they were opened.
fn assert_well_formed(html: &str) {
    const VOID: [&str; 4] = ["meta", "img", "input", "br"];
    let mut open: Vec<String> = Vec::new();
    let without_style = match (html.find("<style>"), html.find("</style>")) {
        (Some(start), Some(end)) => format!("{}{}", &html[..start], &html[end + 8..]),
        _ => html.to_owned(),
    };
    for tag in without_style.split('<').skip(1) {
        let (tag, _) = tag
            .split_once('>')
            .expect("a tag that was opened is closed by >");
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        if tag.starts_with('!') || tag.ends_with('/') || VOID.contains(&name.as_str()) {
            continue;
        }
        if tag.starts_with('/') {
            assert_eq!(
                open.pop().as_deref(),
                Some(name.as_str()),
                "closing <{tag}>"
            );
        } else {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<String>::new());
}

#[test]
fn the_page_is_well_formed_and_loads_nothing() -> Outcome {
    for run in [digits_run(40), digits_run(11), prices_run()] {
        let html = html(&run)?;
        assert_well_formed(&html);
        for loading in [
            "http:", "https:", "<script", "<link", "@import", "url(\"", "src=\"/",
        ] {
            assert!(!html.contains(loading), "the page contains {loading}");
        }
        assert!(html.contains("prefers-color-scheme: dark") && html.contains("@media print"));
    }
    Ok(())
}

#[test]
fn the_page_shows_each_part_in_order() -> Outcome {
    let mut run = digits_run(40);
    run.record.compress = Some(compress());
    let html = html(&run)?;
    let places: Vec<Option<usize>> = [
        "One pair, no claim",
        "Headline numbers",
        "<h2>What follows</h2>",
        "<h2>The bill</h2>",
        "<h2>Learning against cost</h2>",
        "<h2>Does it generalise?</h2>",
        "<h2>Confusion on the test part</h2>",
        "<h2>The worst mistakes</h2>",
        "<h2>What compression gained</h2>",
        "<h2>Growth</h2>",
        "<h2>Recipe</h2>",
        "<h2>Environment</h2>",
    ]
    .iter()
    .map(|part| html.find(part))
    .collect();
    assert!(places.iter().all(Option::is_some), "{places:?}");
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(
        html.matches("data:image/bmp;base64,").count(),
        9,
        "one picture per mistake"
    );
    assert!(
        html.contains("# &lt;not&gt; a tag &amp; safe"),
        "the recipe is escaped"
    );
    Ok(())
}

#[test]
fn a_regression_shows_its_residuals_in_the_targets_unit() -> Outcome {
    let html = html(&prices_run())?;
    assert!(html.contains("true median_house_value ($)"));
    assert!(html.contains("Half of the errors are below"));
    assert!(!html.contains("data:image"));
    Ok(())
}

#[test]
fn a_run_without_events_or_predictions_still_has_a_page() -> Outcome {
    let mut record = digits_run(40).record;
    record.comparisons.clear();
    record.trials.truncate(1);
    record.trials[0].status = distil_report::run_json::Status::Diverged;
    let html = Page::new(&record, &[], None, "").html()?;
    assert_well_formed(&html);
    assert!(html.contains("This run is not complete: flow-s1 diverged."));
    assert!(!html.contains("Learning against cost"));
    Ok(())
}

/// `DISTIL_REPORT_PAGES=folder cargo test -p distil-report pages_to_look_at` writes the pages for a browser.
#[test]
fn pages_to_look_at_are_written_where_asked() -> Outcome {
    let Some(folder) = std::env::var_os("DISTIL_REPORT_PAGES") else {
        return Ok(());
    };
    let folder = std::path::PathBuf::from(folder);
    let mut compressed = digits_run(40);
    compressed.record.compress = Some(compress());
    for (name, run) in [
        ("digits", compressed),
        ("suffices", digits_run(11)),
        ("california", prices_run()),
    ] {
        std::fs::write(folder.join(format!("{name}.html")), html(&run)?)?;
    }
    Ok(())
}
