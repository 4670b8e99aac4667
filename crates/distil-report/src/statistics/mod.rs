//! Tests, intervals and corrections: pure functions on numbers, the same on every machine.
//!
//! Each is checked against SciPy, statsmodels or a formula in NumPy (`testdata/reference/statistics/`). Nothing here draws from
//! a generator with a state: draws are numbered, so equal input gives equal output to the last digit.

mod bootstrap;
mod bound;
mod cost_ratio;
mod draw;
mod folds;
mod holm;
mod mcnemar;
mod mean;
mod normal;
mod paired_errors;
mod sign_flip;
mod student;
mod worst_rank;

pub use bootstrap::{FEWEST_FOR_BCA, bca, bca_of, percentile_interval};
pub use bound::bound_95;
pub use cost_ratio::{CostRatio, cost_ratio};
pub use draw::normal_draw;
pub use folds::{CorrectedFolds, corrected_folds};
pub use holm::holm;
pub use mcnemar::{McNemar, mcnemar};
pub use mean::{mean, standard_error};
pub use normal::{normal_below, normal_quantile};
pub use paired_errors::{PairedErrors, paired_errors};
pub(crate) use sign_flip::one_sided;
pub use sign_flip::{FEWEST_PAIRS, SignFlip, non_inferiority, sign_flip};

pub use worst_rank::{median, worst_ranks};
