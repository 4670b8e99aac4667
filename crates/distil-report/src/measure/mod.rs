//! Metrics: pure functions of a model's outputs on host slices.
//!
//! Outputs are checked once ([`ClassOutputs`], [`LabelOutputs`], [`ValueOutputs`]); metrics of checked outputs cannot fail.
//! All sums are f64 in the samples' order, so equal outputs give equal numbers to the last digit. One metric is one file and
//! one line in [`METRICS`].

mod accuracy;
mod average_precision;
mod balanced_accuracy;
mod calibrated_nll;
mod confusion;
mod ece;
mod f1;
mod mae;
mod main_metric;
mod nll;
mod nrmse;
mod outputs;
mod r2;
mod registry;
mod resolution;
mod rmse;
mod rows;
mod subset_accuracy;
mod top;

pub use accuracy::accuracy;
pub use balanced_accuracy::balanced_accuracy;
pub use calibrated_nll::{calibrated_nll, calibrated_nll_labels};
pub use confusion::{Confusion, confusion};
pub use ece::ece;
pub use f1::{label_f1, macro_f1, macro_f1_labels, micro_f1_labels};
pub use mae::mae;
pub use main_metric::MainMetric;
pub use nll::{nll, nll_labels, nll_rows};
pub use nrmse::nrmse;
pub use outputs::{BadOutputs, ClassOutputs, LabelOutputs, Outputs, TaskKind, ValueOutputs};
pub use r2::r2;
pub(crate) use registry::LOSSES;
pub use registry::{Better, METRICS, Metric, Quantity, all, all_and, by_target, loss, metric};
pub use resolution::{Resolution, resolution};
pub(crate) use resolution::{linearised, weighted_mean};
pub use rmse::{rmse, rmse_by_target};
pub use rows::{Rows, nll_label_rows};
pub use subset_accuracy::{subset_accuracy, subset_rows};
pub use top::{top_k, top_k_rows};
