//! Boards that say what a board should not: the programs against a scripted board at a socket.

mod common;
mod scripted;

use std::process::Output;

use common::{hadamrnn, path, run, text};
use hadamrnn_device::link::{Ask, Reply, Status};
use hadamrnn_device::slots::{ModelId, Running, SlotError, SlotHeader};
use scripted::{board, has_har2, header, model, monitored, refused, status};

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
        let lines = "window 0: OTHER 50 %, SITTING_LAYING_UPSTAIRS 50 %\nwindow 1: SITTING_LAYING_UPSTAIRS 50 %, OTHER 50 %\n";
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
