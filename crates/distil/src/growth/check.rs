//! Whether one network can grow into another, and what may be promised: known before anything is trained.

use super::{Promise, StartRule};
use crate::model::{Layer, Layout, Norm};

/// What growth from one layout to another promises; else why there is none and what to do, as a sentence without
/// its full stop. `view`: the shape of the view matrix, if the small model reads the large one's inputs
/// through one.
pub fn check(
    from: &Layout,
    to: &Layout,
    view: Option<[usize; 2]>,
    rule: &StartRule,
) -> Result<Promise, String> {
    numbers(rule)?;
    ends(from, to, view)?;
    let (small, large) = (hidden(from), hidden(to));
    let inserted = large.len().checked_sub(small.len()).ok_or_else(|| {
        format!(
            "growth does not remove layers: the small model has {} and the large one {}; give the large \
             model at least as many hidden layers",
            count(small.len()),
            count(large.len())
        )
    })?;
    same_kind(small, large)?;
    if let Some(layer) = large.first().filter(|_| inserted > 0) {
        let refusal = layer.activation.and_then(|a| rule.depth.refuses(a));
        if let Some(reason) = refusal {
            return Err(format!("{reason}; {}", depth_remedy(small.len())));
        }
    }
    let wider = widths(from, to)?;
    let layer_norm = large.iter().any(|l| l.norm == Norm::Layer);
    if rule.shrink < 1.0 || (layer_norm && (wider || inserted > 0)) {
        Ok(Promise::Nothing)
    } else {
        Ok(Promise::Exact)
    }
}

/// The hidden layers of a layout.
pub(super) fn hidden(layout: &Layout) -> &[Layer] {
    let (_, hidden) = layout.layers.split_last().unzip();
    hidden.unwrap_or_default()
}

/// Units that every hidden layer of the large model has to carry: the small model's, and for inserted layers
/// those of its last hidden layer.
pub(super) fn carried(from: &Layout, layers: usize) -> Vec<usize> {
    let small = hidden(from);
    // A network without hidden layers is carried by its outputs and their negatives.
    let last = small.last().map_or(2 * from.outputs(), |l| l.outputs);
    let unit = |i: usize| small.get(i).map_or(last, |l| l.outputs);
    (0..layers).map(unit).collect()
}

fn numbers(rule: &StartRule) -> Result<(), String> {
    if !(0.0..=1.0).contains(&rule.shrink) {
        return Err(format!("shrink is {}, but must lie in [0, 1]", rule.shrink));
    }
    if !(rule.noise >= 0.0 && rule.noise.is_finite()) {
        return Err(format!("noise is {}, but must be at least 0", rule.noise));
    }
    if rule.noise > 0.0 && !rule.width.copies() {
        return Err(
            "noise tells copies apart, and this width rule makes none; drop `noise`, or choose \
             `width = \"copy\"`"
                .into(),
        );
    }
    if rule.new_lr > 0.0 && rule.new_lr.is_finite() {
        Ok(())
    } else {
        Err(format!("new.lr is {}, but must be positive", rule.new_lr))
    }
}

fn ends(from: &Layout, to: &Layout, view: Option<[usize; 2]>) -> Result<(), String> {
    let (small, large) = (from.inputs(), to.inputs());
    let joined = match view {
        None => small == large,
        Some(shape) => shape == [large, small],
    };
    if !joined {
        return Err(format!(
            "the small model reads {small} numbers and the large one {large}, and no linear view leads from \
             one to the other; give the small stage a `view` of what the large one reads"
        ));
    }
    if from.outputs() == to.outputs() {
        Ok(())
    } else {
        Err(format!(
            "the small model has {} outputs and the large one {}; train both for the same task",
            from.outputs(),
            to.outputs()
        ))
    }
}

fn same_kind(small: &[Layer], large: &[Layer]) -> Result<(), String> {
    for (s, l) in small.iter().zip(large) {
        let path = &l.path;
        if s.activation != l.activation {
            return Err(format!(
                "`{path}` has another activation in the large model than in the small one; give both the same"
            ));
        }
        if s.norm != l.norm {
            return Err(format!(
                "`{path}` has another norm in the large model than in the small one; give both the same"
            ));
        }
    }
    Ok(())
}

/// Whether any layer gets wider.
fn widths(from: &Layout, to: &Layout) -> Result<bool, String> {
    let large = hidden(to);
    let carried = carried(from, large.len());
    for (layer, units) in large.iter().zip(&carried) {
        if layer.outputs < *units {
            return Err(format!(
                "growth does not remove units: `{}` has {} in the large model and has to carry {units}; give \
                 it at least {units}",
                layer.path, layer.outputs
            ));
        }
    }
    Ok(large
        .iter()
        .zip(carried)
        .any(|(l, units)| l.outputs > units))
}

fn count(layers: usize) -> String {
    match layers {
        0 => "no hidden layer".into(),
        1 => "1 hidden layer".into(),
        n => format!("{n} hidden layers"),
    }
}

fn depth_remedy(small: usize) -> String {
    format!(
        "use `relu`, or give the large model {} like the small one",
        count(small)
    )
}
