//! A model as a C header: the array, what it runs in, and how to use it. For the C interface, `runtime-nostd/c`.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use hadamrnn_c::{HADAMRNN_MOST_INPUTS, Shape};
use hadamrnn_runtime::Model;

use crate::card::Card;
use crate::integer::ModelFile;

/// Words on a line of the array.
const WORDS_A_LINE: usize = 8;

/// A C header with `file` as `NAME_model`, `NAME` being `name`, and what C needs to know of it as `NAME_…`. `card` adds the
/// names of channels and classes.
///
/// The array has words, so that it is aligned; they are little-endian, as all cores are that the runtime supports.
///
/// # Errors
/// `name` is not a C identifier, the file is not a valid model, or the model has more inputs than the C interface takes.
pub fn header(name: &str, file: &ModelFile, card: Option<&Card>) -> Result<String> {
    ensure!(
        is_identifier(name),
        "\"{name}\" is not a name in C: name the file with letters, digits and underscores, such as har2.h"
    );
    let model = file.model()?;
    ensure!(
        model.tokens().is_some() || model.input_size() <= HADAMRNN_MOST_INPUTS,
        "the C interface takes models of up to {HADAMRNN_MOST_INPUTS} inputs, this one has {}",
        model.input_size()
    );
    let upper = name.to_uppercase();
    let mut text = format!(
        "{}\n#ifndef {upper}_H\n#define {upper}_H\n\n#include <stdint.h>\n\n",
        comment(name, &upper, file, &model, card)
    );
    for (what, value, explanation) in constants(&model, card) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "/** {explanation} */\n#define {upper}_{what} {value}\n"
        );
    }
    array(&mut text, name, file);
    let _ = writeln!(text, "\n#endif /* {upper}_H */");
    Ok(text)
}

fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// What the file is, for people.
fn comment(
    name: &str,
    upper: &str,
    file: &ModelFile,
    model: &Model<'_>,
    card: Option<&Card>,
) -> String {
    let layers = model.second().map_or(String::new(), |second| {
        format!(" and {}", second.layer().hidden_size())
    });
    let push = match model.tokens() {
        Some(_) => "hadamrnn_push_token(net, token)".into(),
        None => format!("hadamrnn_push(net, sample, {upper}_SAMPLE_SIZE)"),
    };
    let channels = card.map_or(String::new(), channels);
    format!(
        "/*\n * The hadamrnn model \"{task}\": {bytes} bytes, {hidden}{layers} hidden units.\n *\n\
         {channels} * Written by hadamrnn {version} (hadamrnn export --c). Include it in one source file; see hadamrnn.h:\n *\n\
         \x20*     static uint64_t memory[{upper}_MEMORY_WORDS];\n *\n\
         \x20*     hadamrnn_start(&net, memory, sizeof memory, {name}_model, sizeof {name}_model);\n\
         \x20*     {push};\n *     hadamrnn_class(net);\n *\n\
         \x20* The smallest library that runs it: runtime-nostd/c/build.sh TARGET FOLDER --no-default-features \\\n\
         \x20*     --features {features}\n */",
        features = features(model).join(","),
        task = in_comment(model.name()),
        bytes = file.bytes().len(),
        hidden = model.hidden_size(),
        version = env!("CARGO_PKG_VERSION"),
    )
}

/// The features that a library for this model alone needs.
pub fn features(model: &Model<'_>) -> Vec<String> {
    let shape = Shape::of(model);
    let mut features = vec![format!("hidden-{}", shape.capacity)];
    let others = [
        ("layered", shape.layered),
        ("pooled", shape.pooled && !shape.layered),
        ("wide", shape.wide),
        ("any-shape", !model.has_common_shape()),
    ];
    let needed = others.into_iter().filter(|(_, needed)| *needed);
    features.extend(needed.map(|(name, _)| name.into()));
    features
}

/// The channels of a sample, each with its unit.
fn channels(card: &Card) -> String {
    let mut text = String::new();
    if card.input_lsb.len() == card.channels.len() {
        text.push_str(" * Channels of a sample, as counts of so much each:\n");
        for (channel, lsb) in card.channels.iter().zip(&card.input_lsb) {
            let _ = writeln!(text, " *     {} {lsb}", in_comment(channel));
        }
        text.push_str(" *\n");
    }
    text
}

