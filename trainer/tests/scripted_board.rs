//! Boards that say what a board should not, and names that a terminal would obey: the programs against a scripted board
//! at a socket.

mod common;

use hadamrnn_device::channels::Channels;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use common::{hadamrnn, path, run, text};
use hadamrnn::card::{self, Card};
use hadamrnn::integer::ModelFile;
use hadamrnn_device::descriptor::{Descriptor, Kernel};
use hadamrnn_device::link::{
    Ask, Decoder, Logits, MAX_FRAME, MAX_REQUEST, Message, PROTOCOL, Reply, Request, Status, encode,
};
use hadamrnn_device::slots::{Fault, ModelId, NewModel, Running, SlotError, SlotHeader, Timing};
use hadamrnn_runtime::Capacities;
use hadamrnn_runtime::format::SectionLengths;

const FIRMWARE: Descriptor<'_> = Descriptor {
    board: "scripted",
    version: [0; 3],
    kernel: Kernel::FwhtPacked,
    fallback: true,
    protocol: PROTOCOL,
    capacities: Capacities {
        hidden: 128,
        inputs: 16,
        pool: 128,
        second: 128,
        read: 64,
    },
    channels: 9,
    rate: 50,
    window: 128,
    sessions: 1,
    slots_origin: 0,
    slot_size: 8192,
    gives: Channels::UNSTATED,
};

const TIMING: Timing = Timing {
    window: 128,
    hop: 128,
    decimation: 1,
    ..Timing::OPEN
};

/// Status of a board with empty slots.
fn status(name: &'static str, classes: u16) -> Status<'static> {
    Status {
        running: Running::BuiltIn,
        slots: [Err(Fault::Empty); 2],
        name,
        classes,
        timing: TIMING,
        transfer: None,
        rejected: 0,
    }
}

/// A board that has har2 in a slot, and runs a model of this name.
fn has_har2(name: &'static str) -> impl Fn(&Ask<'_>) -> Option<Reply<'static>> {
    move |ask| match ask {
        Ask::Begin(_) => Some(Reply::Done),
        Ask::Status => Some(Reply::Status(Status {
            slots: [Ok(header()), Err(Fault::Empty)],
            ..status(name, 2)
        })),
        Ask::Model => Some(Reply::Model(ModelId::of(&[]))),
        _ => None,
    }
}

/// Starts a board that answers as the script says, and otherwise as one that runs har2; gives its port. When its classes
/// are asked for, it tells one of each.
fn board(script: impl Fn(&Ask<'_>) -> Option<Reply<'static>> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = format!("tcp:{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let (mut link, _) = listener.accept().expect("the program connects");
        let mut decoder = Decoder::<MAX_REQUEST>::default();
        let mut bytes = [0; 512];
        // Until the program has ended, whose end of the link is closed then.
        while let Ok(count @ 1..) = link.read(&mut bytes) {
            for &byte in &bytes[..count] {
                let Some(Request { id, ask }) = decoder.push::<Request<'_>>(byte) else {
                    continue;
                };
                let reply = script(&ask).or(match ask {
                    Ask::Hello => Some(Reply::Firmware(FIRMWARE)),
                    Ask::Status => Some(Reply::Status(status("har2", 2))),
                    Ask::Stream { .. } => Some(Reply::Done),
                    _ => None,
                });
                let Some(reply) = reply else { continue };
                let mut messages = vec![Message::Answer { id, reply }];
                if matches!(ask, Ask::Stream { classes: true, .. }) {
                    messages.extend((0..2).map(|class| Message::Class {
                        index: class.into(),
                        class,
                        logits: Logits::from_slice(&[3, -4]).expect("fits"),
                    }));
                }
                for message in messages {
                    let mut buffer = [0; MAX_FRAME];
                    let frame = encode(&message, &mut buffer).expect("fits");
                    let _ = link.write_all(frame);
                }
            }
        }
    });
    port
}

fn refused(output: &Output, parts: &[&str]) {
    let message = text(&output.stderr);
    assert!(
        !output.status.success(),
        "{}{message}",
        text(&output.stdout)
    );
    for part in parts {
        assert!(message.contains(part), "no {part:?} in {message}");
    }
}

