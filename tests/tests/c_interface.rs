//! The C example, compiled by a C compiler against the static library and run on emulated cores, against the host.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use hadamrnn::board::FirmwareFolder;
use hadamrnn::c_array;
use hadamrnn::integer::{Answer, ModelFile};
use hadamrnn::model_folder::StoredModel;
use hadamrnn::usage::Usage;
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder with a shipped model as `model.h` and its windows.
fn shipped(name: &str) -> (TempDir, ModelFile, Vec<Answer>) {
    let from = root().join("models").join(name);
    let stored = StoredModel::read(&from).expect("a model folder");
    let usage = Usage::of(&stored).expect("valid");
    let (file, beside) = (stored.file, stored.folder.expect("a folder"));
    let header = c_array::header("model", &file, &usage).expect("a header");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("model.h"), header).expect("written");
    std::fs::copy(from.join("windows.bin"), folder.path().join("windows.bin")).expect("copied");
    (folder, file, beside.golden)
}

fn run(command: &mut Command) -> Output {
    let output = command.output();
    output.unwrap_or_else(|error| panic!("{command:?}: {error}: run firmware-examples/setup.sh"))
}

/// Builds of one target share a folder: one at a time.
static BUILDING: Mutex<()> = Mutex::new(());

/// Builds the example around `folder/model.h`, runs it on a board and returns what it printed and its status.
fn on_board(board: &str, folder: &Path, features: &str) -> (String, Option<i32>) {
    let firmware =
        FirmwareFolder::locate(Some(&root().join("firmware-examples"))).expect("sources");
    let board = firmware.board(board).expect("in the registry");
    let mut build = Command::new(firmware.path().join("c/build.sh"));
    build
        .args([&board.target, "model.h", "."])
        .args(["--no-default-features", "--features", features])
        .current_dir(folder);
    // Settings of the cargo that runs this test are for the host.
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC", "CARGO"] {
        build.env_remove(variable);
    }
    let building = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    let built = run(&mut build);
    drop(building);
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let mut emulator = Command::new(&board.qemu);
    let output = run(emulator
        .args(board.qemu_args("firmware.elf"))
        .current_dir(folder));
    // Semihosting prints to the emulator's standard error.
    let text = [output.stdout, output.stderr].concat();
    (
        String::from_utf8_lossy(&text).into_owned(),
        output.status.code(),
    )
}

/// The lines that the example prints for these answers.
fn lines(answers: &[Answer]) -> Vec<String> {
    let lines = answers.iter().enumerate().map(|(window, answer)| {
        let logits: Vec<String> = answer.logits.iter().map(i32::to_string).collect();
        format!(
            "{window}: class {}, logits {}",
            answer.class,
            logits.join(" ")
        )
    });
    lines.collect()
}

#[test]
fn c_firmware_classifies_as_the_host_does() {
    for (board, name) in [
        ("qemu-m0", "har2"),
        ("qemu-m4", "har2"),
        ("qemu-m4", "har6"),
        ("qemu-m0", "har2-two-layers"),
    ] {
        let (folder, file, golden) = shipped(name);
        let features = c_array::features(&file.model().expect("valid")).join(",");
        let (text, status) = on_board(board, folder.path(), &features);
        assert_eq!(status, Some(0), "{board} {name}: {text}");
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            lines(&golden),
            "{board} {name}"
        );
    }
}

#[test]
fn c_firmware_says_why_it_cannot_start() {
    let (folder, _, _) = shipped("har2");
    let (text, status) = on_board("qemu-m4", folder.path(), "hidden-64");
    assert_eq!(status, Some(1));
    assert!(
        text.contains("error: no room for a model of this size or kind"),
        "{text}"
    );

    // One bit of a weight, in the middle of the array.
    let header = folder.path().join("model.h");
    let text = std::fs::read_to_string(&header).expect("a header");
    let at = text.rfind("0x").expect("a word") - 1000;
    let digit = at + text[at..].find("0x").expect("a word") + 2;
    let other = if text[digit..].starts_with('0') {
        "1"
    } else {
        "0"
    };
    let changed = [&text[..digit], other, &text[digit + 1..]].concat();
    std::fs::write(&header, changed).expect("written");
    let (text, status) = on_board("qemu-m4", folder.path(), "hidden-128");
    assert_eq!(status, Some(1));
    assert!(text.contains("error: the model is corrupted"), "{text}");
}

/// Names that users pick, all of them in one program.
const NAMES: [&str; 10] = [
    "model", "Model2", "class", "int", "main", "A9_", "linux", "template", "inline", "x",
];

/// A name that ends comments and literals where it is not escaped.
const STRANGE: &str = "a*/\"??/\\/*é\u{202e}\n";

