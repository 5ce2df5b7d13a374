//! `hadamrnn inspect`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hadamrnn::card;
use hadamrnn::clock::Clock;
use hadamrnn::fast_path;
use hadamrnn::integer::{KernelName, ModelFile};
use hadamrnn::long_run::{LayerRun, LongRun, SHARE};
use hadamrnn::model_folder::StoredModel;
use hadamrnn::rust_module;
use hadamrnn::usage::{Usage, counts_in_words};
use hadamrnn::visible;
use hadamrnn_runtime::decision::{Decision, Rule};
use hadamrnn_runtime::format::{Fading, Part, Readout, SECTION_NAMES, SectionLengths, part};
use hadamrnn_runtime::taught::{Entry, FACTOR, Taught};
use hadamrnn_runtime::{Layer, Metric, Model};
use serde_json::json;

use crate::Status;
use crate::costs;
use crate::output;

#[derive(clap::Args)]
pub struct Args {
    /// Model file or model folder
    model: PathBuf,
    /// Clock of the core, such as 64MHz: the milliseconds that the model takes, and its share of the clock
    #[arg(long, value_name = "CLOCK")]
    clock: Option<Clock>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<Status> {
    let stored = StoredModel::read(&args.model)?;
    let usage = Usage::of(&stored)?;
    let StoredModel { path, file, .. } = stored;
    let model = file.model()?;
    let lengths = SectionLengths::of(model.header()).context("field widths")?;
    let sections: Vec<(&str, usize)> = (SECTION_NAMES.into_iter().zip(lengths.0))
        .filter(|&(_, words)| words > 0)
        .map(|(name, words)| (name, 4 * words))
        .collect();
    if args.json {
        let mut found = as_json(&file, &model, &usage, &sections);
        found["costs"] = costs::as_json(&file, &usage, args.clock);
        output::json(&found)?;
    } else {
        print(&path, &file, &model, &usage, &sections)?;
        output::line("")?;
        costs::print(&file, &usage, args.clock)?;
    }
    Ok(Status::Success)
}

fn as_json(
    file: &ModelFile,
    model: &Model<'_>,
    usage: &Usage,
    sections: &[(&str, usize)],
) -> serde_json::Value {
    let sections: serde_json::Map<String, serde_json::Value> = (sections.iter())
        .map(|(name, bytes)| ((*name).to_string(), json!(bytes)))
        .collect();
    let bounds = model.bounds();
    json!({
        "format_version": model.header().version(),
        "bytes": file.bytes().len(),
        "sha256": card::sha256(file.bytes()),
        "header": model.header(),
        "session": rust_module::session_type(model),
        "usage": usage,
        "extension": model.header().extension,
        "driven_rows": model.driven_rows(),
        "codes": { "input": input_codes(model), "readout": readout_codes(model) },
        "hidden_readout": model.header().addition.hidden_readout,
        "section_bytes": sections,
        "slow": fast_path::obstacles(model).iter().map(|obstacle| &obstacle.reason).collect::<Vec<_>>(),
        "bounds": {
            "drive": bounds.layer_input,
            "step": bounds.step,
            "second_step": bounds.second_step,
            "hidden": bounds.hidden,
            "logit": bounds.logit,
        },
        "long_run": LongRun::of(model),
        "decision": Decision::of(model).ok().flatten().map(|decision| decision_as_json(&decision)),
        "metric": Metric::of(model).ok().flatten().map(|metric| json!({
            "threshold": metric.threshold(),
            "dimensions": metric.dimensions(),
        })),
        "taught": taught_as_json(model),
        "kernels": kernels(model).iter().filter(|kernel| kernel.1).map(|kernel| kernel.0).collect::<Vec<_>>(),
    })
}

/// The smoothing of a decision, and its rule for each class.
fn decision_as_json(decision: &Decision<'_>) -> serde_json::Value {
    let rule = |rule: Rule| json!({ "threshold": rule.threshold, "answers": rule.answers, "hold_off": rule.hold_off });
    let rules: Vec<serde_json::Value> = decision.rules().map(rule).collect();
    json!({ "smoothing": decision.smoothing(), "rules": rules })
}

/// Entries of what the model was taught; null where it was taught nothing.
fn taught_as_json(model: &Model<'_>) -> serde_json::Value {
    let Ok(Some(taught)) = Taught::of(model) else {
        return serde_json::Value::Null;
    };
    let entries: Vec<_> = (taught.entries())
        .map(|entry| json!({ "class": entry.class, "windows": entry.windows, "factor": entry.factor }))
        .collect();
    json!({ "classes": taught.class_count(), "labels": taught.labels().collect::<Vec<_>>(), "entries": entries })
}

fn print(
    path: &Path,
    file: &ModelFile,
    model: &Model<'_>,
    usage: &Usage,
    sections: &[(&str, usize)],
) -> Result<()> {
    let mut rows = vec![fact(&path.display().to_string(), String::new())];
    rows.extend(sizes(file, model));
    rows.push(fact("session", rust_module::session_type(model)));
    rows.extend(trained(usage));
    rows.extend(widths(model));
    rows.extend(bounds(model));
    rows.extend(long_run(model));
    for (name, bytes) in sections {
        rows.push(fact(
            &format!("bytes of {name}"),
            output::grouped(*bytes as u64),
        ));
    }
    let slow = fast_path::obstacles(model);
    let assembly = match slow.is_empty() {
        true => "runs it".into(),
        false => slow
            .iter()
            .map(|obstacle| format!("does not: {}; {}", obstacle.reason, obstacle.remedy))
            .collect::<Vec<_>>()
            .join("; "),
    };
    rows.push(fact("assembly of boards", assembly));
    for (name, fits) in kernels(model) {
        let text = if fits {
            "yes"
        } else {
            "no: state too wide for it"
        };
        rows.push(fact(&format!("kernel {name}"), text.into()));
    }
    output::table(&rows)
}

/// How the model was trained to be used, as far as it is known.
fn trained(usage: &Usage) -> Vec<Vec<String>> {
    let samples = |samples: usize| format!("{} samples", output::grouped(samples as u64));
    let decimation = |every: usize| match every {
        1 => "every sample is used".into(),
        every => format!("one of {every} samples is used"),
    };
    let rate = |hz: f32| format!("{hz} samples a second, of the sensor");
    let channels = usage.channels.iter().map(|channel| &channel.name);
    let counts = (!usage.channels.is_empty()).then(|| counts_in_words(&usage.channels));
    let facts = [
        ("window", usage.window.map(samples)),
        ("hop", usage.hop.map(samples)),
        ("decimation", usage.decimation.map(decimation)),
        ("rate", usage.rate_hz.map(rate)),
        ("names of classes", names(usage.classes.iter())),
        ("names of channels", names(channels)),
        ("counts of channels", counts),
        ("sensor", usage.sensor.as_deref().map(visible::name)),
    ];
    let known = facts.into_iter();
    known
        .filter_map(|(name, value)| Some(fact(name, value?)))
        .collect()
}

/// Names in a row, none where there are none.
fn names<'a>(names: impl Iterator<Item = &'a String>) -> Option<String> {
    let names: Vec<String> = names.map(|name| visible::name(name)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn fact(name: &str, value: String) -> Vec<String> {
    vec![name.to_string(), value]
}

fn sizes(file: &ModelFile, model: &Model<'_>) -> Vec<Vec<String>> {
    let inputs = match model.tokens() {
        Some(tokens) => format!(
            "tokens of a vocabulary of {}",
            output::grouped(tokens.vocabulary.into())
        ),
        None => model.input_size().to_string(),
    };
    let driven = format!("{} of {}", model.driven_rows(), model.hidden_size());
    let mut rows = vec![
        fact("name", visible::name(model.name())),
        fact("format version", model.header().version().to_string()),
        fact("bytes", output::grouped(file.bytes().len() as u64)),
        fact("sha256", card::sha256(file.bytes())[..16].to_string() + "…"),
        fact("inputs", inputs),
        fact("rows of U", driven),
        fact("layer", layer(model.layer(), model.header().extension.leak)),
    ];
    if let (Some(second), Some(header)) = (model.second(), model.header().extension.second) {
        let mixing = format!("{:?}", second.mixing()).to_lowercase();
        rows.push(fact(
            "second layer",
            format!("{}, {mixing} mixing", layer(second.layer(), header.leak)),
        ));
    }
    let readout = match model.readout() {
        Readout::LastState => "of the last state".into(),
        Readout::EveryStep => "after every step".into(),
        Readout::Pooled { steps, .. } => match model.fading() {
            Some(Fading {
                shift,
                log2_interval,
            }) => format!(
                "fading mean, time constant 2^{} steps; answers count from step {steps} on",
                u32::from(shift) + u32::from(log2_interval)
            ),
            None => format!("pooled over {steps} steps"),
        },
    };
    rows.push(fact("readout", readout));
    if let Some(hidden) = model.hidden_readout() {
        let text = format!("{} units, dense binary matrix", hidden.units());
        rows.push(fact("hidden readout layer", text));
    }
    rows.push(fact("classes", model.class_count().to_string()));
    rows.extend(parts(model));
    rows
}

/// What the file has beside the network.
fn parts(model: &Model<'_>) -> Vec<Vec<String>> {
    let describe = |part: Part<'_>| {
        let bytes = output::grouped(4 * part.words.len() as u64);
        match (part.id, Decision::of(model)) {
            (part::DECISION, Ok(Some(decision))) => fact("decision", decision_in_words(decision)),
            (part::DECISION, Err(error)) => fact("decision", format!("is damaged: {error}")),
            (part::METRIC, _) => fact(
                "metric",
                match Metric::of(model) {
                    Ok(Some(metric)) => format!(
                        "{bytes} bytes; none of the classes above a score of {}",
                        output::grouped(metric.threshold().into())
                    ),
                    _ => "is damaged".into(),
                },
            ),
            (part::TAUGHT, _) => fact(
                "taught",
                match Taught::of(model) {
                    Ok(Some(taught)) => format!("{bytes} bytes; {}", taught_in_words(&taught)),
                    _ => "is damaged".into(),
                },
            ),
            (id, _) => fact(&format!("part {id}"), format!("{bytes} bytes")),
        }
    };
    model.parts().iter().map(describe).collect()
}

/// Classes, and the windows that each was taught with.
fn taught_in_words(taught: &Taught<'_>) -> String {
    let labels: Vec<String> = taught.labels().map(visible::name).collect();
    let entry = |entry: Entry<'_>| {
        let new = usize::from(entry.class).checked_sub(taught.trained_count());
        let name = match new.and_then(|new| labels.get(new)) {
            Some(label) => format!("{label} (class {}, new)", entry.class),
            None => format!("class {} again", entry.class),
        };
        let factor = match entry.factor {
            FACTOR => String::new(),
            factor => format!(", factor {factor}/{FACTOR}"),
        };
        format!("{name}, {} windows{factor}", entry.windows)
    };
    taught.entries().map(entry).collect::<Vec<_>>().join("; ")
}

