//! `width = "new"`: new units with fresh incoming and zero outgoing weights.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Joint, Width};

/// New units get the large model's own initial incoming weights, bias and norm, and outgoing weights of zero towards
/// all old units: exact for every activation. They differ from one another from the start, so nothing
/// needs to be told apart later.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewUnits {}

impl Width for NewUnits {
    fn copies(&self) -> bool {
        false
    }

    fn widen(&self, joint: Joint<'_>) {
        let Joint {
            before,
            after,
            units,
            fresh,
            ..
        } = joint;
        for (before, fresh) in before.into_iter().zip(fresh) {
            let ((inputs, _), (drawn_inputs, _)) = (before.shape(), fresh.shape());
            let drawn = &fresh.weight.value.values;
            before.weight.enlarge(inputs, units, |[tap, input], unit| {
                drawn[(tap * drawn_inputs + input) * units + unit]
            });
            for (name, parameter) in &mut before.units {
                let drawn = fresh.units.get(name).map(|p| &p.value.values);
                parameter.enlarge(1, units, |_, unit| drawn.map_or(0.0, |d| d[unit]));
            }
        }
        for after in after {
            let (_, outputs) = after.shape();
            after.weight.enlarge(units, outputs, |_, _| 0.0);
        }
    }
}
