//! The first weights of a stage that starts from a smaller one.

use burn::module::Module;
use distil_report::Purpose;
use distil_report::events::{Event, Grown, GrownFrom};

use super::done::OwnNetwork;
use super::stages::{Trial, stage_seed};
use crate::data::ViewMatrix;
use crate::error::{Error, Result};
use crate::growth;
use crate::model::access::{weights_of, with_weights};
use crate::optim::State;
use crate::plan::{StagePlan, StartPlan};
use crate::run::calibrate;
use crate::train::{EventSink, Meter, Stopwatch, batch};
use crate::weights::Array;

impl Trial<'_> {
    /// What a stage starts from, and how far its function is from that of the smaller model. `large` has its fresh weights, from which new
    /// units are drawn.
    pub(super) fn grow(
        &self,
        plan: &StagePlan,
        start: &StartPlan,
        small: &OwnNetwork,
        large: &OwnNetwork,
        sink: &mut dyn EventSink,
        meter: &mut Meter,
    ) -> Result<State> {
        let place = format!("stage `{}`", plan.name);
        let watch = Stopwatch::start();
        let view = ViewMatrix::between(&small.view, &large.view);
        if view.is_none() && small.view != large.view {
            return Err(Error::input(
                place,
                format!(
                    "its view cannot be led back to the view of `{}`",
                    start.from
                ),
            ));
        }
        let seed = stage_seed(self.id.seed, &plan.name);
        let grown = growth::grow(
            &small.state,
            &small.layout,
            &large.layout,
            view.as_ref(),
            &start.rule,
            &weights_of(&large.net),
            seed,
        )
        .map_err(|reason| Error::input(&place, reason))?;
        let net = with_weights(large.net.valid(), &grown.state.weights)?;
        meter.once(Purpose::Grow, watch.time());
        let measuring = Stopwatch::start();
        // Measured on samples the small model was chosen on, never on the test part.
        let ids = match &self.data.split.validation[..] {
            [] => &self.data.split.train[..],
            ids => ids,
        };
        let ids = match self.folder {
            Some(_) => ids,
            None => &ids[..ids.len().min(calibrate::SAMPLES)],
        };
        let before = small.outputs(ids, &self.device);
        let after = batch::outputs(&net, &large.inputs, ids, &self.device);
        let time = measuring.time();
        let flops =
            (small.layout.flops_forward() + large.layout.flops_forward()) * ids.len() as f64;
        meter.add(
            Purpose::Grow,
            Some(flops / ids.len() as f64),
            ids.len(),
            time,
        );
        sink.write(Event::Grown(Grown {
            stage: plan.name.clone(),
            grown: GrownFrom {
                from: start.from.clone(),
                promise: grown.promise,
                max_difference: largest_difference(&before, &after),
                rows: ids.len(),
            },
            flops: Some(flops),
            time: watch.time(),
        }))?;
        Ok(grown.state)
    }
}

/// Largest difference of a row's outputs, relative to max(1, the row's largest output).
fn largest_difference(before: &Array, after: &Array) -> f64 {
    let (rows, _) = before.rows_cols();
    let row = |r: usize| {
        let (a, b) = (before.row(r), after.row(r));
        let scale = a.iter().fold(1.0_f32, |m, x| m.max(x.abs()));
        let difference = a
            .iter()
            .zip(b)
            .fold(0.0_f32, |m, (x, y)| m.max((x - y).abs()));
        f64::from(difference / scale)
    };
    (0..rows).map(row).fold(0.0, f64::max)
}