/// Asserts that the output holds no characters that move the cursor or turn the direction of writing; returns its
/// texts.
fn harmless(output: &Output) -> (String, String) {
    let [out, error] = [&output.stdout, &output.stderr].map(|bytes| text(bytes));
    for shown in [&out, &error] {
        let obeyed =
            |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
        assert!(!shown.contains(obeyed), "{shown:?}");
    }
    (out, error)
}

/// The header of har2 in a slot.
fn header() -> SlotHeader {
    let har2 = model();
    let NewModel {
        length,
        crc,
        timing,
    } = NewModel::of(har2.bytes(), TIMING);
    SlotHeader {
        sequence: 7,
        length,
        crc,
        timing,
    }
}

fn model() -> ModelFile {
    ModelFile::read(Path::new("../models/har2/model.hdrn")).expect("a shipped model")
}

/// Steps of a transfer, of which each asks for another.
#[test]
fn a_transfer_makes_progress_or_ends() {
    let next = |offset| Some(Reply::Next { offset });
    let incomplete = |next| Some(Reply::Refused(SlotError::Incomplete { next }));
    type Script = Box<dyn Fn(&Ask<'_>) -> Option<Reply<'static>> + Send>;
    let length = model().bytes().len() as u32;
    let cases: [(Script, &[&str]); 7] = [
        (
            Box::new(move |ask| match ask {
                Ask::Begin(_) | Ask::Chunk { .. } => next(0),
                _ => None,
            }),
            &["makes no progress", "goes on at byte 0 of 996"],
        ),
        (
            Box::new(move |ask| match ask {
                Ask::Begin(_) => next(0),
                Ask::Chunk { offset, data, .. } => next(offset + data.len() as u32),
                Ask::Commit { .. } => incomplete(0),
                _ => None,
            }),
            &["makes no progress"],
        ),
        (
            Box::new(move |ask| match ask {
                Ask::Begin(_) => next(length),
                Ask::Commit { .. } => incomplete(length),
                _ => None,
            }),
            &["makes no progress", "byte 996 of 996"],
        ),
        (
            Box::new(move |ask| match ask {
                Ask::Begin(_) => next(997),
                Ask::Commit { .. } => Some(Reply::Done),
                _ => None,
            }),
            &[
                "goes on at byte 997, but the model has 996",
                "does not keep to the link protocol",
            ],
        ),
        (
            Box::new(move |ask| match ask {
                Ask::Begin(_) => next(length),
                Ask::Commit { .. } => Some(Reply::Done),
                _ => None,
            }),
            &["none of its slots does"],
        ),
        (
            Box::new(move |ask| match ask {
                Ask::Begin(_) => next(0),
                Ask::Chunk { .. } => Some(Reply::Done),
                _ => None,
            }),
            &["complete at a piece of it"],
        ),
        (
            Box::new(move |ask| match ask {
                Ask::Begin(_) => next(0),
                Ask::Chunk { .. } => Some(Reply::Refused(SlotError::NoTransfer)),
                _ => None,
            }),
            &["lost the transfer 5 times"],
        ),
    ];
    for (script, parts) in cases {
        let port = board(script);
        let output = run(&["send", "../models/har2", "--port", &port, "--window", "128"]);
        refused(&output, parts);
        assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
    }
}

/// Runs `monitor --model har2` for two windows.
fn monitored(script: impl Fn(&Ask<'_>) -> Option<Reply<'static>> + Send + 'static) -> Output {
    let port = board(script);
    let watch = ["monitor", "--plain", "--count", "2", "--port", &port];
    run(&[&watch[..], &["--model", "../models/har2"]].concat())
}

#[test]
fn names_are_those_of_the_model_that_runs() {
    let id = ModelId::of(model().bytes());
    let in_a_slot = |header, name, classes| {
        move |ask: &Ask<'_>| {
            let running = Running::Slot { index: 0, header };
            let status = Status {
                running,
                ..status(name, classes)
            };
            matches!(ask, Ask::Status).then_some(Reply::Status(status))
        }
    };
    let built_in = |id: Option<ModelId>, name, classes| {
        move |ask: &Ask<'_>| match ask {
            Ask::Model => id.map(Reply::Model),
            Ask::Status => Some(Reply::Status(status(name, classes))),
            _ => None,
        }
    };
    let shown = |output: Output| {
        assert!(output.status.success(), "{}", text(&output.stderr));
        let lines =
            "window 0: OTHER, logits 3 -4\nwindow 1: SITTING_LAYING_UPSTAIRS, logits 3 -4\n";
        assert_eq!(text(&output.stdout), lines);
        text(&output.stderr)
    };
    shown(monitored(in_a_slot(header(), "har2", 2)));
    shown(monitored(built_in(Some(id), "har2", 2)));
    // Firmware of before it could tell.
    let told = shown(monitored(built_in(None, "har2", 2)));
    assert!(told.contains("note: this firmware cannot tell"), "{told}");

    let trained_anew = SlotHeader {
        crc: !header().crc,
        ..header()
    };
    let longer = ModelId {
        length: id.length + 4,
        ..id
    };
    for output in [
        monitored(in_a_slot(trained_anew, "har2", 2)),
        monitored(in_a_slot(header(), "har2", 6)),
        monitored(built_in(Some(longer), "har2", 2)),
        monitored(built_in(None, "har6", 6)),
        monitored(built_in(None, "har2", 6)),
    ] {
        let told = text(&output.stderr);
        assert!(output.status.success(), "{told}");
        for part in [
            "warning: the board runs",
            "--model names \"har2\" (2 classes",
            "by number",
            "hadamrnn send",
        ] {
            assert!(told.contains(part), "{told}");
        }
        let lines = "window 0: class 0, logits 3 -4\nwindow 1: class 1, logits 3 -4\n";
        assert_eq!(text(&output.stdout), lines);
    }
}

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
        out.starts_with("window 0: \\u001b[35mC\\u202e\\u000aD, logits"),
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

