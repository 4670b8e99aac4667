//! What became of the models: growth and compression.

use crate::present::human::{human_bytes, human_count, human_seconds};
use crate::present::show;
use crate::present::table::{NONE, Table};
use crate::record::events::Promise;
use crate::run_json::{RunJson, Size};

/// How exactly growth kept the small models' outputs; none where nothing was grown.
pub fn growth(run: &RunJson) -> Option<Table> {
    let columns = [
        "trial",
        "stage",
        "grown from",
        "same function",
        "largest difference per row",
        "rows",
    ];
    let mut table = Table::new("Growth", 4, &columns);
    for trial in &run.trials {
        for stage in &trial.stages {
            let Some(grown) = &stage.grown else { continue };
            let promise = match grown.promise {
                Promise::Exact => "yes, to 1e-5",
                Promise::Nothing => "no, mixed or copied",
            };
            table.row(vec![
                trial.id.to_string(),
                stage.name.clone(),
                grown.from.clone(),
                promise.into(),
                format!("{:.1e}", grown.max_difference),
                show::grouped(grown.rows as f64),
            ]);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Student beside teacher; none without `compress`.
pub fn compress(run: &RunJson) -> Option<Table> {
    let compress = run.compress.as_ref()?;
    let columns = [
        "model",
        "stage",
        "parameters",
        "bytes",
        "one row",
        "rows per second",
    ];
    let mut table = Table::new("What compression gained", 2, &columns);
    let cells = |model: &str, size: &Size| {
        vec![
            model.into(),
            size.stage.clone(),
            show::grouped(size.parameters as f64),
            human_bytes(size.bytes),
            human_seconds(size.latency_seconds),
            human_count(size.rows_per_second),
        ]
    };
    table.row(cells("teacher", &compress.teacher));
    table.row(cells("student", &compress.student));
    let times = |more: f64, less: f64| {
        if less > 0.0 {
            format!("{} ×", show::number(more / less))
        } else {
            NONE.into()
        }
    };
    let (student, teacher) = (&compress.student, &compress.teacher);
    table.total(vec![
        "gain".into(),
        String::new(),
        times(teacher.parameters as f64, student.parameters as f64),
        times(teacher.bytes as f64, student.bytes as f64),
        times(teacher.latency_seconds, student.latency_seconds),
        times(student.rows_per_second, teacher.rows_per_second),
    ]);
    Some(table)
}
