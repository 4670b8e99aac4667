//! Runs of several seeds and arms, as page, tables, Markdown and CSV show them.

use distil_report::csv::trials_csv;
use distil_report::markdown::markdown;
use distil_report::page::Page;
use distil_report::run_json::{RunJson, Status};
use distil_report::tables;

use crate::synthetic::{broken_run, digits_run, several_run};

fn html(run: &RunJson) -> String {
    Page::new(run, &[], None, "").html().unwrap()
}

/// What lies between two texts, both of which must be there.
#[track_caller]
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap();
    let length = text[start..].find(to).unwrap();
    &text[start..start + length]
}

#[test]
fn the_page_shows_each_arm_with_its_interval_and_each_pair_as_a_dot() {
    let run = several_run().record;
    let html = html(&run);
    let cost = between(&html, "<figcaption>Quality against cost", "</svg>");
    assert_eq!(cost.matches("class=\"whisker").count(), 8, "one per arm");
    assert_eq!(cost.matches("<circle class=\"seed").count(), 8 * 6);
    assert_eq!(cost.matches("plain&#39;s curve").count(), 1);
    let strip = between(&html, "<figcaption>Difference by seed", "</svg>");
    assert_eq!(
        strip.matches("<circle class=\"seed").count(),
        4 * 6,
        "four comparisons"
    );
    assert_eq!(strip.matches("class=\"mean").count(), 4);
    assert!(strip.contains("p = 0.031"));
    assert!(html.contains("All 48 trials") && html.contains("Growth ceiling: "));
    assert!(html.find("verdict-").unwrap() < html.find("Quality against cost").unwrap());
}

#[test]
fn one_seed_has_no_strip_of_pairs_and_no_table_of_trials() {
    let run = digits_run(40).record;
    let html = html(&run);
    assert!(html.contains("Quality against cost") && !html.contains("Difference by seed"));
    assert!(
        !html.contains("class=\"whisker"),
        "one value has no interval"
    );
    assert_eq!(tables::trials(&run), None);
}

#[test]
fn a_trial_that_diverged_is_in_the_tables_without_a_result() {
    let run = broken_run().record;
    let html = html(&run);
    assert!(html.contains(
        "Not every trial finished: plain-s2 diverged, flow-s3 did not finish, plain-s5 diverged."
    ));
    let trials = tables::trials(&run).unwrap();
    assert_eq!(trials.rows.len(), 30);
    let ended = |status: Status| {
        let of = trials
            .rows
            .iter()
            .filter(|row| row.cells[2] == status.word());
        of.map(|row| row.cells[3].as_str()).collect::<Vec<_>>()
    };
    assert_eq!(ended(Status::Diverged), ["–", "–"]);
    assert_eq!(ended(Status::Failed), ["–"]);
    let seeds = tables::results(&run).rows[0].cells[3].clone();
    assert_eq!(seeds, "5", "means are of the flow's finished trials");
}

#[test]
fn the_csv_of_trials_has_a_row_for_each_and_no_metrics_where_one_failed() {
    let csv = String::from_utf8(trials_csv(&broken_run().record).unwrap()).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 1 + 30);
    insta::assert_snapshot!([lines[0], lines[1], lines[8]].join("\n"), @r#"
arm,seed,fold,settings,status,flops,reference_seconds,cpu_seconds,test.accuracy,test.ece,test.macro_f1,test.nll,test.top5
flow,1,,,finished,4089446399.9999995,0.35232189439999995,0.35232189439999995,0.9777777777777777,0.013955501946386605,0.9779987589364397,0.05334150949972479,1
plain,2,,,diverged,4047731097.6,0.31829663232,0.31829663232,,,,,
"#);
    let width = lines[0].split(',').count();
    assert!(lines.iter().all(|line| line.split(',').count() == width));
}

