//! Two runs side by side.

use distil_report::run_json::Status;
use distil_report::runs::compare_runs;

use crate::synthetic::{digits_run, prices_run, several_run};

#[test]
fn two_runs_show_what_differs_in_plan_result_and_cost() {
    let a = digits_run(40).record;
    let mut b = digits_run(11).record;
    b.plan = "77aa00bb11cc".into();
    b.host.cpu = "AMD EPYC 9654".into();
    b.trials.retain(|trial| trial.id.arm != "plain-full");
    b.trials[2].status = Status::Diverged;
    let found = compare_runs(&a, &b);
    insta::assert_snapshot!(found.text(), @r#"
What differs

what       a                               b
─────────────────────────────────────────────────────────────
plan       9f2c41d0e8b7                    77aa00bb11cc
arms       flow, small, plain, plain-full  flow, small, plain
processor  Intel Xeon Platinum 8488C       AMD EPYC 9654

accuracy on the test part

arm               a        b         b − a
──────────────────────────────────────────
flow        97.50 %  97.50 %  +0.00 points
small       88.89 %  96.94 %  +8.06 points
plain       96.94 %        –             –
plain-full  97.78 %        –             –

Cost towards equal cost

arm             FLOPs a      FLOPs b  b / a   time a   time b  b / a
────────────────────────────────────────────────────────────────────
flow        4.09 GFLOPs  4.09 GFLOPs  100 %   352 ms   352 ms  100 %
small        281 MFLOPs   281 MFLOPs  100 %  42.6 ms  42.6 ms  100 %
plain       4.05 GFLOPs  4.05 GFLOPs  100 %   318 ms   318 ms  100 %
plain-full  14.8 GFLOPs            –      –   1.16 s        –      –

They were measured with different versions, machines or threads: compare FLOPs, not time.
Run b has 1 trial that is not finished and in no mean.
"#);
    let markdown = found.markdown();
    assert!(markdown.starts_with("## What differs\n\n| what | a | b |\n| --- | --- | --- |\n"));
    assert!(markdown.ends_with("* Run b has 1 trial that is not finished and in no mean.\n"));
}

#[test]
fn a_run_beside_itself_differs_in_nothing() {
    let run = several_run().record;
    let found = compare_runs(&run, &run);
    let titles: Vec<&str> = found.tables.iter().map(|t| t.title.as_str()).collect();
    assert_eq!(
        titles,
        ["accuracy on the test part", "Cost towards equal cost"]
    );
    for row in &found.tables[0].rows {
        assert_eq!(row.cells[3], "+0.00 points");
    }
    for row in &found.tables[1].rows {
        assert_eq!([&row.cells[3], &row.cells[6]], ["100 %", "100 %"]);
    }
    insta::assert_snapshot!(found.notes.join("\n"), @r#"
Both runs have the same plan.
Over 6 seeds that both have, b − a of the flow is +0.00 points (95 % interval +0.00 to +0.00, sign-flip test p = 1.000), should both test on the same samples.
"#);
}

#[test]
fn flows_are_compared_over_the_seeds_that_both_have() {
    let a = several_run().record;
    let mut b = a.clone();
    for trial in b.trials.iter_mut().filter(|trial| trial.id.arm == "flow") {
        let result = trial.stages.last_mut().unwrap();
        *result.test.get_mut("accuracy").unwrap() -= 0.01;
    }
    b.trials.retain(|trial| trial.id.seed != 6);
    let notes = compare_runs(&a, &b).notes;
    insta::assert_snapshot!(notes.join("\n"), @r#"
Both runs have the same plan.
Over 5 seeds that both have, b − a of the flow is −1.00 points (95 % interval −1.00 to −1.00, sign-flip test p = 0.062), should both test on the same samples; at least 6 seeds can show a difference.
"#);
}

#[test]
fn runs_of_different_tasks_compare_their_cost_only() {
    let found = compare_runs(&digits_run(40).record, &prices_run().record);
    let titles: Vec<&str> = found.tables.iter().map(|t| t.title.as_str()).collect();
    assert_eq!(titles, ["What differs", "Cost towards equal cost"]);
    assert!(found.notes[1].contains("different metrics or tasks"));
}
