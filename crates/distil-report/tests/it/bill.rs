//! The bill adds up.

use distil_report::Purpose;
use distil_report::bill::{Bill, Calibration, Rate, Total};
use distil_report::events::{Billed, Event, Time, fold};

fn billed(stage: &str, purpose: Purpose, flops: Option<f64>, samples: u64) -> Event {
    Event::Billed(Billed {
        stage: stage.into(),
        purpose,
        flops,
        samples,
        time: Time {
            cpu_seconds: 0.5,
            wall_seconds: 0.5,
        },
        once: Time::default(),
    })
}

#[test]
fn increments_add_up_by_stage_and_purpose_in_the_flows_order() {
    let events = [
        billed("small", Purpose::Train, Some(10.0), 32),
        billed("small", Purpose::Evaluate, Some(1.0), 10),
        billed("small", Purpose::Train, Some(10.0), 32),
        billed("large", Purpose::Grow, Some(3.0), 0),
        billed("large", Purpose::Train, Some(100.0), 32),
        billed("large", Purpose::Teach, Some(4.0), 32),
    ];
    let mut calibration = Calibration::default();
    calibration.insert(
        "small",
        Purpose::Train,
        Rate {
            seconds_per_sample: 0.25,
            once_seconds: 1.0,
        },
    );
    let bill = Bill::of(&fold(&events), Some(&calibration));
    let seen: Vec<_> = bill
        .rows
        .iter()
        .map(|row| (row.stage.as_str(), row.purpose, row.flops, row.samples))
        .collect();
    assert_eq!(
        seen,
        [
            ("small", Purpose::Train, Some(20.0), 64),
            ("small", Purpose::Evaluate, Some(1.0), 10),
            ("large", Purpose::Train, Some(100.0), 32),
            ("large", Purpose::Grow, Some(3.0), 0),
            ("large", Purpose::Teach, Some(4.0), 32),
        ]
    );
    assert_eq!(bill.rows[0].reference_seconds, Some(17.0));
    assert_eq!(bill.rows[2].reference_seconds, None);
    assert_eq!(
        bill.equalised(),
        Total {
            flops: Some(127.0),
            cpu_seconds: 2.5,
            reference_seconds: None,
            samples: 128 + 32 - 32
        }
    );
    assert_eq!(bill.all().flops, Some(128.0));
}

#[test]
fn unknown_flops_make_the_total_unknown_rather_than_too_small() {
    let events = [
        billed("a", Purpose::Train, Some(10.0), 1),
        billed("a", Purpose::Train, None, 1),
    ];
    let bill = Bill::of(&fold(&events), None);
    assert_eq!(bill.rows[0].flops, None);
    assert_eq!(bill.equalised().flops, None);
    assert_eq!(bill.equalised().cpu_seconds, 1.0);
}
