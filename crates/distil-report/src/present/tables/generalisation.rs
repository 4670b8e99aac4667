//! Train, validation and test side by side.

use crate::present::table::Table;
use crate::record::Part;
use crate::run_json::RunJson;
use crate::statistics::mean;

/// Train, validation and test side by side: does it generalise?
pub fn generalisation(run: &RunJson) -> Table {
    let mut table = Table::new(
        &format!("{} on train, validation and test", run.metric.title()),
        2,
        &[
            "arm",
            "stage",
            "train",
            "validation",
            "test",
            "gap (test − train)",
        ],
    );
    for (arm, stage) in arm_stages(run) {
        let [train, validation, test] = parts(run, arm, stage);
        let gap = test.zip(train).map(|(test, train)| test - train);
        table.row(vec![
            arm.into(),
            stage.into(),
            run.metric.value(train),
            run.metric.value(validation),
            run.metric.value(test),
            run.metric.difference(gap),
        ]);
    }
    table
}

/// Every arm's stages, in the order in which they ran.
pub(crate) fn arm_stages(run: &RunJson) -> Vec<(&str, &str)> {
    let first_trial = |arm: &str| run.trials.iter().find(|trial| trial.id.arm == arm);
    run.arms()
        .into_iter()
        .filter_map(|arm| Some((arm, first_trial(arm)?)))
        .flat_map(|(arm, trial)| {
            trial
                .stages
                .iter()
                .map(move |stage| (arm, stage.name.as_str()))
        })
        .collect()
}

/// The main metric of one arm's stage on train, validation and test, means over the trials.
pub(crate) fn parts(run: &RunJson, arm: &str, stage: &str) -> [Option<f64>; 3] {
    let name = run.metric.name.as_str();
    [Part::Train, Part::Validation, Part::Test].map(|part| {
        let trials = run.trials.iter().filter(|trial| trial.id.arm == arm);
        let stages = trials
            .flat_map(|trial| &trial.stages)
            .filter(|run| run.name == stage);
        let values: Vec<f64> = stages
            .filter_map(|run| run.part(part).get(name).copied())
            .collect();
        mean(&values)
    })
}
