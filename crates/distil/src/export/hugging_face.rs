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

/// Writes `config.json`, `preprocessor_config.json`, `README.md` and `model.safetensors` (PyTorch's layout) as a whole.
///
/// The same model gives the same bytes. An earlier export in `folder` is replaced.
///
/// # Errors
/// A folder with anything else in it, and what the operating system refuses.
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
    files::write_folder(folder, &others, (WEIGHTS, &weights))?;
    Ok(())
}

/// Writing replaces the folder, so nothing but an earlier export may be in it.
fn refuse_other_content(folder: &Path) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| files::refused(folder, &error))?,
    };
    let ours = [CONFIG, PREPROCESSOR, README, WEIGHTS];
    let mut other = entries
        .flatten()
        .filter(|entry| !ours.iter().any(|name| entry.file_name() == *name));
    match other.next() {
        None => Ok(()),
        Some(entry) => {
            let reason = format!(
                "has `{}` in it, which is no part of an export",
                entry.file_name().to_string_lossy()
            );
            Err(Error::input(folder.display(), reason).remedy("Name a new or an empty folder"))
        }
    }
}

fn json(folder: &Path, value: &serde_json::Value) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| Error::new(Kind::Io, folder.display(), error))?;
    text.push(b'\n');
    Ok(text)
}
