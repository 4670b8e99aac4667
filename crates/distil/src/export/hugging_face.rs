//! The folder layout of the Hugging Face Hub.

use std::fs;
use std::path::Path;

use super::{card, config, tensors};
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::saved::SavedModel;
use crate::weights::to_safetensors;

const CONFIG: &str = "config.json";
const PREPROCESSOR: &str = "preprocessor_config.json";
const README: &str = "README.md";
const WEIGHTS: &str = "model.safetensors";

/// Writes `config.json`, `preprocessor_config.json`, `README.md` and `model.safetensors` (PyTorch's layout): a new folder as a
/// whole, else file by file beside what is there.
///
/// The same model gives the same bytes. An earlier export in `folder` is replaced.
///
/// # Errors
/// Files of these names that are no export's, and what the operating system refuses.
pub fn hugging_face(model: &SavedModel, folder: &Path) -> Result<()> {
    refuse_other_content(folder)?;
    let weights = to_safetensors(&tensors::tensors(model))?;
    let config = json(folder, &config::config(model))?;
    let preprocessor = json(folder, &config::preprocessor(model))?;
    let readme = card::readme(model);
    if let Some(parent) = folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        files::create_folder(parent)?;
    }
    let others = [
        (CONFIG, config.as_slice()),
        (PREPROCESSOR, &preprocessor),
        (README, readme.as_bytes()),
    ];
    if !folder.exists() {
        files::write_folder(folder, &others, (WEIGHTS, &weights))?;
        return Ok(());
    }
    // The weights last: they go with the description beside them.
    let all = others.into_iter().chain([(WEIGHTS, weights.as_slice())]);
    all.map(|(name, bytes)| files::write(&folder.join(name), bytes))
        .collect()
}

/// Files that would be overwritten must be an earlier export's, as its model card tells.
fn refuse_other_content(folder: &Path) -> Result<()> {
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let exported = text(README).contains("\nlibrary_name: distil\n")
        || text(CONFIG).contains("\"model_type\": \"distil-");
    if folder.exists() {
        fs::read_dir(folder).map_err(|error| files::refused(folder, &error))?;
    }
    let ours = [CONFIG, PREPROCESSOR, README, WEIGHTS].into_iter();
    let there: Vec<&str> = ours.filter(|name| folder.join(name).exists()).collect();
    if there.is_empty() || exported && there != [README] {
        return Ok(());
    }
    let reason = format!(
        "has `{}` in it, which no export has written and this one would overwrite",
        there.join("`, `")
    );
    Err(Error::input(folder.display(), reason).remedy("Move it away, or name another folder"))
}

fn json(folder: &Path, value: &serde_json::Value) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| Error::new(Kind::Io, folder.display(), error))?;
    text.push(b'\n');
    Ok(text)
}
