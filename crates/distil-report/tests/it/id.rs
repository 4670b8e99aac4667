//! A trial has one identity and one spelling.

use distil_report::TrialId;
use distil_report::events::{Event, fold};
use distil_report::run_json::Trial;

#[test]
fn a_trial_is_spelled_the_same_in_sentences_and_in_tables() {
    let id = TrialId {
        arm: "learn=[\"ce\", \"kd\"]".into(),
        seed: 3,
        fold: Some(0),
        settings: Some("lr=0.001".into()),
    };
    assert_eq!(id.to_string(), "learn=[\"ce\", \"kd\"]-s3-f0~lr=0.001");
    let begun: Event = serde_json::from_str(
        r#"{"event":"started","arm":"learn=[\"ce\", \"kd\"]","seed":3,"fold":0,"settings":"lr=0.001","plan":"","process":{"pid":1,"threads":1}}"#,
    )
    .unwrap();
    let trial = Trial::of(&fold(&[begun]), None).unwrap();
    assert_eq!(trial.id, id);
}