fn decision_in_words(decision: Decision<'_>) -> String {
    let smoothing = match decision.smoothing() {
        0 => "no smoothing".into(),
        smoothing => format!("smoothed over some {} answers", 1 << smoothing),
    };
    let numbers = |of: fn(Rule) -> u32| {
        let numbers: Vec<String> = decision.rules().map(|rule| of(rule).to_string()).collect();
        numbers.join(" ")
    };
    format!(
        "{smoothing}; by class: thresholds {}, answers {}, hold-off {}",
        numbers(|rule| rule.threshold),
        numbers(|rule| rule.answers.into()),
        numbers(|rule| rule.hold_off.into())
    )
}

fn layer(layer: &Layer<'_>, leak: u8) -> String {
    let (units, block) = (layer.hidden_size(), layer.block_size());
    let leak = if leak == 0 {
        String::new()
    } else {
        format!(", leak 2^-{leak}")
    };
    format!("{units} units in {} blocks of {block}{leak}", units / block)
}

fn widths(model: &Model<'_>) -> Vec<Vec<String>> {
    let header = model.header();
    let states = match model.second() {
        Some(second) => format!("{}, {}", header.state_bits, second.layer().state_bits()),
        None => header.state_bits.to_string(),
    };
    let mut rows = vec![
        fact(
            "codes of U",
            codes(input_codes(model), header.input_weight_bits),
        ),
        fact(
            "codes of V",
            codes(readout_codes(model), header.readout_weight_bits),
        ),
        fact("bits of states", states),
    ];
    if model.tokens().is_none() {
        rows.push(fact("bits of inputs", header.input_bits.to_string()));
    }
    rows.push(fact("logit unit", format!("{:.3e}", header.logit_scale)));
    rows
}

