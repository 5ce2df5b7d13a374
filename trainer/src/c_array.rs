//! A model as a C header: the array, what it runs in, and how to use it. For the C interface, `runtime-nostd/c`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use hadamrnn_c::{HADAMRNN_MOST_INPUTS, Shape};
use hadamrnn_runtime::Model;

use crate::integer::ModelFile;
use crate::usage::{Channel, Usage};
use crate::visible;

/// Words on a line of the array.
const WORDS_A_LINE: usize = 8;

/// Headers of C and POSIX, which are included by these names and `.h`: a file named so would be taken for them.
const SYSTEM_HEADERS: &str = "aio alloca assert complex ctype dirent dlfcn endian errno fcntl features fenv float fmtmsg \
    fnmatch ftw getopt glob grp iconv inttypes iso646 langinfo libgen limits locale malloc math memory monetary mqueue ndbm \
    netdb newlib nl_types poll pthread pwd regex sched search semaphore setjmp signal spawn stdalign stdarg stdatomic stdbit \
    stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string strings stropts syslimits syslog tar termios tgmath \
    threads time trace uchar ulimit unistd utime utmpx values varargs wchar wctype wordexp xlocale";

/// The name that a header at `path` gives its model: that of the file.
///
/// # Errors
/// In C or C++ the file could not be included by this name, or its contents would collide with others.
pub fn name(path: &Path) -> Result<&str> {
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = path.file_stem().and_then(|name| name.to_str());
    let name = name.unwrap_or_default();
    check(name)?;
    // Headers of C++ have no ending.
    ensure!(
        path.extension().is_some(),
        "\"{file_name}\" has no ending: name the file {name}.h"
    );
    let lower = file_name.to_lowercase();
    let is_system = lower
        .strip_suffix(".h")
        .is_some_and(|name| SYSTEM_HEADERS.split(' ').any(|system| system == name));
    ensure!(
        !is_system,
        "\"{file_name}\" is the name of a system header, in whose place a compiler would take the model: name the file after \
         what the model does, such as gestures.h"
    );
    Ok(name)
}

/// Whether `name` can begin the names in a header.
fn check(name: &str) -> Result<()> {
    ensure!(
        is_identifier(name),
        "\"{name}\" is not a name in C: name the file with letters, digits and underscores, such as har2.h"
    );
    ensure!(
        !name.to_lowercase().starts_with("hadamrnn"),
        "names that begin with hadamrnn are those of the C interface, hadamrnn.h: name the file after what the model does, \
         such as gestures.h"
    );
    Ok(())
}

/// A C header with `file` as `NAME_model`, `NAME` being `name`, and what C needs to know of it as `NAME_…`. `usage` adds how it
/// was trained: window, hop, decimation and rate, and the names of channels and classes.
///
/// The array has words, so that it is aligned; they are little-endian, as all cores are that the runtime supports.
///
/// # Errors
/// `name` is not a C identifier or one of the C interface's, the file is not a valid model, or the model has more inputs than the C interface takes.
pub fn header(name: &str, file: &ModelFile, usage: &Usage) -> Result<String> {
    check(name)?;
    let model = file.model()?;
    ensure!(
        model.tokens().is_some() || model.input_size() <= HADAMRNN_MOST_INPUTS,
        "the C interface takes models of up to {HADAMRNN_MOST_INPUTS} inputs, this one has {}",
        model.input_size()
    );
    let upper = name.to_uppercase();
    let guard = format!("HADAMRNN_MODEL_{upper}_H");
    let mut text = format!(
        "{}\n#ifndef {guard}\n#define {guard}\n\n#include <stdint.h>\n\n",
        comment(name, &upper, file, &model, usage)
    );
    for (what, value, explanation) in constants(&model, usage) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "/** {explanation} */\n#define {upper}_{what} {value}\n"
        );
    }
    array(&mut text, name, file);
    let _ = writeln!(text, "\n#endif /* {guard} */");
    Ok(text)
}

fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// Comment at the top of the file, for people.
fn comment(name: &str, upper: &str, file: &ModelFile, model: &Model<'_>, usage: &Usage) -> String {
    let layers = model.second().map_or(String::new(), |second| {
        format!(" and {}", second.layer().hidden_size())
    });
    let push = match model.tokens() {
        Some(_) => "hadamrnn_push_token(net, token)".into(),
        None => format!("hadamrnn_push(net, sample, {upper}_SAMPLE_SIZE)"),
    };
    let channels = channels(&usage.channels);
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
        ("fallback", !model.has_fast_path()),
    ];
    let needed = others.into_iter().filter(|(_, needed)| *needed);
    features.extend(needed.map(|(name, _)| name.into()));
    features
}

