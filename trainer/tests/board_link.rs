//! Slots, link and stream end to end: the programs a user runs, and firmware on emulated boards.

mod bench;
mod common;

use std::io::Read;
use std::net::Shutdown;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bench::{Bench, TIMING, crc, model, recorded, root};
use common::{fails, hadamrnn, interrupt_group, path, run, text};
use hadamrnn::board::{FirmwareFolder, FlashFile};
use hadamrnn::card::Card;
use hadamrnn::flash::Device;
use hadamrnn::integer::Answer;
use hadamrnn::link::{Client, Sent, Told, send, start_newest};
use hadamrnn::monitor::Watch;
use hadamrnn::verify::answers_to_window_file;
use hadamrnn_device::channels::{Channels, Quantity};
use hadamrnn_device::link::Ask;
use hadamrnn_device::slots::{Fault, HEADER_LEN, Running, Timing, digest};
use hadamrnn_device::windows::{HEADER_LEN as WINDOWS_HEADER, WindowFileHeader as WindowsHeader};

/// The first `count` classes and logits of a board that has just started, whose link is used on.
fn classes_of(client: &mut Client, count: usize) -> Vec<(usize, Vec<i32>)> {
    let stream = |classes| Ask::Stream {
        classes,
        samples: false,
    };
    client.forget();
    client.step(stream(true)).expect("answers");
    let mut all = Vec::new();
    while all.len() < count {
        let told = client
            .listen(Duration::from_secs(1))
            .expect("the link holds");
        if let Some(Told::Class { class, logits, .. }) = told {
            all.push((class.into(), logits));
        }
    }
    client.step(stream(false)).expect("answers");
    all
}

/// The first `count` classes and logits of a board.
fn told(client: Client, count: usize) -> Vec<(usize, Vec<i32>)> {
    let mut watch = Watch::start(client, false, Duration::from_secs(3)).expect("answers");
    let mut classes = Vec::new();
    while classes.len() < count {
        let told = watch.next(Duration::from_secs(1)).expect("the link holds");
        if let Some(Told::Class {
            index,
            class,
            logits,
        }) = told
        {
            assert_eq!(index as usize, classes.len(), "none is lost");
            classes.push((class.into(), logits));
        }
    }
    watch.stop().expect("answers");
    classes
}

fn of_host(answers: Vec<Answer>) -> Vec<(usize, Vec<i32>)> {
    let pair = |answer: Answer| (answer.class, answer.logits);
    answers.into_iter().map(pair).collect()
}

/// The host's answers to a stream, over and over, in windows that overlap: each window by itself.
fn host_windows(name: &str, stream: &[u8], timing: Timing, count: usize) -> Vec<(usize, Vec<i32>)> {
    let header = WindowsHeader::parse(stream).expect("a window file");
    let sample = 2 * usize::from(header.channels);
    let samples: Vec<&[u8]> = stream[WINDOWS_HEADER..].chunks(sample).collect();
    let of_windows = WindowsHeader {
        steps: timing.window,
        windows: count as u16,
        ..header
    };
    let [window, hop, decimation] = [timing.window, timing.hop, timing.decimation].map(usize::from);
    let hop = if hop == 0 { window } else { hop };
    let mut file = of_windows.to_bytes().to_vec();
    for i in 0..count {
        for step in 0..window {
            file.extend(samples[(i * hop + step) * decimation % samples.len()]);
        }
    }
    of_host(answers_to_window_file(&model(name).model().expect("valid"), &file).expect("runs"))
}

/// Runs the program and gives its standard output.
fn succeeds(args: &[&str]) -> String {
    let output = run(args);
    assert!(
        output.status.success(),
        "{args:?}: {}",
        text(&output.stderr)
    );
    text(&output.stdout)
}

