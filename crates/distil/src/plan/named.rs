//! What a recipe names outside of itself, as it was read.

use distil_recipe::recipe::ModelTable;

use crate::data::Raw;
use crate::data::source::Source;
use crate::plan::draft::{Draft, ModelDraft, StageDraft};
use crate::weights::sha256;

/// How the keys of data begin.
pub const DATA: &str = "data ";

/// How the keys of files of settings begin.
pub const SETTINGS: &str = "settings ";

/// Data, a given model, answers, settings or a list of samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// How the recipe names it: whatever names it so is the same.
    pub key: String,
    /// What to call it.
    pub place: String,
    /// SHA-256 of what was read.
    pub hash: String,
}

impl Draft {
    /// The given models, answers, files of settings and lists of samples.
    pub fn named(&self) -> Vec<Named> {
        let answers = self.answers.iter().map(|answers| Named {
            key: format!("answers {}", answers.table.file.value),
            place: format!("stage `{}`: {}", answers.name, answers.table.file.value),
            hash: answers.raw.hash.clone(),
        });
        let settings = self.stages.iter().filter_map(|stage| {
            let settings = stage.table.settings()?;
            Some(Named {
                key: format!("{SETTINGS}{}", settings.file.value),
                place: format!("stage `{}`: {}", stage.table.name, settings.file.value),
                hash: sha256(settings.text.as_bytes()),
            })
        });
        self.stages
            .iter()
            .filter_map(named)
            .chain(answers)
            .chain(settings)
            .collect()
    }

    /// How the recipe names the data.
    pub fn data_key(&self) -> String {
        let key = serde_json::to_string(&self.source.table("source")).unwrap_or_default();
        format!("{DATA}{key}")
    }

    /// What data read from a source of this hash looks like: all that decides it.
    pub fn data_named(&self, hash: &str) -> String {
        let (key, parts, kind) = (self.data_key(), &self.parts, self.targets());
        format!("{key} {parts:?} {kind:?} {} {hash}", self.base.display())
    }

    /// The data.
    pub fn named_data(&self, raw: &Raw) -> Named {
        // The parts that the data's authors gave the rows may be told by names alone.
        let parts = raw.official.as_ref().map(|parts| format!("{parts:?}"));
        Named {
            key: self.data_key(),
            place: self.source.describe(),
            hash: sha256(format!("{} {parts:?}", raw.hash).as_bytes()),
        }
    }
}

fn named(stage: &StageDraft) -> Option<Named> {
    let place = format!("stage `{}`", stage.table.name.value);
    match (&stage.model, &stage.table.model) {
        (ModelDraft::Given(given), Some(ModelTable::Given(model))) => Some(Named {
            key: format!("model {}", model.file.value),
            place: format!("{place}: {}", model.file.value),
            hash: given.hash.clone(),
        }),
        (ModelDraft::Given(_), _) => None,
        (ModelDraft::Train { samples, .. }, _) => {
            let written = samples.table("kind");
            // What a policy read from a file is shown by its Debug form.
            let hash = sha256(format!("{:?}", samples.value).as_bytes());
            let file = written.get("file")?.to_string();
            Some(Named {
                key: format!("samples {}", serde_json::to_string(&written).ok()?),
                place: format!("{place}: {file}"),
                hash,
            })
        }
    }
}
