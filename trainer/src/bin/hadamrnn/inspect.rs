//! `hadamrnn inspect`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use hadamrnn::card;
use hadamrnn::integer::ModelFile;
use hadamrnn_runtime::Model;
use hadamrnn_runtime::format::{SectionLengths, VERSION};
use hadamrnn_runtime::kernel::{Fwht, FwhtPacked, Kernel, XnorPopcount};
use serde_json::json;

use crate::Status;
use crate::output;

#[derive(clap::Args)]
pub struct Args {
    /// Model file or model folder
    model: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

const SECTIONS: [&str; 6] = [
    "channels",
    "input weights U",
    "biases",
    "signs",
    "output weights V",
    "output biases",
];

pub fn run(args: &Args) -> Result<Status> {
    let path = if args.model.is_dir() {
        args.model.join(card::files::MODEL)
    } else {
        args.model.clone()
    };
    if args.model.is_dir() && !path.is_file() {
        bail!("{} holds no {}", args.model.display(), card::files::MODEL);
    }
    let file = ModelFile::read(&path)?;
    let model = file
        .model()
        .with_context(|| format!("{}", path.display()))?;
    let lengths = SectionLengths::of(model.header()).context("field widths")?;
    let kernels = kernels(&model);
    if args.json {
        let sections: serde_json::Map<String, serde_json::Value> = SECTIONS
            .iter()
            .zip(lengths.0)
            .map(|(name, words)| ((*name).to_string(), json!(4 * words)))
            .collect();
        return output::json(&json!({
            "format_version": VERSION,
            "bytes": file.bytes().len(),
            "sha256": card::sha256(file.bytes()),
            "header": model.header(),
            "section_bytes": sections,
            "drive_bound": model.drive_bound(),
            "kernels": kernels.iter().filter(|kernel| kernel.1).map(|kernel| kernel.0).collect::<Vec<_>>(),
        }))
        .map(|()| Status::Success);
    }
    let header = model.header();
    let fact = |name: &str, value: String| vec![name.to_string(), value];
    let mut rows = vec![
        fact(&path.display().to_string(), String::new()),
        fact("name", header.name.to_string()),
        fact("format version", VERSION.to_string()),
        fact("bytes", output::grouped(file.bytes().len() as u64)),
        fact("sha256", card::sha256(file.bytes())[..16].to_string() + "…"),
        fact("hidden size", header.hidden_size.to_string()),
        fact(
            "Hadamard blocks",
            format!(
                "{} of {}",
                model.hidden_size() / model.block_size(),
                model.block_size()
            ),
        ),
        fact("inputs", header.input_size.to_string()),
        fact("classes", model.class_count().to_string()),
        fact(
            "bits of U, V",
            format!(
                "{}, {}",
                header.input_weight_bits, header.readout_weight_bits
            ),
        ),
        fact(
            "bits of state, input",
            format!("{}, {}", header.state_bits, header.input_bits),
        ),
        fact(
            "largest |U x + b|",
            output::grouped(model.drive_bound().unsigned_abs().into()),
        ),
        fact("logit unit", format!("{:.3e}", header.logit_scale)),
    ];
    for (name, words) in SECTIONS.iter().zip(lengths.0) {
        rows.push(fact(
            &format!("bytes of {name}"),
            output::grouped(4 * words as u64),
        ));
    }
    for (name, fits) in kernels {
        rows.push(fact(
            &format!("kernel {name}"),
            if fits {
                "yes"
            } else {
                "no: state too wide for it"
            }
            .into(),
        ));
    }
    output::table(&rows)?;
    Ok(Status::Success)
}

/// Which kernels compute the model exactly.
fn kernels(model: &Model<'_>) -> [(&'static str, bool); 3] {
    fn fits<K: Kernel>(model: &Model<'_>) -> (&'static str, bool) {
        (
            K::NAME,
            K::check(model, model.hidden_size().max(32)).is_ok(),
        )
    }
    [
        fits::<FwhtPacked>(model),
        fits::<Fwht>(model),
        fits::<XnorPopcount>(model),
    ]
}