#[test]
fn flash_then_monitor_gives_the_classes_of_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let flash = folder.path().join("flash.bin");
    let recording = folder.path().join("recorded.csv");
    let [flash, recording] = [path(&flash), path(&recording)];
    let board = ["--board", "qemu-m4", "--flash-file", flash];
    let text = succeeds(&[&["flash", "../models/har2"], &board[..]].concat());
    assert!(text.contains("996 bytes written and verified"), "{text}");
    let text = succeeds(&[&["flash", "../models/har6"], &board[..]].concat());
    assert!(
        text.contains("slot 1") && text.contains("number 2"),
        "{text}"
    );

    // Once through the stream of 16 windows, and a few more.
    let watch = [
        "monitor",
        "--rate",
        "0",
        "--stream",
        "../models/har2/windows.bin",
        "--count",
        "20",
        "--json",
    ];
    let record = ["--record", recording, "--label", "any, \"thing\""];
    let text = succeeds(&[&watch[..], &board[..], &record[..]].concat());
    let mut classes = Vec::new();
    for line in text.lines() {
        let told: serde_json::Value = serde_json::from_str(line).expect("JSON");
        if let Some(class) = told.get("class") {
            let logits = class["logits"].as_array().expect("logits");
            let logits = logits
                .iter()
                .map(|logit| logit.as_i64().expect("integer") as i32);
            classes.push((
                class["class"].as_u64().expect("a class") as usize,
                logits.collect(),
            ));
        }
    }
    // The model folder says that every other sample is used, in windows of 64.
    let trained = Timing {
        window: 64,
        hop: 0,
        decimation: 2,
        ..Timing::OPEN
    };
    assert_eq!(classes, host_windows("har6", &recorded(), trained, 20));

    // The recording equals the stream.
    let mut reader = csv::Reader::from_path(recording).expect("a recording");
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert!(rows.len() >= 19 * 128, "{}", rows.len());
    let stream = recorded();
    let (values, _) = stream[WINDOWS_HEADER..].as_chunks::<2>();
    for (i, row) in rows.iter().take(16 * 128).enumerate() {
        assert_eq!(
            (&row[0], &row[2]),
            ("any, \"thing\"", i.to_string().as_str())
        );
        let expected = values[9 * i..9 * i + 9]
            .iter()
            .map(|two| i16::from_le_bytes(*two));
        let found = row
            .iter()
            .skip(3)
            .map(|count| count.parse::<i16>().expect("a count"));
        assert!(expected.eq(found), "sample {i}: {row:?}");
    }
}

/// A port that closes, as of a board that is unplugged.
#[test]
fn a_board_that_goes_is_told() {
    for command in [&["send", "../models/har2"][..], &["monitor", "--plain"]] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = format!("tcp:{}", listener.local_addr().expect("an address"));
        let unplugged = std::thread::spawn(move || {
            let (mut link, _) = listener.accept().expect("the program connects");
            link.read_exact(&mut [0; 8]).expect("a request");
        });
        fails(
            &[command, &["--port", &port]].concat(),
            &["the board is gone"],
        );
        unplugged.join().expect("no panic");
    }
}

/// A port that takes nothing any more is a failure, unlike an output that nobody reads.
#[test]
fn a_broken_link_is_a_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("port");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let broken = std::thread::spawn(move || {
        let (link, _) = listener.accept().expect("the program connects");
        link.shutdown(Shutdown::Read).expect("is open");
        link
    });
    let port = format!("unix:{}", path(&socket));
    fails(
        &["monitor", "--plain", "--port", &port],
        &["the link is broken: the board is gone"],
    );
    broken.join().expect("no panic");
}

/// Ctrl-C goes to all programs of a terminal: the emulator must outlive it, so that the recording ends in order.
#[test]
fn ctrl_c_ends_a_recording_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let flash = folder.path().join("flash.bin");
    // Its folder is made.
    let recording = folder.path().join("walks/one.csv");
    let rows = || std::fs::read_to_string(&recording).map_or(0, |text| text.lines().count());
    let monitor = ["monitor", "--board", "qemu-m4", "--rate", "0", "--plain"];
    let files = ["--flash-file", path(&flash), "--record", path(&recording)];
    let label = ["--label", "walking"];
    let child = hadamrnn(&[&monitor[..], &files, &label].concat())
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let start = Instant::now();
    while rows() < 200 {
        assert!(start.elapsed() < Duration::from_secs(300), "no samples");
        std::thread::sleep(Duration::from_millis(5));
    }
    interrupt_group(&child);
    let output = child.wait_with_output().expect("it ends");
    let message = text(&output.stderr);
    assert!(output.status.success(), "{message}");
    let told = format!("recorded {} samples of walking into", rows() - 1);
    assert!(message.contains(&told), "no {told:?} in {message}");
    // The emulator has ended too: its flash is free.
    let sources = FirmwareFolder::locate(None).expect("sources");
    let board = sources.board("qemu-m4").expect("in the registry");
    FlashFile::open(&flash, &board).expect("nobody else has it");
}