/// The least and the largest code of U, or of the table of tokens.
fn input_codes(model: &Model<'_>) -> (i32, i32) {
    let columns = match model.tokens() {
        Some(tokens) => tokens.vocabulary as usize,
        None => model.input_size(),
    };
    let codes = (0..model.hidden_size())
        .flat_map(|row| (0..columns).map(move |column| model.input_weight(row, column)));
    range(codes)
}

/// The least and the largest code of V.
fn readout_codes(model: &Model<'_>) -> (i32, i32) {
    let codes = (0..model.output_size()).flat_map(|output| {
        (0..model.read_size()).map(move |unit| model.readout_weight(output, unit))
    });
    range(codes)
}

fn range(codes: impl Iterator<Item = i32>) -> (i32, i32) {
    codes.fold((0, 0), |(least, largest), code| {
        (least.min(code), largest.max(code))
    })
}

/// A field may be wider than its codes need: the bits that weights were trained with are not in the file.
fn codes((least, largest): (i32, i32), field: u8) -> String {
    format!("{least} to {largest}, in fields of {field} bits")
}

/// The bounds that the runtime proves on loading: no sum can leave 32 bits.
fn bounds(model: &Model<'_>) -> Vec<Vec<String>> {
    let bounds = model.bounds();
    let mut all = vec![
        ("proven bound of |U x + b|", bounds.layer_input),
        ("of a sum before its shift", bounds.step),
    ];
    if model.second().is_some() {
        all.push(("of one of the second layer", bounds.second_step));
    }
    if model.hidden_readout().is_some() {
        all.push(("of one of the hidden readout layer", bounds.hidden));
    }
    all.push(("of a logit", bounds.logit));
    (all.into_iter())
        .map(|(name, bound)| fact(name, output::grouped(bound.unsigned_abs().into())))
        .collect()
}

/// What rounding does to the states of a run without a reset.
fn long_run(model: &Model<'_>) -> Vec<Vec<String>> {
    let layers = LongRun::of(model).layers.into_iter();
    layers
        .zip(["rounding in a long run", "of the second layer"])
        .map(|(layer, name)| fact(name, rounding(&layer)))
        .collect()
}

fn rounding(layer: &LayerRun) -> String {
    match (layer.bound, layer.forgets, layer.steps) {
        (Some(bound), Some(forgets), _) => format!(
            "at most {bound:.1} of {} units rms, for ever; an older state is forgotten in {} steps",
            output::grouped(layer.largest_state as u64),
            output::grouped(forgets)
        ),
        (_, _, Some(steps)) => format!(
            "some {:.0} of {} units rms in {} steps, and a constant input may add up for ever",
            SHARE * layer.largest_state,
            output::grouped(layer.largest_state as u64),
            output::grouped(steps)
        ),
        _ => String::new(),
    }
}

/// Which kernels compute the model exactly.
fn kernels(model: &Model<'_>) -> [(&'static str, bool); 3] {
    KernelName::ALL.map(|kernel| (kernel.name(), kernel.runs(model)))
}
