//! What a search is to reach, and what it may cost.

use std::fmt;

use distil_report::measure::{Better, METRICS, Metric, Quantity, metric};
use distil_report::present::human::{human_flops, human_seconds};

/// The words of [`Goal::AsLarge`].
pub const AS_LARGE: &str = "as good as large";

/// A quality to reach.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// `accuracy >= 0.95`, `accuracy >= 95 %`, `rmse <= 50000`.
    Level {
        /// The metric.
        metric: &'static Metric,
        /// Its least good value that will do, in the metric's own unit; a share is one of 1.
        at: f64,
    },
    /// As good as the large network in full, within the recipe's margin of the metric its models are compared by.
    AsLarge,
}

impl Goal {
    /// Reads a goal.
    ///
    /// # Errors
    /// Words that are none, in a sentence that ends in a remedy.
    pub fn parse(words: &str) -> Result<Self, String> {
        const FORM: &str =
            "write for instance \"accuracy >= 0.95\", \"rmse <= 50000\" or \"as good as large\"";
        if words.trim().eq_ignore_ascii_case(AS_LARGE) {
            return Ok(Self::AsLarge);
        }
        let signs = [(">=", Better::Higher), ("<=", Better::Lower)];
        let parts = signs
            .iter()
            .find_map(|(sign, better)| Some((words.split_once(sign)?, *better)));
        let Some(((name, at), better)) = parts else {
            return Err(format!("`{words}` has neither >= nor <=; {FORM}"));
        };
        let name = name.trim();
        let Some(metric) = metric(name) else {
            let known: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
            return Err(format!(
                "there is no metric `{name}`; name one of {}",
                known.join(", ")
            ));
        };
        if metric.better != better {
            let sign = match metric.better {
                Better::Higher => ">=",
                Better::Lower => "<=",
            };
            return Err(format!(
                "of {name} {} is better; write {name} {sign} …",
                match metric.better {
                    Better::Higher => "more",
                    Better::Lower => "less",
                }
            ));
        }
        let number = at.trim();
        let (number, whole) = match number.strip_suffix('%') {
            Some(number) if metric.quantity == Quantity::Share => (number.trim_end(), 100.0),
            _ => (number, 1.0),
        };
        let Some(at) = number.parse::<f64>().ok().filter(|at| at.is_finite()) else {
            return Err(format!("`{number}` is no number; {FORM}"));
        };
        let at = at / whole;
        if metric.quantity == Quantity::Share && !(0.0..=1.0).contains(&at) {
            return Err(format!(
                "{name} is a share of 1, and `{number}` is none; write it as 0.95 or as 95 %"
            ));
        }
        Ok(Self::Level { metric, at })
    }
}

/// What a search may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Budget {
    /// Seconds of the clock.
    Seconds(f64),
    /// FLOPs of training.
    Flops(f64),
}

impl Budget {
    /// Reads `10 min`, `90 s`, `2 hours`, `5 TFLOPs`.
    ///
    /// # Errors
    /// Words that are none, in a sentence that ends in a remedy.
    pub fn parse(words: &str) -> Result<Self, String> {
        const FORM: &str = "write for instance \"10 min\" or \"5 TFLOPs\"";
        let words = words.trim();
        let at = words
            .find(|c: char| c.is_alphabetic())
            .unwrap_or(words.len());
        let (number, unit) = words.split_at(at);
        let number: f64 = match number.trim().parse() {
            Ok(number) if number > 0.0 && f64::is_finite(number) => number,
            _ => return Err(format!("`{words}` is no budget; {FORM}")),
        };
        Ok(match unit {
            "s" | "second" | "seconds" => Self::Seconds(number),
            "min" | "minute" | "minutes" => Self::Seconds(60.0 * number),
            "h" | "hour" | "hours" => Self::Seconds(3600.0 * number),
            "MFLOPs" => Self::Flops(1e6 * number),
            "GFLOPs" => Self::Flops(1e9 * number),
            "TFLOPs" => Self::Flops(1e12 * number),
            "PFLOPs" => Self::Flops(1e15 * number),
            _ => {
                return Err(format!(
                    "`{unit}` is no unit of time or work (s, min, h, MFLOPs to PFLOPs); {FORM}"
                ));
            }
        })
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Seconds(seconds) => human_seconds(*seconds),
            Self::Flops(flops) => human_flops(*flops),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_a_metric_a_direction_and_a_number_or_the_large_network() {
        for (words, name, level) in [
            ("accuracy >= 95 %", "accuracy", 0.95),
            (" accuracy>=0.95 ", "accuracy", 0.95),
            ("rmse <= 5e4", "rmse", 5e4),
        ] {
            let Ok(Goal::Level { metric, at }) = Goal::parse(words) else {
                panic!("{words}");
            };
            assert_eq!((metric.name, at), (name, level));
        }
        assert!(matches!(
            Goal::parse(" As good as large"),
            Ok(Goal::AsLarge)
        ));
        for (words, said) in [
            ("good", "`good` has neither >= nor <=; write"),
            (
                "goodness >= 3",
                "there is no metric `goodness`; name one of accuracy,",
            ),
            (
                "accuracy <= 0.9",
                "of accuracy more is better; write accuracy >= …",
            ),
            ("rmse >= 3", "of rmse less is better; write rmse <= …"),
            ("accuracy >= much", "`much` is no number; write"),
            ("rmse <= 5 %", "`5 %` is no number"),
            ("accuracy >= inf", "`inf` is no number"),
            (
                "accuracy >= 95",
                "accuracy is a share of 1, and `95` is none; write it as 0.95 or as 95 %",
            ),
        ] {
            let found = Goal::parse(words).unwrap_err();
            assert!(found.starts_with(said), "{words}: {found}");
        }
    }

    #[test]
    fn a_budget_is_time_or_work() {
        for (words, budget) in [
            ("10 min", Budget::Seconds(600.0)),
            ("90s", Budget::Seconds(90.0)),
            ("2 minutes", Budget::Seconds(120.0)),
            ("0.5 h", Budget::Seconds(1800.0)),
            ("5 TFLOPs", Budget::Flops(5e12)),
        ] {
            assert_eq!(Budget::parse(words), Ok(budget), "{words}");
        }
        for words in [
            "", "min", "0 s", "-3 min", "ten min", "5 FLOPS", "inf h", "10",
        ] {
            assert!(Budget::parse(words).is_err(), "{words}");
        }
    }
}
