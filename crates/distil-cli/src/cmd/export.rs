//! `distil export`: a model for other programs.

use std::path::PathBuf;

use distil::device;
use distil::saved::SavedModel;
use distil_report::foreign::terminal;

use crate::args::{ExportArgs, ExportTo};
use crate::exit::{Ended, Failure};
use crate::show;

/// Writes a model in another form.
pub fn export(args: &ExportArgs) -> Ended {
    if args.to == ExportTo::Onnx {
        return Err(Failure::usage(
            "--to onnx: not yet. `--to safetensors` writes what Python reads.",
        ));
    }
    let folder = SavedModel::folder(&args.model);
    let output = match &args.output {
        Some(output) => output.clone(),
        None => folder
            .parent()
            .map_or_else(|| PathBuf::from("export"), |run| run.join("export")),
    };
    let model = SavedModel::read(&folder, &device::cpu())?;
    distil::export::hugging_face(&model, &output)?;
    show::print(&format!(
        "Exported to {}",
        terminal(&output.display().to_string())
    ))
}