/// Copied away from its sources, the program does all that needs no firmware built, and says what the rest needs.
#[test]
fn without_the_repository() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = std::fs::canonicalize("../models/har2").expect("a shipped model");
    let model = path(&model);
    let here = |args: &[&str]| {
        let output = hadamrnn(args).current_dir(folder.path()).output();
        output.expect("the program starts")
    };
    let succeeds = |args: &[&str]| {
        let output = here(args);
        assert!(
            output.status.success(),
            "{args:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    };
    let json: serde_json::Value =
        serde_json::from_str(&succeeds(&["bench", "host", "--time", "1", "--json"])).expect("JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(25));
    let verified = succeeds(&["verify", "--windows", "16"]);
    assert!(
        verified.contains("golden vectors: 16 of 16 hold"),
        "{verified}"
    );
    succeeds(&["flash", model, "--board", "pico", "--uf2", "har2.uf2"]);
    assert!(folder.path().join("har2.uf2").is_file());
    let emulated = ["flash", model, "--board", "qemu-m4"];
    succeeds(&[&emulated[..], &["--flash-file", "flash.bin"]].concat());
    let send = [
        "send",
        model,
        "--no-restart",
        "--window",
        "128",
        "--hop",
        "128",
        "--port",
    ];
    let sent = succeeds(&[&send[..], &[&board(has_har2("har2"))]].concat());
    assert!(sent.contains("has this model already"), "{sent}");
    let watch = ["monitor", "--plain", "--count", "2", "--port"];
    let watched = succeeds(&[&watch[..], &[&board(|_| None)]].concat());
    assert!(watched.starts_with("window 0: class 0"), "{watched}");

    for (args, parts) in [
        (
            &[
                "flash",
                model,
                "--board",
                "pico",
                "--firmware",
                "--uf2",
                "a.uf2",
            ][..],
            &[
                "firmware-examples",
                "built from its sources",
                "--firmware-dir",
            ][..],
        ),
        (&emulated, &["qemu-m4", "--flash-file", "--firmware-dir"]),
        (
            &["flash", model, "--board", "mine", "--uf2", "a.uf2"],
            &["no board named \"mine\"", "--firmware-dir"],
        ),
        (
            &["verify", "--windows", "1", "--board", "qemu-m4"],
            &["built from its sources", "--firmware-dir"],
        ),
        (
            &["monitor", "--board", "qemu-m4"],
            &["built from its sources", "--firmware-dir"],
        ),
        (&["bench", "device"], &["built from its sources"]),
        (&["demo"], &["built from its sources"]),
    ] {
        refused(&here(args), parts);
    }
}