/// The text of a program with the models of all [`NAMES`], whose headers are written into `folder`.
fn with_all_names(folder: &Path, file: &ModelFile, usage: &Usage) -> String {
    let mut source = String::from("#include \"hadamrnn.h\"\n");
    for name in NAMES {
        let text = c_array::header(name, file, usage).expect("a header");
        std::fs::write(folder.join(format!("{name}.h")), text).expect("written");
        let upper = name.to_uppercase();
        source += &format!(
            "#include \"{name}.h\"\n#include \"{name}.h\"\n\
             uint64_t memory_{name}[{upper}_MEMORY_WORDS];\n\
             const char *const names_{name}[{upper}_CLASSES] = {upper}_CLASS_NAMES;\n\
             const char *const channels_{name}[{upper}_SAMPLE_SIZE] = {upper}_CHANNEL_NAMES;\n\
             const char *const units_{name}[{upper}_SAMPLE_SIZE] = {upper}_CHANNEL_UNITS;\n\
             const float lsb_{name}[{upper}_SAMPLE_SIZE] = {upper}_CHANNEL_LSB;\n\
             const float rate_{name} = {upper}_RATE_HZ;\n\
             const char *const features_{name} = {upper}_LIBRARY_FEATURES;\n\
             const int timing_{name}[] = {{ {upper}_WINDOW, {upper}_HOP, {upper}_DECIMATION }};\n\
             hadamrnn_error start_{name}(hadamrnn **net) {{\n    \
             return hadamrnn_start(net, memory_{name}, sizeof memory_{name}, {name}_model, sizeof {name}_model);\n}}\n"
        );
    }
    source
}

#[test]
fn the_headers_are_c_and_cpp() {
    let (folder, file, _) = shipped("har2");
    let from = StoredModel::read(&root().join("models/har2")).expect("a model");
    let mut usage = Usage::of(&from).expect("valid");
    usage.classes[0] = STRANGE.into();
    usage.channels[0].name = STRANGE.into();
    usage.rate_hz = Some(62.61);
    let source = with_all_names(folder.path(), &file, &usage);
    std::fs::write(folder.path().join("all.c"), source).expect("written");
    for language in [
        ["c", "-std=c99"],
        ["c", "-std=c11"],
        ["c", "-std=c17"],
        ["c", "-std=c2x"],
        ["c++", "-std=c++11"],
        ["c++", "-std=c++14"],
        ["c++", "-std=c++17"],
        ["c++", "-std=c++20"],
    ] {
        let output = run(Command::new("arm-none-eabi-gcc")
            .args([
                "-fsyntax-only",
                "-ffreestanding",
                "-Wall",
                "-Wextra",
                "-Wpedantic",
                "-Werror",
                "-x",
            ])
            .args(language)
            .arg("-I")
            .arg(root().join("runtime-nostd/c"))
            .arg("all.c")
            .current_dir(folder.path()));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{language:?}: {errors}");
    }
}

/// Prints what the header says, a line each.
const PRINTING: &str = r#"
#include <stdio.h>
#include "half.h"
int main(void) {
    const char *const classes[HALF_CLASSES] = HALF_CLASS_NAMES;
    const char *const channels[HALF_SAMPLE_SIZE] = HALF_CHANNEL_NAMES;
    const char *const units[HALF_SAMPLE_SIZE] = HALF_CHANNEL_UNITS;
    const float lsb[HALF_SAMPLE_SIZE] = HALF_CHANNEL_LSB;
    printf("%d %d %d %d %s\n", HALF_WINDOW, HALF_HOP, HALF_DECIMATION, HALF_RATE_HZ, HALF_LIBRARY_FEATURES);
    for (int i = 0; i < HALF_CLASSES; i++) puts(classes[i]);
    for (int i = 0; i < HALF_SAMPLE_SIZE; i++) printf("%s %.9g %s\n", channels[i], lsb[i], units[i]);
    return sizeof half_model == 0;
}
"#;

/// How a model was trained arrives in a C program, digit for digit.
#[test]
fn a_c_program_reads_how_the_model_was_trained() {
    let stored = StoredModel::read(&root().join("models/har2-hidden")).expect("a model");
    let mut usage = Usage::of(&stored).expect("valid");
    usage.classes[0] = STRANGE.into();
    let header = c_array::header("half", &stored.file, &usage).expect("a header");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("half.h"), header).expect("written");
    std::fs::write(folder.path().join("main.c"), PRINTING).expect("written");
    let flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
    let mut compiler = Command::new("cc");
    compiler.args(flags).args(["main.c", "-o", "main"]);
    let built = run(compiler.current_dir(folder.path()));
    let errors = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{errors}");
    let output = run(&mut Command::new(folder.path().join("main")));
    let text = String::from_utf8(output.stdout).expect("text");
    let features = c_array::features(&stored.file.model().expect("valid")).join(",");
    let rest = text.strip_prefix(&format!(
        "64 32 2 50 {features}\n{STRANGE}\n{}\n",
        usage.classes[1]
    ));
    let rest = rest.unwrap_or_else(|| panic!("{text}"));
    let found: Vec<&str> = rest.lines().collect();
    assert_eq!(found.len(), usage.channels.len());
    for (line, channel) in found.iter().zip(&usage.channels) {
        let mut words = line.split(' ');
        assert_eq!(words.next(), Some(channel.name.as_str()));
        let lsb = words.next().and_then(|word| word.parse().ok());
        assert_eq!(lsb, Some(channel.lsb));
        assert_eq!(words.next(), channel.unit);
    }
}