#[test]
fn markdown_of_several_seeds_says_all_that_a_reader_of_a_paper_asks() {
    let mut run = several_run().record;
    run.trials
        .retain(|trial| !trial.id.arm.starts_with("plain-") || trial.id.arm == "plain-full");
    let text = markdown(&run);
    insta::assert_snapshot!(between(&text, "# digits", "## accuracy on train"), @r#"
# digits

360 test samples: models closer than 0.78 points of accuracy look alike to them.

The flow is better, but dearer in seconds: over 6 seeds it reached 97.64 % accuracy, plain training at equal cost 95.83 % (difference +1.81 points, 95 % interval +1.20 to +2.41, sign-flip test p = 0.031, over the test samples p < 0.001, one-sided p = 0.016 against 0.50 points worse), at 101 % of its FLOPs and 111 % of its seconds; 360 test samples resolve 0.78 points; it is dearer in seconds, so no saving is claimed.

* Plain's knee: beyond its declared budget (95 % interval 48 % to > 100 %): twice as much would gain more than 0.50 points, over 6 seeds.
* At equal cost, 28 % of plain's declared budget: the flow − plain is +2.18 points (95 % interval +1.83 to +2.54, sign-flip test p = 0.031), plain being read between its points.
* At equal quality, in FLOPs: plain takes 13.4 GFLOPs, 3.27 × what the flow takes (95 % bootstrap interval 2.84 × to beyond its whole budget, rather too narrow with 6 seeds).
* At equal quality, in time: plain takes 1.05 s, 2.98 × what the flow takes (95 % bootstrap interval 2.60 × to beyond its whole budget, rather too narrow with 6 seeds).
* Growth ceiling: a head start from the small model saves at most 42 % of plain's FLOPs, and at equal quality the flow would save 69 %, more than a head start can. Explain it, or look for the fault in plain's learning rate and schedule.

## Test results and cost

| arm | accuracy | ± over seeds | seeds | top-5 accuracy | macro F1 | NLL | calibration error | FLOPs | reference time | of the flow's FLOPs |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| flow | 97.64 % | 0.38 points | 6 | 100.00 % | 0.9766 | 0.0522 | 1.87 % | 4.09 GFLOPs | 352 ms | 100 % |
| small | 90.65 % | 0.14 points | 6 | 100.00 % | 0.9082 | 0.1945 | 7.38 % | 281 MFLOPs | 42.6 ms | 6.9 % |
| plain | 95.83 % | 0.35 points | 6 | 100.00 % | 0.9588 | 0.0895 | 3.18 % | 4.05 GFLOPs | 318 ms | 99 % |
| plain-full | 97.92 % | 0.49 points | 6 | 100.00 % | 0.9793 | 0.0472 | 1.65 % | 14.8 GFLOPs | 1.16 s | 362 % |
| lr=3e-3 | 96.94 % | 0.50 points | 6 | 100.00 % | 0.9698 | 0.0654 | 2.38 % | 4.05 GFLOPs | 318 ms | 99 % |

## Comparisons on the test part

| flow against | verdict | pairs | difference | 95 % interval | p | p adjusted (Holm) | p against the margin | of its FLOPs | of its time |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| plain | better, dearer in seconds | 6 | +1.81 points | +1.20 to +2.41 | 0.031 | – | 0.016 | 101 % | 111 % |
| plain-full | no difference shown | 6 | −0.28 points | −0.86 to +0.31 | 0.375 | – | 0.188 | 28 % | 30 % |
| small | better, dearer | 6 | +6.99 points | +6.70 to +7.28 | 0.031 | – | 0.016 | 1454 % | 827 % |
| lr=3e-3 | no saving shown | 6 | +0.69 points | −0.01 to +1.40 | 0.062 | 0.062 | 0.016 | 101 % | 111 % |

* No difference shown for the flow: over 6 seeds it reached 97.64 % accuracy, plain training at its full budget 97.92 % (difference −0.28 points, 95 % interval −0.86 to +0.31, sign-flip test p = 0.375, over the test samples p = 0.058, one-sided p = 0.188 against 0.50 points worse), at 28 % of its FLOPs and 30 % of its seconds; 360 test samples resolve 0.78 points; that it is less than 0.50 points worse is not shown.
* The flow is better and costs more: over 6 seeds it reached 97.64 % accuracy, the small model alone 90.65 % (difference +6.99 points, 95 % interval +6.70 to +7.28, sign-flip test p = 0.031, over the test samples p < 0.001, one-sided p = 0.016 against 0.50 points worse), at 1454 % of its FLOPs and 827 % of its seconds; 360 test samples resolve 0.78 points.
* No saving shown for the flow: over 6 seeds it reached 97.64 % accuracy, the arm `lr=3e-3` 96.94 % (difference +0.69 points, 95 % interval −0.01 to +1.40, sign-flip test p = 0.062, over the test samples p < 0.001, one-sided p = 0.016 against 0.50 points worse), at 101 % of its FLOPs and 111 % of its seconds; 360 test samples resolve 0.78 points; it is dearer in seconds, so no saving is claimed.

## Plain's curve

| share of its budget | accuracy | FLOPs | reference time |
| --- | ---: | ---: | ---: |
| 25 % | 95.23 % | 3.70 GFLOPs | 291 ms |
| 50 % | 96.76 % | 7.39 GFLOPs | 581 ms |
| 75 % | 97.13 % | 11.1 GFLOPs | 872 ms |
| 100 % | 97.92 % | 14.8 GFLOPs | 1.16 s |
"#);
    insta::assert_snapshot!(between(&text, "## Trials", "| flow | 2 "), @r#"
## Trials

| arm | seed | ended | accuracy | FLOPs | reference time |
| --- | --- | --- | ---: | ---: | ---: |
| flow | 1 | finished | 97.78 % | 4.09 GFLOPs | 352 ms |
| small | 1 | finished | 90.56 % | 281 MFLOPs | 42.6 ms |
| plain | 1 | finished | 95.83 % | 4.05 GFLOPs | 318 ms |
| plain-full | 1 | finished | 97.78 % | 14.8 GFLOPs | 1.16 s |
| lr=3e-3 | 1 | finished | 96.11 % | 4.05 GFLOPs | 318 ms |
"#);
}
