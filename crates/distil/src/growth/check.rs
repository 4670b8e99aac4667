//! Whether one network can grow into another, and what may be promised: known before anything is trained.

use std::collections::BTreeMap;

use super::{Promise, StartRule, copying};
use crate::model::{Layer, Layout, Norm, Place};

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
    family(from, to)?;
    prepared(from, to)?;
    ends(from, to, view)?;
    kept(from, to)?;
    let lacked = |l: &&Layer| from.layer(&l.path).is_none();
    let inserted: Vec<&Layer> = to.layers.iter().filter(lacked).collect();
    same_kind(from, to)?;
    for layer in &inserted {
        let refusal = match (layer.place, layer.activation) {
            (Place::Chain, Some(activation)) if !layer.bent => rule.depth.refuses(activation),
            _ => None,
        };
        if let Some(reason) = refusal {
            return Err(format!("{reason}; {}", depth_remedy(hidden(from).count())));
        }
    }
    let wider = widths(from, to)?;
    let layer_norm = to.layers.iter().any(|l| l.norm == Norm::Layer);
    let other_pictures = is_convolutional(to) && from.input != to.input;
    if rule.shrink < 1.0 || other_pictures || (layer_norm && (wider || !inserted.is_empty())) {
        Ok(Promise::Nothing)
    } else {
        Ok(Promise::Exact)
    }
}

/// The layers but for the head and those that prepare the sample.
fn hidden(layout: &Layout) -> impl Iterator<Item = &Layer> {
    // Axes count from 0, the data's; the head writes the last.
    let answers = layout.axes();
    layout
        .computing()
        .filter(move |layer| layer.writes != answers)
}

fn is_convolutional(layout: &Layout) -> bool {
    layout.layers.iter().any(Layer::is_conv)
}

fn family(from: &Layout, to: &Layout) -> Result<(), String> {
    let word = |convolutional| match convolutional {
        true => "convolutional",
        false => "fully connected",
    };
    let (small, large) = (is_convolutional(from), is_convolutional(to));
    if small == large {
        return Ok(());
    }
    Err(format!(
        "the small model is {} and the large one {}: a model grows within its family; give both the same `kind`, or let the large one `learn` from the small one",
        word(small),
        word(large)
    ))
}

/// Both make the same of a sample before their first hidden layer.
fn prepared(from: &Layout, to: &Layout) -> Result<(), String> {
    let members = |layout: &Layout| match layout.members() {
        1 => "one network".to_owned(),
        members => format!("an ensemble of {members} members"),
    };
    if from.members() != to.members() {
        return Err(format!(
            "the small model is {} and the large one {}; give both as many `members`, or let the large one `learn` from the small one",
            members(from),
            members(to)
        ));
    }
    let preparing = |layout: &Layout| -> Vec<Layer> {
        let layers = layout.layers.iter().filter(|layer| layer.prepares());
        layers.cloned().collect()
    };
    match preparing(from) == preparing(to) && from.columns == to.columns {
        true => Ok(()),
        false => Err(
            "the small model makes something else of a sample's columns than the large one; give both the same `kind`, columns, `waves`, `one_hot`, `embedding` and `clamp`".into(),
        ),
    }
}

/// All layers of the small model are in the large one, which has no others than can be inserted.
fn kept(from: &Layout, to: &Layout) -> Result<(), String> {
    let gone = from
        .layers
        .iter()
        .find(|layer| to.layer(&layer.path).is_none());
    let Some(gone) = gone else {
        let new = |layer: &&Layer| layer.place == Place::Fixed && from.layer(&layer.path).is_none();
        return match to.layers.iter().find(new) {
            None => Ok(()),
            Some(new) => Err(format!(
                "growth inserts identities and residual branches, and `{}` of the large model is neither; give the small model as many blocks, or stages of blocks, that change the picture's size",
                new.path
            )),
        };
    };
    if is_convolutional(from) {
        return Err(format!(
            "growth does not remove layers: the small model has `{}`, and the large one has not; give the large model the same `kind` and at least as many layers",
            gone.path
        ));
    }
    let (small, large) = (hidden(from).count(), hidden(to).count());
    Err(format!(
        "growth does not remove layers: the small model has {} and the large one {}; give the large \
         model at least as many hidden layers",
        count(small),
        count(large)
    ))
}

/// Units that each axis of the large model has to carry: the small model's, and for inserted layers those that
/// they hand on.
fn carried(from: &Layout, to: &Layout) -> BTreeMap<usize, usize> {
    let mut carried = BTreeMap::new();
    for layer in to.computing() {
        let units = match (from.layer(&layer.path), layer.place) {
            (Some(small), _) => small.outputs,
            // A network without hidden layers is carried by its outputs and their negatives.
            (None, Place::Chain) => match carried.get(&layer.reads) {
                Some(units) => *units,
                None => 2 * from.outputs(),
            },
            // A branch is inserted with all of its units.
            (None, _) => continue,
        };
        carried.insert(layer.writes, units);
    }
    carried
}

fn numbers(rule: &StartRule) -> Result<(), String> {
    if !(0.0..=1.0).contains(&rule.shrink) {
        return Err(format!("shrink is {}, but must lie in [0, 1]", rule.shrink));
    }
    if !(rule.noise >= 0.0 && rule.noise.is_finite()) {
        return Err(format!("noise is {}, but must be at least 0", rule.noise));
    }
    if rule.noise > 0.0 && !rule.width.copies() {
        let copying: Vec<_> = copying()
            .map(|name| format!("`width = \"{name}\"`"))
            .collect();
        return Err(format!(
            "noise tells copies apart, and this width rule makes none; drop `noise`, or choose {}",
            copying.join(" or ")
        ));
    }
    if rule.new_lr > 0.0 && rule.new_lr.is_finite() {
        Ok(())
    } else {
        Err(format!("new.lr is {}, but must be positive", rule.new_lr))
    }
}

fn ends(from: &Layout, to: &Layout, view: Option<[usize; 2]>) -> Result<(), String> {
    if is_convolutional(to) {
        let channels = |layout: &Layout| layout.input.last().copied().unwrap_or(0);
        let (small, large) = (channels(from), channels(to));
        if small != large {
            return Err(format!(
                "the small model reads pictures of {small} channels and the large one of {large}; give both views with the same channels"
            ));
        }
    } else {
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

fn same_kind(from: &Layout, to: &Layout) -> Result<(), String> {
    for l in &to.layers {
        let Some(s) = from.layer(&l.path) else {
            continue;
        };
        let other = if (s.kernel(), s.is_depthwise()) != (l.kernel(), l.is_depthwise()) {
            "kernel"
        } else if s.stride() != l.stride() {
            "stride"
        } else if s.activation != l.activation {
            "activation"
        } else if s.norm != l.norm {
            "norm"
        } else {
            continue;
        };
        return Err(format!(
            "`{}` has another {other} in the large model than in the small one; give both the same",
            l.path
        ));
    }
    Ok(())
}

/// Whether any axis gets wider.
fn widths(from: &Layout, to: &Layout) -> Result<bool, String> {
    let carried = carried(from, to);
    let mut wider = false;
    for layer in to.computing() {
        let units = carried.get(&layer.writes).copied().unwrap_or(layer.outputs);
        if layer.outputs < units {
            return Err(format!(
                "growth does not remove units: `{}` has {} in the large model and has to carry {units}; give \
                 it at least {units}",
                layer.path, layer.outputs
            ));
        }
        wider |= layer.outputs > units;
    }
    Ok(wider)
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
