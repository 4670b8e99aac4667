//! What a finished stage hands on to those that start or learn from it.

use std::collections::BTreeMap;

use burn::tensor::Device;

use crate::data::{Features, ViewMatrix};
use crate::error::{Error, Result};
use crate::model::{Layout, Model};
use crate::optim::State;
use crate::sample::SampleId;
use crate::train::{Answers, Frozen, Teacher, batch};
use crate::weights::Array;

/// A stage that is done.
pub enum Done {
    /// A network of ours: stages can start and learn from it.
    Own(Box<OwnNetwork>),
    /// Answers from elsewhere: stages can learn from them.
    Foreign(Answers),
}

/// A network that was trained or given, and what it reads.
pub struct OwnNetwork {
    pub net: Model,
    pub state: State,
    pub layout: Layout,
    pub view: ViewMatrix,
    pub inputs: Features,
}

impl OwnNetwork {
    /// Its outputs for these samples, `[ids, outputs]`.
    pub fn outputs(&self, ids: &[SampleId], device: &Device) -> Array {
        batch::outputs(&self.net, &self.inputs, ids, device)
    }
}

impl Done {
    /// Its outputs for these samples, `[ids, outputs]`.
    pub fn outputs(&self, ids: &[SampleId], device: &Device) -> Array {
        match self {
            Self::Own(own) => own.outputs(ids, device),
            Self::Foreign(answers) => answers.of(ids),
        }
    }

    /// FLOPs of one sample's outputs here.
    pub fn flops_forward(&self) -> f64 {
        match self {
            Self::Own(own) => own.layout.flops_forward(),
            Self::Foreign(_) => 0.0,
        }
    }

    /// The teacher it makes.
    pub fn teacher(&self, name: &str, device: &Device) -> Box<dyn Teacher> {
        match self {
            Self::Own(own) => Box::new(Frozen::new(name, &own.net, own.inputs.clone(), device)),
            Self::Foreign(answers) => Box::new(answers.clone()),
        }
    }
}

/// A stage that is done.
pub fn lookup<'a>(done: &'a BTreeMap<String, Done>, name: &str) -> Result<&'a Done> {
    done.get(name).ok_or_else(|| {
        Error::input(
            format!("stage `{name}`"),
            "has not run before the stage that needs it",
        )
    })
}

/// The network of a stage that is done.
pub fn network<'a>(done: &'a BTreeMap<String, Done>, name: &str) -> Result<&'a OwnNetwork> {
    match lookup(done, name)? {
        Done::Own(own) => Ok(own),
        Done::Foreign(_) => Err(Error::input(
            format!("stage `{name}`"),
            "has answers alone: there is no network to start from or to keep",
        )),
    }
}
