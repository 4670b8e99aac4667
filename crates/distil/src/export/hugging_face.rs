//! The folder layout of the Hugging Face Hub.

use std::fs;
use std::path::Path;

use super::{card, config, tensors};
use crate::error::{Error, Kind, Result};
use crate::saved::SavedModel;
use crate::weights::to_safetensors;
use crate::{device, files};

const CONFIG: &str = "config.json";
const PREPROCESSOR: &str = "preprocessor_config.json";
const README: &str = "README.md";
const WEIGHTS: &str = "model.safetensors";

/// Writes `config.json`, `preprocessor_config.json`, `README.md` and `model.safetensors` (PyTorch's layout): a new folder as a
/// whole, into one that exists file by file, each as a whole. The same model gives the same bytes.
///
/// An earlier export in `folder` is replaced; what else is in it, such as the `.git` of a clone, stays as it is.
///
/// # Errors
/// A file of these names that is no part of an earlier export, and what the operating system refuses.
pub fn hugging_face(model: &SavedModel, folder: &Path) -> Result<()> {
    model.check_answers(&device::cpu())?;
    let weights = to_safetensors(&tensors::tensors(model))?;
    let config = json(folder, &config::config(model))?;
    let preprocessor = json(folder, &config::preprocessor(model))?;
    let readme = card::readme(model);
    let others = [
        (CONFIG, config.as_slice()),
        (PREPROCESSOR, &preprocessor),
        (README, readme.as_bytes()),
    ];
    let last = (WEIGHTS, weights.as_slice());
    if !folder.exists() {
        if let Some(parent) = folder
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            files::create_folder(parent)?;
        }
        files::write_folder(folder, &others, last)?;
        return Ok(());
    }
    // config.json tells that the others are ours, so it comes first.
    let all = || others.iter().chain([&last]);
    for (name, bytes) in all() {
        refuse_to_lose(folder, name, bytes)?;
    }
    all().try_for_each(|(name, bytes)| files::write(&folder.join(name), bytes))
}

/// A file that is to be replaced is one that an export wrote, or says the same.
fn refuse_to_lose(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    if path
        .symlink_metadata()
        .is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    {
        return Ok(());
    }
    let found = files::read(&path)?;
    let ours = match name {
        README => String::from_utf8_lossy(&found).contains(card::SIGNATURE),
        _ => fs::read(folder.join(CONFIG)).is_ok_and(|config| is_our_config(&config)),
    };
    if ours || found == bytes {
        return Ok(());
    }
    let reason = format!("has a `{name}` that no export wrote, and it would be lost");
    Err(Error::input(folder.display(), reason)
        .remedy("Move it away, or name another folder; what else is in the folder stays as it is"))
}

fn is_our_config(config: &[u8]) -> bool {
    let read: Option<serde_json::Value> = serde_json::from_slice(config).ok();
    read.is_some_and(|config| config["distil"]["provenance"].is_object())
}

fn json(folder: &Path, value: &serde_json::Value) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| Error::new(Kind::Io, folder.display(), error))?;
    text.push(b'\n');
    Ok(text)
}