#[test]
fn the_program_sends_a_model_to_a_running_board() {
    let bench = Bench::new("qemu-m4");
    let (emulator, client) = bench.launch(bench.flash());
    // The emulator's port is for one program at a time.
    drop(client);
    let port = emulator.address().to_string();
    let send = ["send", "../models/har6", "--port", &port];
    let sent = succeeds(&send);
    assert!(sent.contains("sent and verified"), "{sent}");
    assert!(sent.contains("runs \"har6\" (slot 0, number 1)"), "{sent}");
    let again = succeeds(&send);
    assert!(again.contains("has this model already"), "{again}");
}

#[test]
fn a_model_sent_to_a_running_board_is_what_it_runs_next() {
    let hop = Timing {
        window: 64,
        hop: 32,
        decimation: 2,
        ..Timing::OPEN
    };
    for name in ["qemu-m3", "qemu-m7"] {
        let bench = Bench::new(name);
        let (emulator, mut client) = bench.launch(bench.flash());
        let status = client.status().expect("answers");
        assert_eq!(status.running, Running::BuiltIn);
        assert_eq!(status.slots, [Err(Fault::Empty); 2]);

        let file = model("har6");
        let mut bytes = Vec::new();
        let sent = send(&mut client, &file, hop, |done| bytes.push(done)).expect("is sent");
        assert_eq!(sent, Sent::Written);
        assert_eq!(bytes.last().copied(), Some(file.bytes().len() as u32));
        assert!(bytes.is_sorted());
        assert_eq!(
            client.status().expect("answers").running,
            Running::BuiltIn,
            "until it restarts"
        );
        let status = start_newest(&mut client, &file).expect("runs it");
        assert_eq!((status.timing, status.name.as_str()), (hop, "har6"));
        let again = send(&mut client, &file, hop, |_| {}).expect("answers");
        assert_eq!(again, Sent::AlreadyThere);
        assert_eq!(
            told(client, 40),
            host_windows("har6", &bench.windows, hop, 40),
            "{name}"
        );

        // A model that the board cannot run is refused before a byte is written.
        let mut flash = emulator.cut_power().expect("stops");
        let before = bench.boots(&mut flash);
        let (emulator, mut client) = bench.launch(flash);
        let error = send(&mut client, &model("pmnist"), TIMING, |_| {}).expect_err("one channel");
        assert!(
            format!("{error:#}").contains("the sensor gives 9"),
            "{error:#}"
        );
        let mut flash = emulator.cut_power().expect("stops");
        assert_eq!(bench.boots(&mut flash), before);
    }
}

/// A stream whose samples have acceleration first and motion last, where the board has motion first.
fn turned(stream: &[u8]) -> Vec<u8> {
    let (header, samples) = stream.split_at(WINDOWS_HEADER);
    let samples = samples.chunks(18).flat_map(|sample| {
        let [motion, rotation, acceleration] = [0, 6, 12].map(|at| &sample[at..at + 6]);
        [acceleration, rotation, motion].concat()
    });
    [header, &samples.collect::<Vec<u8>>()].concat()
}

#[test]
fn inputs_are_found_by_name_in_the_samples_of_the_board() {
    let bench = Bench::new("qemu-m4");
    let (_emulator, mut client) = bench.launch(bench.flash());
    let firmware = client.firmware().expect("answers");
    let gives = firmware.descriptor().expect("a descriptor").gives;
    let board = [Quantity::Motion, Quantity::Rotation, Quantity::Acceleration];
    assert_eq!(gives, Channels::of(&board));

    let of = |quantities: &[Quantity]| Timing {
        inputs: Channels::of(quantities),
        ..TIMING
    };
    let lacking = of(&[
        Quantity::Motion,
        Quantity::MagneticField,
        Quantity::Rotation,
    ]);
    let file = model("har2");
    let error = send(&mut client, &file, lacking, |_| {}).expect_err("no magnetometer");
    let error = format!("{error:#}");
    assert!(
        error.contains("magnetic field") && error.contains("the sensor gives"),
        "{error}"
    );

    let found = of(&[Quantity::Acceleration, Quantity::Rotation, Quantity::Motion]);
    for (timing, stream) in [
        (found, turned(&bench.windows)),
        (TIMING, bench.windows.clone()),
    ] {
        // The same model with other inputs is another slot.
        for expected in [Sent::Written, Sent::AlreadyThere] {
            let sent = send(&mut client, &file, timing, |_| {}).expect("is sent");
            assert_eq!(sent, expected);
        }
        start_newest(&mut client, &file).expect("runs it");
        let classes = classes_of(&mut client, 16);
        assert_eq!(classes, host_windows("har2", &stream, TIMING, 16));
    }
}

