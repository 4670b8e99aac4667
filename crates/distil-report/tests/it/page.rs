//! The report page holds what was found, loads nothing, and says so in words and pictures.

use distil_report::bill::Calibration;
use distil_report::events::{Event, Folded, fold};
use distil_report::page::Page;
use distil_report::predictions::{Predictions, Truth};
use distil_report::run_json::Origin;

use crate::synthetic::{
    Run, broken_run, compress, digits_run, labels_run, prices_run, several_run,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const RECIPE: &str = "# Handwritten digits: small, then large.\ntask = \"classification\"\n\n[data]\nsource = \"digits\"\n\n[stage.small]\nmodel   = { kind = \"mlp\", hidden = [64] }\nsamples = { kind = \"stratified\", fraction = 0.5 }\n\n[stage.large]\nmodel = { kind = \"mlp\", hidden = [512, 128] }\nstart = \"small\"\nlearn = { from = \"small\", method = \"kd\", mix = 0.5, temperature = 4, until = 0.4 }\ntrain = { epochs = 5 }\n\n[compare]\nplain = { epochs = 20 } # <not> a tag & safe\n";

fn html(run: &Run) -> Result<String, distil_report::Error> {
    let folded: Vec<Folded<'_>> = run.trials.iter().map(|(events, _)| fold(events)).collect();
    Page::new(&run.record, &folded, Some(&run.trials[0].1), RECIPE).html()
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
        html.matches("data:image/png;base64,").count(),
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
fn the_teachers_own_quality_is_on_card_table_and_chart() -> Outcome {
    let mut run = digits_run(40);
    run.record.teachers = vec!["small".into()];
    let html = html(&run)?;
    for part in [
        "what the student learns from: `small`",
        "<th scope=\"row\">teacher</th><td class=\"n\">94.60 %</td>",
        "<title>teacher</title>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    // Its own training alone: 281 MFLOPs of the flow's 4.09 G.
    let shares = html.matches("6.9 % of the flow&#39;s FLOPs").count();
    assert_eq!(shares, 2, "the arm `small` and the teacher");
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
    assert!(html.contains("Not every trial finished: flow-s1 diverged."));
    assert!(!html.contains("Learning against cost"));
    Ok(())
}

#[test]
fn unknown_flops_leave_the_seconds() -> Outcome {
    let mut run = digits_run(40);
    for event in run.trials.iter_mut().flat_map(|(events, _)| events) {
        match event {
            Event::Progress(progress) => progress.flops = None,
            Event::Billed(billed) => billed.flops = None,
            _ => {}
        }
    }
    for row in run
        .record
        .trials
        .iter_mut()
        .flat_map(|trial| &mut trial.bill.rows)
    {
        row.flops = None;
    }
    let html = html(&run)?;
    assert_well_formed(&html);
    assert!(!html.contains("id=\"axis-flops\"") && html.contains("id=\"axis-seconds\" checked"));
    assert!(!html.contains("<figcaption>FLOPs") && html.contains("<figcaption>Reference time"));
    Ok(())
}

#[test]
fn without_calibration_the_page_shows_cpu_seconds_and_says_so() -> Outcome {
    let mut run = digits_run(40);
    run.record.calibration = Calibration::default();
    for row in run
        .record
        .trials
        .iter_mut()
        .flat_map(|trial| &mut trial.bill.rows)
    {
        row.reference_seconds = None;
    }
    let html = html(&run)?;
    assert!(html.contains("<figcaption>CPU time") && !html.contains("<figcaption>Reference time"));
    assert!(html.contains("cost in CPU seconds") && !html.contains("cost in reference seconds"));
    Ok(())
}

#[test]
fn every_seed_has_its_curve_and_one_of_them_its_name() -> Outcome {
    let mut run = digits_run(40);
    let (events, predictions) = &run.trials[0];
    let again = (events.clone(), predictions.clone());
    let mut trial = run.record.trials[0].clone();
    trial.id.seed = 2;
    run.trials.push(again);
    run.record.trials.push(trial);
    let html = html(&run)?;
    let panel = &html[html.find("panel-flops\"").unwrap()..html.find("panel-seconds\"").unwrap()];
    let chart = &panel[..panel.find("</svg>").unwrap()];
    assert_eq!(
        chart.matches("<polyline class=\"curve arm-flow").count(),
        4,
        "two seeds of two stages"
    );
    assert_eq!(chart.matches(">flow</text>").count(), 1);
    Ok(())
}

#[test]
fn the_flow_is_drawn_on_top_of_the_other_arms() -> Outcome {
    let html = html(&digits_run(40))?;
    let panel = &html[html.find("panel-flops\"").unwrap()..html.find("panel-seconds\"").unwrap()];
    let last = &panel[panel.rfind("<polyline").unwrap()..];
    assert!(
        last.starts_with("<polyline class=\"curve arm-flow"),
        "{}",
        &last[..60]
    );
    Ok(())
}

#[test]
fn several_labels_are_shown_by_their_f1() -> Outcome {
    let predictions = Predictions {
        stage: "large".into(),
        ids: vec![0, 1, 2],
        names: vec!["rain".into(), "wind & hail".into()],
        unit: None,
        outputs: vec![1.0, -1.0, 2.0, -2.0, -1.0, -3.0],
        weights: None,
        truth: Truth::Labels(vec![1.0, 0.0, 1.0, 1.0, 0.0, 0.0]),
        worst: Vec::new(),
    };
    let html = Page::new(&digits_run(40).record, &[], Some(&predictions), "").html()?;
    assert_well_formed(&html);
    assert!(html.contains("The hardest label is wind &amp; hail, with F1 0.000."));
    Ok(())
}

#[test]
fn many_classes_keep_their_matrix_small() -> Outcome {
    let classes = 120;
    let predictions = Predictions {
        stage: "large".into(),
        ids: (0..classes).collect(),
        names: (0..classes)
            .map(|class| format!("species number {class}"))
            .collect(),
        unit: None,
        outputs: (0..classes * classes)
            .map(|place| f32::from(u8::from(place % (classes + 1) == 0)))
            .collect(),
        weights: None,
        truth: Truth::Classes((0..classes).collect()),
        worst: Vec::new(),
    };
    let html = Page::new(&digits_run(40).record, &[], Some(&predictions), "").html()?;
    assert!(html.contains("No test sample is taken for another class."));
    assert_eq!(
        html.matches("species number").count(),
        2 * 20 + 2 * classes as usize,
        "20 names on each axis, and tips"
    );
    assert!(html.len() < 120_000, "{} bytes", html.len());
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
        ("several", several_run()),
        ("broken", broken_run()),
        ("labels", labels_run()),
    ] {
        std::fs::write(folder.join(format!("{name}.html")), html(&run)?)?;
    }
    Ok(())
}

/// Numbers that are seen before anything is unfolded: digits with what belongs to them, in texts outside of `details`, tooltips and style.
fn numbers_unfolded(html: &str) -> usize {
    let mut hidden = 0;
    let mut numbers = 0;
    for part in html.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        let name = tag
            .trim_start_matches('/')
            .split([' ', '\n'])
            .next()
            .unwrap();
        if ["details", "style", "title"].contains(&name) {
            hidden = if tag.starts_with('/') {
                hidden - 1
            } else {
                hidden + 1
            };
        }
        if hidden == 0 {
            let words = text.split(|c: char| !(c.is_ascii_digit() || ",.".contains(c)));
            numbers += words
                .filter(|word| word.contains(|c: char| c.is_ascii_digit()))
                .count();
        }
    }
    numbers
}

#[test]
fn at_most_150_numbers_are_seen_before_anything_is_unfolded() -> Outcome {
    let mut taught = digits_run(40);
    taught.record.compress = Some(compress());
    for (run, name) in [
        (digits_run(40), "digits"),
        (taught, "taught"),
        (prices_run(), "prices"),
        (several_run(), "several"),
        (broken_run(), "broken"),
        (labels_run(), "labels"),
    ] {
        let seen = numbers_unfolded(&html(&run)?);
        println!("{name}: {seen}");
        assert!((10..=150).contains(&seen), "{name}: {seen}");
    }
    let open = "<p>12 of 3,456.7 <title>9</title></p><details><p>1 2</p></details><b>5 %</b>";
    assert_eq!(numbers_unfolded(open), 3);
    Ok(())
}

#[test]
fn the_first_screen_has_answer_size_data_command_and_date() -> Outcome {
    let mut run = digits_run(40);
    run.record.origin = Some(Origin {
        began: 1_795_779_193,
        command: ["run", "digits", "--set", "a=<b>"]
            .map(str::to_owned)
            .into(),
        data: "handwritten digits".into(),
        new_data: "new.csv".into(),
        lr: None,
    });
    let folded: Vec<Folded<'_>> = run.trials.iter().map(|(events, _)| fold(events)).collect();
    let page = Page::new(&run.record, &folded, Some(&run.trials[0].1), RECIPE);
    let html = page
        .in_folder(&run.record, "runs/digits-0001", true)
        .html()?;
    let first = html.split("<h2>What follows</h2>").next().unwrap();
    for part in [
        "27 November 2026",
        "handwritten digits",
        "distil run digits --set &#39;a=&lt;b&gt;&#39;",
        "One pair, no claim",
        " parameters, ",
        "distil predict runs/digits-0001 new.csv\ndistil eval runs/digits-0001 new.csv\ndistil export runs/digits-0001 --to safetensors",
    ] {
        assert!(first.contains(part), "{part}");
    }
    assert!(!first.contains("p = "), "tests are unfolded");
    Ok(())
}
