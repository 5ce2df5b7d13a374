//! Names from boards and files are shown, never obeyed.

mod common;
mod scripted;

use std::path::Path;

use common::{path, run};
use hadamrnn::card::{self, Card};
use hadamrnn::integer::ModelFile;
use hadamrnn_device::descriptor::Descriptor;
use hadamrnn_device::link::{Ask, Reply};
use hadamrnn_device::slots::ModelId;
use hadamrnn_runtime::format::SectionLengths;
use scripted::{FIRMWARE, board, harmless, has_har2, model, monitored, refused, status};

/// Escape sequences that a terminal would obey: colour, title, direction.
const NAME: &str = "\u{1b}[35mX\u{1b}]0;T\u{7}\u{202e}\n\u{9b}1m";
const SHOWN: &str = "\\u001b[35mX\\u001b]0;T\\u0007\\u202e\\u000a\\u009b1m";

#[test]
fn names_from_boards_are_shown_not_obeyed() {
    let send = [
        "send",
        "../models/har2",
        "--no-restart",
        "--window",
        "128",
        "--hop",
        "128",
    ];
    let sent = |more: &[&str]| {
        let port = board(has_har2(NAME));
        run(&[&send[..], &["--port", &port], more].concat())
    };
    let output = sent(&[]);
    let (out, error) = harmless(&output);
    assert!(output.status.success(), "{error}");
    assert!(
        out.contains(&format!("the board runs \"{SHOWN}\"")),
        "{out}"
    );
    let (out, _) = harmless(&sent(&["--json"]));
    let told: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(told["status"]["name"], NAME);

    let (_, error) = harmless(&monitored(has_har2(NAME)));
    assert!(error.contains(SHOWN), "{error}");

    let small = |ask: &Ask<'_>| {
        let board = "\u{1b}[35mB";
        let firmware = Descriptor {
            board,
            channels: 1,
            ..FIRMWARE
        };
        matches!(ask, Ask::Hello).then_some(Reply::Firmware(firmware))
    };
    let output = run(&["send", "../models/har2", "--port", &board(small)]);
    refused(&output, &["the firmware of \\u001b[35mB does not say"]);
    harmless(&output);
}

/// A folder of har2 with other names: of the model itself, its first class and its first channel.
fn renamed(folder: &Path, card: &str) {
    let har2 = model();
    let header = *har2.model().expect("valid").header();
    let words = SectionLengths::of(&header).expect("known widths").total();
    let weights = &har2.bytes()[har2.bytes().len() - 4 - 4 * words..];
    let (weights, _) = weights.as_chunks::<4>();
    let weights: Vec<u32> = weights[..words]
        .iter()
        .map(|word| u32::from_le_bytes(*word))
        .collect();
    let name = "\u{1b}[35mM";
    let header = hadamrnn_runtime::format::Header { name, ..header };
    let mut bytes = vec![0; 2048];
    let length = hadamrnn_runtime::format::encode(&header, &weights, &mut bytes).expect("fits");
    let bytes = &bytes[..length];
    let (_, card) = card.split_once('\n').expect("a digest, then the card");
    let mut card = Card::parse(card).expect("a card");
    (card.sha256, card.bytes) = (card::sha256(bytes), length);
    std::fs::write(folder.join("model.hdrn"), bytes).expect("is written");
    std::fs::write(folder.join("card.toml"), card.to_text().expect("TOML")).expect("is written");
    for name in ["windows.bin", "golden.json"] {
        std::fs::copy(format!("../models/har2/{name}"), folder.join(name)).expect("is copied");
    }
}

#[test]
fn names_from_files_are_shown_not_obeyed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let card = std::fs::read_to_string("../models/har2/card.toml").expect("a card");
    let named = card.replace("\"OTHER\"", r#""\u001B[35mC\u202E\nD""#);
    assert_ne!(named, card);
    renamed(folder, &named);
    let file = ModelFile::read(&folder.join("model.hdrn")).expect("is there");
    let id = ModelId::of(file.bytes());

    let (out, error) = harmless(&run(&["inspect", path(folder)]));
    assert!(out.contains("\\u001b[35mM"), "{out}{error}");
    let (out, error) = harmless(&run(&["inspect", path(folder), "--json"]));
    let told: serde_json::Value = serde_json::from_str(&out).expect(&error);
    assert_eq!(told["header"]["name"], "\u{1b}[35mM");

    let port = board(move |ask| match ask {
        Ask::Model => Some(Reply::Model(id)),
        Ask::Status => Some(Reply::Status(status("\u{1b}[35mM", 2))),
        _ => None,
    });
    let watch = ["monitor", "--plain", "--count", "2", "--port", &port];
    let (out, error) = harmless(&run(&[&watch[..], &["--model", path(folder)]].concat()));
    assert!(
        out.starts_with("window 0: \\u001b[35mC\\u202e\\u000aD "),
        "{out}{error}"
    );

    // A model file without its card is of the task that it is named after.
    for name in ["card.toml", "windows.bin", "golden.json"] {
        std::fs::remove_file(folder.join(name)).expect("was there");
    }
    let output = run(&["eval", path(&folder.join("model.hdrn"))]);
    refused(&output, &["\\u001b[35mM"]);
    harmless(&output);
    // A card that is none: its line is part of the message.
    std::fs::write(folder.join("card.toml"), "classes = \u{1b}[35m\n").expect("is written");
    let output = run(&["eval", path(folder)]);
    refused(&output, &["card.toml"]);
    harmless(&output);

    let recording = folder.join("walk.csv");
    for csv in [
        "\u{1b}[35mL,x\nwalk,1\n",
        "label,\u{1b}[35mx\u{202e},y\nwalk,1,2\nwalk,1,\u{1b}[1m\n",
        "label,\u{1b}[35mx,y\nwalk,\u{1b}[1m,2\n",
        "label,x\n\u{1b}[35mL,1\n",
        "label,\u{1b}[35mx,\u{1b}[35mx\nwalk,1,2\n",
    ] {
        std::fs::write(&recording, csv).expect("is written");
        let run_folder = folder.join("run");
        let train = ["train", "recordings", "--out", path(&run_folder)];
        let output = run(&[&train[..], &["--data-dir", path(&recording)]].concat());
        refused(&output, &["\\u001b["]);
        harmless(&output);
    }
}