#[test]
fn a_model_of_channels_that_the_board_lacks_is_refused_before_a_file_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["model.hdrn", "card.toml", "windows.bin", "golden.json"] {
        let from = root().join("models/har2").join(name);
        std::fs::copy(from, folder.path().join(name)).expect("copied");
    }
    let mut card = Card::read(folder.path()).expect("a card");
    for (channel, axis) in card.channels.iter_mut().zip(["mag_x", "mag_y", "mag_z"]) {
        *channel = axis.into();
    }
    let text = card.to_text().expect("a card");
    std::fs::write(folder.path().join("card.toml"), text).expect("written");
    let flash = folder.path().join("flash.bin");
    let board = ["--board", "qemu-m4", "--flash-file", path(&flash)];
    fails(
        &[&["flash", path(folder.path())], &board[..]].concat(),
        &[
            "the model takes mag_x",
            "the sensor of qemu-m4 gives",
            "rotation",
        ],
    );
    assert!(!flash.exists());
}

/// The user's own recording reaches the model: here the recorded windows, as text with its columns in another order.
#[test]
fn a_recording_is_streamed_into_an_emulated_board() {
    let folder = tempfile::tempdir().expect("a folder");
    let stream = recorded();
    let names = "label,total_acc_x,total_acc_y,total_acc_z,gyr_x,gyr_y,gyr_z,body_acc_x,body_acc_y,body_acc_z\n";
    let mut recording = String::from(names);
    for sample in turned(&stream)[WINDOWS_HEADER..].chunks(18) {
        let counts = sample.as_chunks().0.iter();
        let counts: Vec<String> = counts
            .map(|&two| i16::from_le_bytes(two).to_string())
            .collect();
        recording += &format!("walking,{}\n", counts.join(","));
    }
    let [csv, flash] = ["own.csv", "flash.bin"].map(|name| folder.path().join(name));
    std::fs::write(&csv, recording).expect("written");
    let said = succeeds(&[
        "monitor",
        "--board",
        "qemu-m4",
        "--flash-file",
        path(&flash),
        "--rate",
        "0",
        "--stream",
        path(&csv),
        "--count",
        "16",
        "--json",
    ]);
    let mut found = Vec::new();
    for line in said.lines() {
        let told: serde_json::Value = serde_json::from_str(line).expect("JSON");
        if let Some(class) = told.get("class") {
            found.push(class["logits"].to_string());
        }
    }
    let whole = Timing {
        window: 128,
        decimation: 1,
        ..Timing::OPEN
    };
    let host = host_windows("har2", &stream, whole, 16).into_iter();
    let host: Vec<String> = host
        .map(|(_, logits)| serde_json::json!(logits).to_string())
        .collect();
    assert_eq!(found, host);
}

#[test]
fn damaged_slots_fall_back_to_the_other_then_to_the_built_in_model() {
    let bench = Bench::new("qemu-m4");
    let mut flash = bench.flash();
    bench.install(&mut flash, "har2", TIMING);
    let newest = bench.install(&mut flash, "har6", TIMING);
    let size = bench.board.descriptor().expect("has slots").slot_size;
    let crcs = ["har2", "har6"].map(|name| digest(model(name).bytes()));
    let damage = |flash: &mut FlashFile, index: u8| {
        let mut slot = flash.read_slot(index, size).expect("reads");
        slot[HEADER_LEN + 500] ^= 1;
        flash.write_slot(index, &slot).expect("writes");
    };
    let mut booted = Vec::new();
    for broken in [None, Some(newest.slot), Some(1 - newest.slot)] {
        if let Some(index) = broken {
            damage(&mut flash, index);
        }
        let (emulator, mut client) = bench.launch(flash);
        let status = client.status().expect("answers");
        booted.push(crc(status.running));
        if let Some(index) = broken {
            assert_eq!(status.slots[usize::from(index)], Err(Fault::Checksum));
            let log = emulator.log().expect("decodes").join("\n");
            let line = format!("slot {index}: {}", Fault::Checksum);
            assert!(log.contains(&line), "{log}");
        }
        let name = match booted.len() {
            1 => "har6",
            _ => "har2",
        };
        assert_eq!(
            told(client, 3),
            host_windows(name, &bench.windows, TIMING, 3)
        );
        flash = emulator.cut_power().expect("stops");
    }
    assert_eq!(booted, [Some(crcs[1]), Some(crcs[0]), None]);
    // And a board that has only its built-in model takes another.
    let (_emulator, mut client) = bench.launch(flash);
    send(&mut client, &model("har6"), TIMING, |_| {}).expect("is sent");
    start_newest(&mut client, &model("har6")).expect("runs it");
}
