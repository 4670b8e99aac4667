//! The metric of a run's claims.

use serde::{Deserialize, Serialize};

use super::registry::{Better, Metric};

/// The metric of a run's claims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MainMetric {
    /// Its name among [`super::METRICS`].
    pub name: String,
    /// Which way it points.
    pub better: Better,
    /// The target's unit, for regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

impl MainMetric {
    /// This metric, with the target's unit.
    pub fn of(metric: &Metric, unit: Option<&str>) -> Self {
        Self {
            name: metric.name.into(),
            better: metric.better,
            unit: unit.map(Into::into),
        }
    }
}
