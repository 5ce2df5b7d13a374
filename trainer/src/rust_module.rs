//! A model as a Rust module for firmware: the model embedded by `hadamrnn_runtime::model!`, and how it is used.
//!
//! The module reads the model file that lies beside it, of the same name with the ending `.hdrn`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use hadamrnn_runtime::{Capacities, Model};

use crate::integer::{KernelName, ModelFile};
use crate::usage::{Channel, Usage};
use crate::visible;

/// Words that Rust keeps for itself, in any edition: no module has such a name.
const KEYWORDS: &str = "abstract as async await become box break const continue crate do dyn else enum extern false final fn \
    for gen if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true try \
    type typeof unsafe unsized use virtual where while yield";

/// The name of the module in a file at `path`: that of the file.
///
/// # Errors
/// The file's name is none of a module, or does not end with `.rs`.
pub fn name(path: &Path) -> Result<&str> {
    let name = path.file_stem().and_then(|name| name.to_str());
    let name = name.unwrap_or_default();
    let is_rust = path.extension().is_some_and(|ending| ending == "rs");
    ensure!(
        is_rust && is_module(name),
        "\"{}\" is not the name of a Rust module: name the file with letters, digits and underscores, and no keyword, such as \
         gestures.rs",
        path.file_name().unwrap_or_default().to_string_lossy()
    );
    Ok(name)
}

fn is_module(name: &str) -> bool {
    let mut letters = name.chars();
    let starts = |first: char| first.is_ascii_alphabetic() || first == '_';
    letters.next().is_some_and(starts)
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && name != "_"
        && !KEYWORDS.split(' ').any(|keyword| keyword == name)
}

/// The type of the sessions of a model, as firmware without [`model!`](hadamrnn_runtime::model) writes it; the kernel is the
/// fastest that computes the model.
pub fn session_type(model: &Model<'_>) -> String {
    let Capacities {
        hidden,
        inputs,
        pool,
        second,
        read,
    } = Capacities::needed_by(model);
    let mut lengths = vec![hidden, inputs, pool, second, read];
    // Lengths that are left out are zero.
    while lengths.len() > 2 && lengths.last() == Some(&0) {
        lengths.pop();
    }
    let lengths: Vec<String> = lengths.iter().map(u16::to_string).collect();
    let kernel = kernel(model);
    format!("Session<RoomOf<{kernel}, {}>>", lengths.join(", "))
}

/// The name in Rust of the fastest kernel that computes a model.
fn kernel(model: &Model<'_>) -> &'static str {
    match KernelName::best_for(model) {
        KernelName::FwhtPacked => "FwhtPacked",
        KernelName::Fwht => "Fwht",
        KernelName::Xnor => "XnorPopcount",
    }
}

/// The text of a Rust module with the model file `name.hdrn` beside it.
///
/// # Errors
/// `name` is not the name of a module, or the file is not a valid model.
pub fn module(name: &str, file: &ModelFile, usage: &Usage) -> Result<String> {
    ensure!(
        is_module(name),
        "\"{name}\" is not the name of a Rust module"
    );
    let model = file.model()?;
    let mut text = head(name, file, &model);
    let has_names = usage.classes.len() == model.class_count();
    let mut constants: Vec<(&str, String)> = (numbers(usage))
        .map(|(name, value, explanation)| {
            (explanation, format!("pub const {name}: usize = {value};"))
        })
        .collect();
    constants.extend(usage.rate_hz.map(|hz| {
        let item = format!("pub const RATE_HZ: f32 = {hz:?};");
        ("Samples of the sensor a second, in Hz.", item)
    }));
    constants.extend(channels(&usage.channels));
    constants.extend(usage.sensor.as_ref().map(|sensor| {
        let item = format!("pub const SENSOR: &str = {sensor:?};");
        ("Sensor and full scales whose counts the model reads.", item)
    }));
    if has_names {
        let names = usage.classes.iter().map(String::as_str);
        constants.push(("Names of the classes.", strings("CLASS_NAMES", names)));
    }
    for (explanation, item) in constants {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "/// {explanation}\n{item}\n");
    }
    embed(&mut text, name, &model, has_names);
    Ok(text)
}

/// The comment at the top.
fn head(name: &str, file: &ModelFile, model: &Model<'_>) -> String {
    let push = match model.tokens() {
        Some(_) => "session.push_token(token)?;",
        None => "session.push(&sample)?;",
    };
    let feature = match model.has_fast_path() {
        true => "",
        false => {
            "//!\n//! It needs the feature `fallback` of `hadamrnn-runtime`, which is a default.\n"
        }
    };
    format!(
        "//! The hadamrnn model \"{task}\": {bytes} bytes, in `{name}.hdrn`. Its sessions are `{session}`.\n//!\n\
         //! Written by hadamrnn {version} (`hadamrnn export --rust`). With `mod {name};`:\n//!\n\
         //! ```ignore\n\
         //! let model = {name}::MODEL.model()?;\n\
         //! let mut session = {name}::MODEL.session(&model)?;\n\
         //! {push}\n\
         //! {name}::MODEL.class_name(session.class());\n\
         //! ```\n{feature}\
         #![allow(dead_code, reason = \"a program takes of it what it needs\")]\n\n",
        task = visible::name(model.name()),
        bytes = file.bytes().len(),
        session = session_type(model),
        version = env!("CARGO_PKG_VERSION"),
    )
}