/// The channels of a sample, each with its unit.
fn channels(channels: &[Channel]) -> String {
    if channels.is_empty() {
        return String::new();
    }
    let mut text = String::from(" * Channels of a sample, as counts of so much each:\n");
    for Channel { name, lsb, unit } in channels {
        let unit = unit.map_or(String::new(), |unit| format!(" {unit}"));
        let _ = writeln!(text, " *     {} {lsb}{unit}", in_comment(name));
    }
    text.push_str(" *\n");
    text
}

/// A constant: its name after that of the model, its value, and its explanation.
type Constant = (&'static str, String, &'static str);

fn constants(model: &Model<'_>, usage: &Usage) -> Vec<Constant> {
    let mut all = sizes(model);
    all.extend(timing(usage));
    if usage.classes.len() == model.class_count() {
        all.push((
            "CLASS_NAMES",
            list(usage.classes.iter().map(|name| literal(name))),
            "Names of the classes, for an array of const char *.",
        ));
    }
    all.extend(described(&usage.channels));
    all.extend(usage.sensor.as_ref().map(|sensor| {
        let explanation = "Sensor and full scales whose counts the model reads.";
        ("SENSOR", literal(sensor), explanation)
    }));
    all.push((
        "LIBRARY_FEATURES",
        literal(&features(model).join(",")),
        "The features that the C library needs for this model, as --features of its build takes them.",
    ));
    all
}

/// Sizes, which every model has.
fn sizes(model: &Model<'_>) -> Vec<Constant> {
    let shape = Shape::of(model);
    let (pointers, bytes) = (shape.pointers(), shape.other_bytes());
    let input = match model.tokens() {
        Some(tokens) => (
            "VOCABULARY",
            tokens.vocabulary.to_string(),
            "Tokens are below this.",
        ),
        None => (
            "SAMPLE_SIZE",
            model.sample_size().to_string(),
            "Values of a sample: its channels.",
        ),
    };
    vec![
        (
            "MEMORY_WORDS",
            format!("(({pointers} * sizeof(void *) + {bytes} + 7) / 8)"),
            "Memory for hadamrnn_start(), in words of eight bytes.",
        ),
        input,
        ("OUTPUTS", model.output_size().to_string(), "Logits."),
        ("CLASSES", model.class_count().to_string(), "Classes."),
    ]
}

/// How the model was trained to be used, as far as it is known.
fn timing(usage: &Usage) -> impl Iterator<Item = Constant> {
    let number = |number: Option<usize>| number.map(|number| number.to_string());
    let all = [
        (
            "WINDOW",
            number(usage.window),
            "Samples of a window, of those that are used: read the class after so many, then reset.",
        ),
        (
            "HOP",
            number(usage.hop),
            "Samples that are used from one window to the next in training; to answer so often, networks run side by side.",
        ),
        (
            "DECIMATION",
            number(usage.decimation),
            "One of so many samples of the sensor is used: push the first of every so many.",
        ),
        (
            "RATE_HZ",
            usage.rate_hz.map(rate),
            "Samples of the sensor a second; an integer where it is whole.",
        ),
    ];
    let known = all.into_iter();
    known.filter_map(|(name, value, explanation)| Some((name, value?, explanation)))
}

/// A rate as a number of C.
fn rate(hz: f32) -> String {
    match hz.fract() == 0.0 && hz < 65_536.0 {
        true => format!("{hz}"),
        false => float(hz),
    }
}

/// A literal of the type float. It has an exponent, and so is none of an integer.
fn float(value: f32) -> String {
    format!("{value:e}f")
}

