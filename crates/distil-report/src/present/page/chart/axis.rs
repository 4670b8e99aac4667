//! Axes with round ticks.

use super::svg::label;
use crate::present::show;

/// How an axis runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::present::page) enum Scale {
    Linear,
    /// By powers of ten; all values must be above 0.
    Log,
}

/// The least and the largest of these values; the least is above the largest where there are none.
pub(in crate::present::page) fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// From numbers to places, with round ticks.
#[derive(Clone, Debug)]
pub(in crate::present::page) struct Axis {
    pub title: String,
    low: f64,
    high: f64,
    ticks: Vec<f64>,
    scale: Scale,
    /// What a tick's number is multiplied by for its label.
    factor: f64,
}

impl Axis {
    /// An axis that holds `low` to `high`, widened to whole ticks. `factor` turns values into labels, such as 100 for per cent.
    pub fn new(title: &str, low: f64, high: f64, scale: Scale, factor: f64) -> Self {
        let ticks = match scale {
            Scale::Linear => linear_ticks(low * factor, high * factor)
                .into_iter()
                .map(|tick| tick / factor)
                .collect(),
            Scale::Log => log_ticks(low, high),
        };
        let first = ticks.first().copied().unwrap_or(low);
        let last = ticks.last().copied().unwrap_or(high);
        Self {
            title: title.into(),
            low: first,
            high: last,
            ticks,
            scale,
            factor,
        }
    }

    /// The same axis with these ends instead of whole ticks, without the ticks beyond them.
    pub fn within(mut self, low: f64, high: f64) -> Self {
        let rounding = 1e-9 * (high - low).abs();
        self.ticks
            .retain(|tick| (low - rounding..=high + rounding).contains(tick));
        (self.low, self.high) = (low, high);
        self
    }

    /// The same axis without what lies above 100 %.
    pub fn of_shares(self) -> Self {
        let low = self.low;
        if self.high > 1.0 {
            self.within(low, 1.0)
        } else {
            self
        }
    }

    /// Where `value` lies between the axis' ends, from 0 to 1; outside for values outside.
    pub fn place(&self, value: f64) -> f64 {
        let at = |value: f64| match self.scale {
            Scale::Linear => value,
            Scale::Log => value.max(f64::MIN_POSITIVE).ln(),
        };
        (at(value) - at(self.low)) / (at(self.high) - at(self.low))
    }

    /// Grid lines, tick labels and title of a vertical axis at the left of a plot.
    pub fn vertical(&self, left: f64, right: f64, top: f64, bottom: f64) -> String {
        let mut body = label(left, top - 12.0, "start", "axis-title", &self.title);
        for tick in &self.ticks {
            let y = bottom - self.place(*tick) * (bottom - top);
            body += &format!(
                "<line class=\"grid\" x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
            );
            body += &label(left - 8.0, y + 4.0, "end", "tick", &self.tick(*tick));
        }
        body
    }

    /// Tick marks, labels and title of a horizontal axis below a plot.
    pub fn horizontal(&self, left: f64, right: f64, bottom: f64) -> String {
        let mut body = format!(
            "<line class=\"base\" x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{bottom:.1}\" y2=\"{bottom:.1}\"/>"
        );
        for tick in &self.ticks {
            let x = left + self.place(*tick) * (right - left);
            body += &format!(
                "<line class=\"base\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{bottom:.1}\" y2=\"{:.1}\"/>",
                bottom + 4.0
            );
            body += &label(x, bottom + 18.0, "middle", "tick", &self.tick(*tick));
        }
        body + &label(
            (left + right) / 2.0,
            bottom + 37.0,
            "middle",
            "axis-title",
            &self.title,
        )
    }

    fn tick(&self, tick: f64) -> String {
        let value = tick * self.factor;
        if self.scale == Scale::Log {
            return if value >= 1000.0 {
                show::grouped(value)
            } else if value < 1e-4 {
                format!("{value:.0e}").replace('-', "−")
            } else {
                trimmed(value, 6)
            };
        }
        let largest = self.ticks.iter().map(|tick| (tick * self.factor).abs());
        let largest = largest.fold(0.0, f64::max);
        if largest != 0.0 && !(1e-4..=1e7).contains(&largest) {
            let said = if value.abs() < largest * 1e-9 {
                "0".into()
            } else {
                format!("{value:.1e}")
            };
            return said.replace('-', "−");
        }
        let step = self
            .ticks
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) * self.factor)
            .next()
            .unwrap_or(1.0);
        let digits = (-(step.abs() + 1e-12).log10().floor()).clamp(0.0, 8.0) as usize;
        if value.abs() >= 1000.0 && digits == 0 {
            show::grouped(value)
        } else {
            format!("{value:.digits$}").replace('-', "−")
        }
    }
}

fn trimmed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// About five multiples of 1, 2 or 5 · 10ⁿ that hold `low` to `high`.
fn linear_ticks(low: f64, high: f64) -> Vec<f64> {
    let span = if high > low {
        high - low
    } else {
        low.abs().max(1.0) * 0.1
    };
    let raw = span / 4.5;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|round| round * power)
        .find(|step| *step >= raw)
        .unwrap_or(raw);
    let first = (low / step + 1e-9).floor();
    let last = ((low + span) / step - 1e-9).ceil();
    (0..=(last - first) as usize)
        .map(|place| (first + place as f64) * step)
        .collect()
}

/// The most steps of a logarithmic axis of many decades, its ends aside.
const STEPS: f64 = 7.0;

/// Powers of ten, every second or third where there would be many, with 2 and 5 between them where there would be few.
fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let (low, high) = (low.max(1e-12), high.max(low.max(1e-12) * 1.01));
    let decades = (high / low).log10();
    let rounds: &[f64] = if decades > 3.0 {
        &[1.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    let every = (decades / STEPS).ceil().max(1.0) as i32;
    let first = (low.log10().floor() as i32 - 1).div_euclid(every);
    let last = (high.log10().ceil() as i32 + 1).div_euclid(every) + 1;
    let powers = (first..=last).map(|step| step * every);
    let all: Vec<f64> = powers
        .flat_map(|power| rounds.iter().map(move |round| round * 10f64.powi(power)))
        .collect();
    let first = all
        .iter()
        .rposition(|tick| *tick <= low * (1.0 + 1e-9))
        .unwrap_or(0);
    let last = all
        .iter()
        .position(|tick| *tick >= high * (1.0 - 1e-9))
        .unwrap_or(all.len() - 1);
    all[first..=last].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_the_data() {
        assert_eq!(linear_ticks(0.3, 9.7), [0.0, 5.0, 10.0]);
        assert_eq!(linear_ticks(81.0, 97.5), [80.0, 85.0, 90.0, 95.0, 100.0]);
        assert_eq!(linear_ticks(3.0, 3.0).len(), 4);
        assert_eq!(
            log_ticks(0.03, 2.2),
            [0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0]
        );
        let many = Axis::new("", 3e-11, 40.0, Scale::Log, 1.0);
        let labels: Vec<String> = many.ticks.iter().map(|tick| many.tick(*tick)).collect();
        assert_eq!(
            labels,
            [
                "1e−12", "1e−10", "1e−8", "1e−6", "0.0001", "0.01", "1", "100"
            ]
        );
        let axis = Axis::new("", 0.81, 0.975, Scale::Linear, 100.0);
        assert!((axis.place(0.8), axis.place(1.0)) == (0.0, 1.0), "{axis:?}");
        assert_eq!(axis.tick(0.85), "85");
    }
}