/// Names, values and explanations of how the model was trained to be used, as far as it is known.
fn numbers(usage: &Usage) -> impl Iterator<Item = (&'static str, usize, &'static str)> {
    let all = [
        (
            "WINDOW",
            usage.window,
            "Samples of a window, of those that are used: read the class after so many, then reset.",
        ),
        (
            "HOP",
            usage.hop,
            "Samples that are used from one window to the next in training; to answer so often, sessions run side by side.",
        ),
        (
            "DECIMATION",
            usage.decimation,
            "One of so many samples of the sensor is used: push the first of every so many.",
        ),
    ];
    let known = all.into_iter();
    known.filter_map(|(name, value, explanation)| Some((name, value?, explanation)))
}

/// Explanations and constants of the channels, where there are any.
fn channels(channels: &[Channel]) -> Vec<(&'static str, String)> {
    if channels.is_empty() {
        return Vec::new();
    }
    let names = channels.iter().map(|channel| channel.name.as_str());
    let sizes: Vec<String> = (channels.iter())
        .map(|channel| format!("{:?}", channel.lsb))
        .collect();
    let counts: Vec<String> = (channels.iter())
        .map(|channel| format!("{:?}", channel.counts_per_unit()))
        .collect();
    let mut all = vec![
        (
            "Names of the values of a sample, in their order.",
            strings("CHANNELS", names),
        ),
        (
            "Size of a count of each channel, in its unit.",
            array("CHANNEL_LSB", "f32", &sizes),
        ),
        (
            "Counts of each channel that are 1 of its unit.",
            array("CHANNEL_COUNTS_PER_UNIT", "f32", &counts),
        ),
    ];
    let units: Vec<&str> = channels.iter().filter_map(|channel| channel.unit).collect();
    if units.len() == channels.len() {
        let item = strings("CHANNEL_UNITS", units.into_iter());
        all.push(("Units of the channels.", item));
    }
    all
}

/// A constant array of texts.
fn strings<'a>(name: &str, items: impl Iterator<Item = &'a str>) -> String {
    // Debug of a text is its literal.
    let items: Vec<String> = items.map(|item| format!("{item:?}")).collect();
    array(name, "&str", &items)
}

/// A constant array, an item a line.
fn array(name: &str, of: &str, items: &[String]) -> String {
    let lines: String = items.iter().map(|item| format!("    {item},\n")).collect();
    format!(
        "#[rustfmt::skip]\npub const {name}: [{of}; {}] = [\n{lines}];",
        items.len()
    )
}

/// The model itself.
fn embed(text: &mut String, name: &str, model: &Model<'_>, has_names: bool) {
    let kernel = match kernel(model) {
        // The macro's own choice.
        "FwhtPacked" => String::new(),
        kernel => format!("\n        kernel = hadamrnn_runtime::kernel::{kernel},"),
    };
    let classes = match has_names {
        true => "\n        classes = CLASS_NAMES,",
        false => "",
    };
    let _ = writeln!(
        text,
        "hadamrnn_runtime::model! {{\n    /// The model. A `Session<'_, Room>` is a session of it.\n    \
         pub static MODEL: Room = \"{name}.hdrn\",{kernel}{classes}\n}}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model_folder::StoredModel;

    fn shipped(name: &str) -> StoredModel {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        StoredModel::read(&folder.join(name)).expect("a model folder")
    }

    #[test]
    fn sessions_have_room_for_what_the_model_has() {
        for (name, expected) in [
            ("har2", "Session<RoomOf<FwhtPacked, 128, 9>>"),
            (
                "har2-hidden",
                "Session<RoomOf<FwhtPacked, 128, 15, 128, 0, 128>>",
            ),
            ("imdb", "Session<RoomOf<FwhtPacked, 128, 0"),
        ] {
            let stored = shipped(name);
            let found = session_type(&stored.file.model().expect("valid"));
            assert!(found.starts_with(expected), "{name}: {found}");
        }
    }

    #[test]
    fn a_model_alone_has_a_module_without_names() {
        let stored = shipped("har2");
        let text = module("har2", &stored.file, &Usage::default()).expect("a module");
        assert!(!text.contains("pub const"), "{text}");
        assert!(!text.contains("CLASS_NAMES"), "{text}");
        assert!(
            text.contains("pub static MODEL: Room = \"har2.hdrn\",\n}"),
            "{text}"
        );
    }

    #[test]
    fn files_that_are_no_modules_are_refused() {
        for path in [
            "match.rs", "a-b.rs", "2go.rs", "model", "model.h", "_.rs", "é.rs", "a.b.rs",
            "self.rs", ".rs",
        ] {
            let error = name(Path::new(path)).expect_err(path).to_string();
            assert!(error.contains("gestures.rs"), "{path}: {error}");
        }
        for path in ["out/gestures.rs", "class.rs", "_x.rs", "A9_.rs"] {
            name(Path::new(path)).expect(path);
        }
    }
}