/// Names, units and sizes of channels, where there are any.
fn described(channels: &[Channel]) -> Vec<Constant> {
    if channels.is_empty() {
        return Vec::new();
    }
    let mut all = vec![
        (
            "CHANNEL_NAMES",
            list(channels.iter().map(|channel| literal(&channel.name))),
            "Names of the values of a sample in their order, for an array of const char *.",
        ),
        (
            "CHANNEL_LSB",
            list(channels.iter().map(|channel| float(channel.lsb))),
            "Size of a count of each channel, in its unit, for an array of float.",
        ),
        (
            "CHANNEL_COUNTS_PER_UNIT",
            list(
                channels
                    .iter()
                    .map(|channel| float(channel.counts_per_unit())),
            ),
            "Counts of each channel that are 1 of its unit, for an array of float.",
        ),
    ];
    if channels.iter().all(|channel| channel.unit.is_some()) {
        let units = channels.iter().filter_map(|channel| channel.unit);
        all.push((
            "CHANNEL_UNITS",
            list(units.map(literal)),
            "Units of the channels, for an array of const char *.",
        ));
    }
    all
}

/// An initialiser of an array.
fn list(items: impl Iterator<Item = String>) -> String {
    format!("{{ {} }}", items.collect::<Vec<_>>().join(", "))
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

/// Text that neither ends the comment it is in nor looks as if it did.
fn in_comment(text: &str) -> String {
    let text = visible::text(text).replace(['\n', '\t'], " ");
    text.replace("*/", "* /").replace("/*", "/ *")
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
    use super::*;
    use crate::model_folder::StoredModel;

    fn shipped(name: &str) -> (ModelFile, Usage) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../models")
            .join(name);
        let stored = StoredModel::read(&folder).expect("a model");
        let usage = Usage::of(&stored).expect("valid");
        (stored.file, usage)
    }

    #[test]
    fn the_array_is_the_file() {
        let (file, usage) = shipped("har2");
        let text = header("har2", &file, &usage).expect("a header");
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
            "#define HAR2_WINDOW 128\n",
            "#define HAR2_HOP 64\n",
            "#define HAR2_DECIMATION 1\n",
            "#define HAR2_RATE_HZ 50\n",
            "#define HAR2_CHANNEL_COUNTS_PER_UNIT { 8.192e3f, ",
            "#define HAR2_CHANNEL_UNITS { \"g\", \"g\", \"g\", \"rad/s\", ",
            "#define HAR2_LIBRARY_FEATURES \"hidden-128\"\n",
            " *     body_acc_x 0.00012207031 g\n",
            "--features hidden-128\n",
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
    }

    #[test]
    fn tokens_have_a_vocabulary() {
        let (file, usage) = shipped("imdb");
        let text = header("imdb", &file, &usage).expect("a header");
        assert!(text.contains("IMDB_VOCABULARY") && text.contains("hadamrnn_push_token"));
        assert!(!text.contains("SAMPLE_SIZE"));
        let (file, usage) = shipped("har2-two-layers");
        let text = header("two", &file, &usage).expect("a header");
        assert!(text.contains("layered,fallback\n"), "{text}");
    }

    #[test]
    fn rates_are_integers_where_they_are_whole() {
        assert_eq!([50.0, 62.61, 1e9].map(rate), ["50", "6.261e1f", "1e9f"]);
    }

    #[test]
    fn names_are_literals_and_end_no_comment() {
        assert_eq!(literal("a\"b\\é??/"), "\"a\\\"b\\\\\\303\\251\\?\\?/\"");
        assert_eq!(
            in_comment("a*/b\nc/*/\u{202e}\u{1b}[d"),
            "a* /b c/ * /\\u202e\\u001b[d"
        );
        let (file, _) = shipped("har2");
        for name in ["2har", "", "a-b", "é"] {
            let error = header(name, &file, &Usage::default()).expect_err("not a name");
            assert!(error.to_string().contains("har2.h"), "{error}");
        }
    }

    #[test]
    fn files_that_would_hide_others_are_refused() {
        for path in [
            "hadamrnn.h",
            "out/Hadamrnn.h",
            "HADAMRNN_ERROR.hpp",
            "stdint.h",
            "String.H",
            "a/unistd.h",
            "version",
            "my-model.h",
            "two.parts.h",
            "..",
        ] {
            let error = name(Path::new(path)).expect_err(path).to_string();
            let has_remedy = [".h", "name"].iter().all(|part| error.contains(part));
            assert!(has_remedy, "{path}: {error}");
        }
        for path in [
            "har2.h",
            "out/class.h",
            "int.hpp",
            "MODEL.H",
            "model.c",
            "string.hpp",
        ] {
            assert!(name(Path::new(path)).is_ok(), "{path}");
        }
    }
}
