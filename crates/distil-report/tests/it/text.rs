//! Tables for the terminal and for Markdown, and the CSV, word for word.

use distil_report::compare::Sides;
use distil_report::csv::metrics_csv;
use distil_report::events::{Folded, fold};
use distil_report::markdown::markdown;
use distil_report::present::next::Next;
use distil_report::present::wrap::columns;
use distil_report::run_json::{Origin, RunJson, Trial};
use distil_report::text;

use crate::synthetic::{compress, digits_run, prices_run};

#[test]
fn the_terminal_shows_results_and_bill_in_aligned_columns() {
    let record = digits_run(40).record;
    insta::assert_snapshot!(text::results(&record), @r"
360 test samples: models closer than 0.82 points of accuracy look alike to them.

arm         accuracy  top-5 accuracy  macro F1     NLL  calibration error        FLOPs  reference time  of the flow's FLOPs
───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
flow         97.50 %        100.00 %    0.9753  0.0571             1.60 %  4.09 GFLOPs          352 ms                100 %
small        88.89 %        100.00 %    0.8931  0.2225             8.80 %   281 MFLOPs         42.6 ms                6.9 %
plain        96.94 %        100.00 %    0.9693  0.0723             2.16 %  4.05 GFLOPs          318 ms                 99 %
plain-full   97.78 %        100.00 %    0.9780  0.0421             2.23 %  14.8 GFLOPs          1.16 s                362 %
");
    insta::assert_snapshot!(text::bill(&record), @r"
arm         stage       for              FLOPs  reference time  CPU time  samples
─────────────────────────────────────────────────────────────────────────────────
flow        small       train       281 MFLOPs         42.6 ms   42.6 ms   10.2 k
flow        small       evaluate   17.0 MFLOPs         2.49 ms   3.40 ms   1.80 k
flow        small       save           0 FLOPs         21.0 ms   21.0 ms        0
flow        large       train      3.70 GFLOPs          291 ms    291 ms   6.40 k
flow        large       grow       51.0 MFLOPs         12.0 ms   12.0 ms      256
flow        large       teach      60.6 MFLOPs         7.04 ms   7.04 ms   6.40 k
flow        large       evaluate    358 MFLOPs         27.2 ms   71.6 ms   1.80 k
flow        large       save           0 FLOPs         21.0 ms   21.0 ms        0
flow                    load           0 FLOPs               –   40.0 ms        0
flow                    calibrate      0 FLOPs               –   20.0 ms        0
flow        equal cost             4.09 GFLOPs          352 ms    352 ms   23.3 k
flow        everything             4.46 GFLOPs               –    529 ms   26.9 k
─────────────────────────────────────────────────────────────────────────────────
small       small       train       281 MFLOPs         42.6 ms   42.6 ms   10.2 k
small       small       evaluate   17.0 MFLOPs         2.49 ms   3.40 ms   1.80 k
small       small       save           0 FLOPs         21.0 ms   21.0 ms        0
small                   load           0 FLOPs               –   40.0 ms        0
small       equal cost              281 MFLOPs         42.6 ms   42.6 ms   10.2 k
small       everything              298 MFLOPs               –    107 ms   12.0 k
─────────────────────────────────────────────────────────────────────────────────
plain       large       train      4.05 GFLOPs          318 ms    318 ms   7.01 k
plain       large       evaluate    358 MFLOPs         27.2 ms   71.6 ms   1.80 k
plain       large       save           0 FLOPs         21.0 ms   21.0 ms        0
plain                   load           0 FLOPs               –   40.0 ms        0
plain       equal cost             4.05 GFLOPs          318 ms    318 ms   7.01 k
plain       everything             4.41 GFLOPs               –    451 ms   8.80 k
─────────────────────────────────────────────────────────────────────────────────
plain-full  large       train      14.8 GFLOPs          1.16 s    1.16 s   25.6 k
plain-full  large       evaluate    358 MFLOPs         27.2 ms   71.6 ms   1.80 k
plain-full  large       save           0 FLOPs         21.0 ms   21.0 ms        0
plain-full              load           0 FLOPs               –   40.0 ms        0
plain-full  equal cost             14.8 GFLOPs          1.16 s    1.16 s   25.6 k
plain-full  everything             15.1 GFLOPs               –    1.30 s   27.4 k
─────────────────────────────────────────────────────────────────────────────────
the run                 load           0 FLOPs               –   30.0 ms        0
the run                 report         0 FLOPs               –   60.0 ms        0
the run     everything                       –               –    2.47 s        –

cost per student                  FLOPs  reference time
───────────────────────────────────────────────────────
flow, all stages counted    4.09 GFLOPs          352 ms
flow, earlier stages given  3.81 GFLOPs          310 ms
plain-full                  14.8 GFLOPs          1.16 s
");
    assert!(text::verdict(&record).starts_with("One pair, no claim: "));
}

#[test]
fn students_until_it_pays_are_told_only_where_quality_is_shown_to_be_equal() {
    let mut record = digits_run(40).record;
    let full = record.comparisons.iter_mut();
    let full = full.filter(|c| c.against == "plain-full");
    let full = full.last().unwrap();
    full.n = 6;
    full.p = Some(0.5);
    full.margin = Some(0.005);
    full.tuning = Some(Sides { arm: 4, against: 4 });
    let mut told = |within: f64, arm: usize| {
        let full = record.comparisons.iter_mut();
        for full in full.filter(|c| c.against == "plain-full") {
            full.non_inferior_p = Some(within);
            full.tuning = Some(Sides { arm, against: 4 });
        }
        text::bill(&record)
            .contains("students until it pays, quality being equal       from 1          from 1")
    };
    assert!(told(0.016, 4));
    assert!(!told(0.047, 4), "not within the margin");
    assert!(!told(0.016, 0), "not tuned");
}

#[test]
fn markdown_holds_the_whole_report() {
    let mut record = prices_run().record;
    record.compress = Some(compress());
    insta::assert_snapshot!(markdown(&record), @r"
# california

360 test samples: models closer than 1,469 $ of RMSE look alike to them.

One pair, no claim: the flow reached RMSE 41,727 $, plain training at equal cost 49,569 $ (difference −7,843 $, 95 % interval −8,910 to −6,775, paired errors test p < 0.001), at 101 % of its FLOPs and 111 % of its seconds; 360 test samples resolve 1,469 $; to say more takes at least 6 seeds.

## Test results and cost

| arm | RMSE | MAE | R² | FLOPs | reference time | of the flow's FLOPs |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| flow | 41,727 $ | 33,422 $ | 0.7745 | 4.09 GFLOPs | 352 ms | 100 % |
| plain | 49,569 $ | 39,788 $ | 0.6817 | 4.05 GFLOPs | 318 ms | 99 % |

## Comparisons on the test part

| flow against | verdict | pairs | difference | 95 % interval | p | of its FLOPs | of its time |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
| plain | one pair, no claim | 1 | −7,843 $ | −8,910 to −6,775 | < 0.001 | 101 % | 111 % |

## RMSE on train, validation and test

| arm | stage | train | validation | test | gap (test − train) |
| --- | --- | ---: | ---: | ---: | ---: |
| flow | small | 39,840 $ | 43,680 $ | 44,640 $ | +4,800 $ |
| flow | large | 36,320 $ | 40,160 $ | 41,727 $ | +5,407 $ |
| plain | large | 36,320 $ | 40,160 $ | 49,569 $ | +13,249 $ |

## The bill

| arm | stage | for | FLOPs | reference time | CPU time | samples |
| --- | --- | --- | ---: | ---: | ---: | ---: |
| flow | small | train | 281 MFLOPs | 42.6 ms | 42.6 ms | 10.2 k |
| flow | small | evaluate | 17.0 MFLOPs | 2.49 ms | 3.40 ms | 1.80 k |
| flow | small | save | 0 FLOPs | 21.0 ms | 21.0 ms | 0 |
| flow | large | train | 3.70 GFLOPs | 291 ms | 291 ms | 6.40 k |
| flow | large | grow | 51.0 MFLOPs | 12.0 ms | 12.0 ms | 256 |
| flow | large | teach | 60.6 MFLOPs | 7.04 ms | 7.04 ms | 6.40 k |
| flow | large | evaluate | 358 MFLOPs | 27.2 ms | 71.6 ms | 1.80 k |
| flow | large | save | 0 FLOPs | 21.0 ms | 21.0 ms | 0 |
| flow |  | load | 0 FLOPs | – | 40.0 ms | 0 |
| flow |  | calibrate | 0 FLOPs | – | 20.0 ms | 0 |
| **flow** | **equal cost** |  | **4.09 GFLOPs** | **352 ms** | **352 ms** | **23.3 k** |
| **flow** | **everything** |  | **4.46 GFLOPs** | **–** | **529 ms** | **26.9 k** |
| plain | large | train | 4.05 GFLOPs | 318 ms | 318 ms | 7.01 k |
| plain | large | evaluate | 358 MFLOPs | 27.2 ms | 71.6 ms | 1.80 k |
| plain | large | save | 0 FLOPs | 21.0 ms | 21.0 ms | 0 |
| plain |  | load | 0 FLOPs | – | 40.0 ms | 0 |
| **plain** | **equal cost** |  | **4.05 GFLOPs** | **318 ms** | **318 ms** | **7.01 k** |
| **plain** | **everything** |  | **4.41 GFLOPs** | **–** | **451 ms** | **8.80 k** |
| the run |  | load | 0 FLOPs | – | 30.0 ms | 0 |
| the run |  | report | 0 FLOPs | – | 60.0 ms | 0 |
| **the run** | **everything** |  | **–** | **–** | **1.07 s** | **–** |

## Growth

| trial | stage | grown from | same function | largest difference per row | rows |
| --- | --- | --- | --- | ---: | ---: |
| flow-s1 | large | small | yes, to 1e-5 | 3.4e-7 | 256 |

## What compression gained

| model | stage | parameters | bytes | one row | rows per second |
| --- | --- | ---: | ---: | ---: | ---: |
| teacher | large | 100,234 | 392 KiB | 38.0 µs | 140 k |
| student | small | 4,810 | 19.1 KiB | 4.10 µs | 1.90 M |
| **gain** |  | **20.84 ×** | **20.52 ×** | **9.268 ×** | **13.57 ×** |

## Environment

| what | value |
| --- | --- |
| Distil | 0.1.0 |
| plan | 9f2c41d0e8b7 |
| system | Linux 6.1 x86_64 |
| processor | Intel Xeon Platinum 8488C, 2 cores, avx512 |
| memory | 8.00 GiB |
| device | cpu, threads per trial: 1 |
| samples | 1,257 to train on, 180 to choose on, 360 to test on |
| interruptions | 0, 0 s of CPU time spent again (not in the bill) |
");
}

#[test]
fn the_csv_has_a_row_per_progress_point_and_counts_the_small_stage_first() {
    let run = digits_run(40);
    let folded: Vec<Folded<'_>> = run.trials.iter().map(|(events, _)| fold(events)).collect();
    let csv = String::from_utf8(metrics_csv(&folded, &run.record).unwrap()).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    let points = 24 * 5;
    assert_eq!(lines.len(), 1 + points);
    insta::assert_snapshot!([lines[0], lines[1], lines[24], lines[26]].join("\n"), @r"
arm,seed,fold,stage,step,epoch,samples,loss,lr,flops,reference_seconds,cpu_seconds,samples_per_second,term.cross-entropy,term.kd,validation.accuracy,validation.ece,validation.macro_f1,validation.nll
flow,1,,small,13,0.325,416,1.609329988325128,0.0009591666666666668,11427020.799999999,0.00173062656,0.00173062656,240375.37017807006,1.609329988325128,,,,,
flow,1,,small,320,8,10240,0.07866281822946852,0.00002000000000000002,281280512,0.0426000384,0.0426000384,240375.37017807006,0.07866281822946852,,0.9463940280967609,0.018721194380647826,0.9453940280967609,0.15937552694842172
flow,1,,large,16,0.4,512,0.05837642054098065,0.0009183333333333334,632841830.4,0.07841778687999999,0.07785458687999999,22017.198073759377,0.03526908741017581,0.023107333130804843,0.9628634258492542,0.015427314830149157,0.9618634258492542,0.11655509279193904
");
    let column = |name: &str| {
        lines[0]
            .split(',')
            .position(|column| column == name)
            .unwrap()
    };
    let flops = |line: &str| {
        line.split(',')
            .nth(column("flops"))
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    let last_of_flow = lines[1..]
        .iter()
        .rfind(|line| line.starts_with("flow,"))
        .unwrap();
    let billed = run.record.trials[0].bill.equalised().flops.unwrap();
    assert!(
        (flops(last_of_flow) / billed - 1.0).abs() < 1e-12,
        "the curve ends at the bill's sum"
    );
    assert!(
        lines
            .iter()
            .all(|line| line.split(',').count() == lines[0].split(',').count())
    );
}

/// A run with more arms and notes than sixteen lines hold.
fn crowded(notes: usize) -> RunJson {
    let mut record = digits_run(20).record;
    record.origin = Some(Origin {
        command: ["run", "digits"].map(str::to_owned).into(),
        new_data: "new.csv".into(),
        lr: Some(0.004),
        ..Origin::default()
    });
    for trial in &mut record.trials {
        trial.findings.notes = (0..notes)
            .map(|note| match note {
                7 => "warning: the seventh says that all is lost, and takes some words to say so".into(),
                _ => format!("column number {note} was read as a number and holds a name, which takes some words"),
            })
            .collect();
    }
    let arms: Vec<Trial> = record.arm("plain").cloned().collect();
    for arm in 0..12 {
        record.trials.extend(arms.iter().cloned().map(|mut trial| {
            trial.id.arm = format!("width={arm}");
            trial
        }));
    }
    record
}

#[test]
fn however_much_there_is_a_run_ends_in_sixteen_lines_that_fit_the_terminal_and_loses_no_warning() {
    for notes in [0, 1, 8, 40] {
        let record = crowded(notes);
        let next = Next::of(&record, "runs/digits-0001", true);
        for width in [None, Some(80), Some(100), Some(200)] {
            let shown = text::ending(&record, width, &next, Some("runs/digits-0001/report.html"));
            let about = format!("{notes} notes, {width:?}:\n{shown}");
            let lines: Vec<&str> = shown.lines().collect();
            assert!(lines.len() <= 16, "{} lines, {about}", lines.len());
            assert!(
                lines
                    .iter()
                    .all(|line| width.is_none_or(|width| columns(line) <= width)),
                "{about}"
            );
            assert!(!shown.contains("p =") && !shown.contains("p <"), "{about}");
            assert!(shown.contains("more arms"), "{about}");
            // Shown or counted, warnings first.
            let warned = shown.contains("all is lost") || shown.contains("1 of them warnings");
            assert_eq!(warned, notes >= 8, "{about}");
            let told = lines.iter().find(|line| line.contains(" notes"));
            let left = told.map_or(0, |told| told.split(' ').next().unwrap().parse().unwrap());
            let said = lines
                .iter()
                .filter(|line| line.starts_with("column number "))
                .count();
            let said = said + usize::from(shown.contains("all is lost"));
            let equal = usize::from(shown.contains("are equal to another"));
            assert_eq!(
                said + equal + left,
                notes + usize::from(text::results(&record).contains("are equal to another")),
                "{about}"
            );
        }
    }
}

#[test]
fn a_run_ends_in_three_numbers_an_arm_one_sentence_and_what_next() {
    let mut record = crowded(0);
    record
        .trials
        .retain(|trial| !trial.id.arm.starts_with("width"));
    let next = Next::of(&record, "runs/digits-0001", true);
    insta::assert_snapshot!(text::ending(&record, Some(80), &next, Some("runs/digits-0001/report.html")), @r"
                accuracy   FLOPs     time
    flow         97.50 %  4.09 G   352 ms  the recipe
    small        94.44 %   281 M  42.6 ms  the small model alone
    plain        96.94 %  4.05 G   318 ms  this model plainly, at the flow's cost
    plain-full   97.78 %  14.8 G   1.16 s  this model plainly, at its full budget

    One pair, no claim: the flow reached 97.50 % accuracy, plain training at equal
    cost 96.94 % (difference +0.56 points), at 101 % of its FLOPs and 111 % of its
    seconds; 360 test samples resolve 0.82 points; to say more takes at least 6
    seeds.

      decide   distil run digits --seeds 6 --set \
                 'compare.tune.lr=[0.002,0.004,0.008]'
      use      distil predict runs/digits-0001 new.csv
      look     runs/digits-0001/report.html
      bill     distil report runs/digits-0001 --bill
    ");
}