/// Names, values and explanations of the constants.
fn constants(model: &Model<'_>, card: Option<&Card>) -> Vec<(&'static str, String, &'static str)> {
    let shape = Shape::of(model);
    let (pointers, bytes) = (shape.pointers(), shape.other_bytes());
    let mut all = vec![(
        "MEMORY_WORDS",
        format!("(({pointers} * sizeof(void *) + {bytes} + 7) / 8)"),
        "Memory for hadamrnn_start(), in words of eight bytes.",
    )];
    match model.tokens() {
        Some(tokens) => all.push((
            "VOCABULARY",
            tokens.vocabulary.to_string(),
            "Tokens are below this.",
        )),
        None => all.push((
            "SAMPLE_SIZE",
            model.sample_size().to_string(),
            "Values of a sample.",
        )),
    }
    all.push(("OUTPUTS", model.output_size().to_string(), "Logits."));
    all.push(("CLASSES", model.class_count().to_string(), "Classes."));
    if let Some(card) = card.filter(|card| card.classes.len() == model.class_count()) {
        let names: Vec<String> = card.classes.iter().map(|name| literal(name)).collect();
        all.push((
            "CLASS_NAMES",
            format!("{{ {} }}", names.join(", ")),
            "Names of the classes, for an array of const char *.",
        ));
    }
    all
}

fn array(text: &mut String, name: &str, file: &ModelFile) {
    let words: Vec<u32> = (file.bytes().as_chunks().0.iter())
        .map(|word| u32::from_le_bytes(*word))
        .collect();
    let _ = writeln!(
        text,
        "static const uint32_t {name}_model[{}] = {{",
        words.len()
    );
    for line in words.chunks(WORDS_A_LINE) {
        let line: Vec<String> = line.iter().map(|word| format!("0x{word:08x},")).collect();
        let _ = writeln!(text, "    {}", line.join(" "));
    }
    text.push_str("};\n");
}

/// Text that does not end the comment it is in.
fn in_comment(text: &str) -> String {
    text.replace("*/", "* /").replace(['\n', '\r'], " ")
}

/// A string literal, in ASCII.
fn literal(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'?' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        // Octal escapes end after three digits, whatever follows.
        _ => format!("\\{byte:03o}"),
    });
    format!("\"{}\"", bytes.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn shipped(name: &str) -> (ModelFile, Card) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../models")
            .join(name);
        let file = ModelFile::read(&folder.join("model.hdrn")).expect("a model");
        (file, Card::read(&folder).expect("a card"))
    }

    #[test]
    fn the_array_is_the_file() {
        let (file, card) = shipped("har2");
        let text = header("har2", &file, Some(&card)).expect("a header");
        let words = text.split_once("_model[249] = {").expect("249 words").1;
        let bytes: Vec<u8> = (words.split("0x").skip(1))
            .flat_map(|word| {
                u32::from_str_radix(&word[..8], 16)
                    .expect("a word")
                    .to_le_bytes()
            })
            .collect();
        assert_eq!(bytes, file.bytes());
        for expected in [
            "#define HAR2_SAMPLE_SIZE 9\n",
            "#define HAR2_CLASSES 2\n",
            "#define HAR2_CLASS_NAMES { \"OTHER\", \"SITTING_LAYING_UPSTAIRS\" }\n",
            " *     body_acc_x 0.00012207031\n",
            "--features hidden-128\n",
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
    }

    #[test]
    fn tokens_have_a_vocabulary() {
        let (file, card) = shipped("imdb");
        let text = header("imdb", &file, Some(&card)).expect("a header");
        assert!(text.contains("IMDB_VOCABULARY") && text.contains("hadamrnn_push_token"));
        assert!(!text.contains("SAMPLE_SIZE"));
        let (file, card) = shipped("har2-two-layers");
        let text = header("two", &file, Some(&card)).expect("a header");
        assert!(text.contains("layered,any-shape\n"), "{text}");
    }

    #[test]
    fn names_are_literals_and_end_no_comment() {
        assert_eq!(literal("a\"b\\é??/"), "\"a\\\"b\\\\\\303\\251\\?\\?/\"");
        assert_eq!(in_comment("a*/b\nc"), "a* /b c");
        let (file, _) = shipped("har2");
        for name in ["2har", "", "a-b", "é"] {
            let error = header(name, &file, None).expect_err("not a name");
            assert!(error.to_string().contains("har2.h"), "{error}");
        }
    }
}
