//! Slots, link and stream end to end: the programs a user runs, and firmware on emulated boards.
//!
//! `cargo test -p hadamrnn --test board_link -- --ignored` makes 2,000 power cuts instead of a few.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hadamrnn::board::{self, Firmware, FirmwareFolder, FlashFile, Launch};
use hadamrnn::flash::{self, Device, Installed};
use hadamrnn::integer::{Answer, ModelFile};
use hadamrnn::link::{Client, Patience, Sent, Told, send, start_newest};
use hadamrnn::monitor::Watch;
use hadamrnn::verify::answers_to_window_file;
use hadamrnn_firmware_common::boards::Board;
use hadamrnn_firmware_common::slots::{Fault, HEADER_LEN, Running, Timing, digest};
use hadamrnn_firmware_common::windows::{HEADER_LEN as WINDOWS_HEADER, Header as WindowsHeader};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const TIMING: Timing = Timing {
    window: 128,
    hop: 0,
    every: 1,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn model(name: &str) -> ModelFile {
    ModelFile::read(&root().join("models").join(name).join("model.hdrn")).expect("a shipped model")
}

fn recorded() -> Vec<u8> {
    std::fs::read(root().join("models/har2/windows.bin")).expect("the shipped windows")
}

/// An emulated board, its firmware, and its flash in a folder of the test's own.
struct Bench {
    board: Board,
    firmware: Firmware,
    folder: tempfile::TempDir,
    windows: Vec<u8>,
}

impl Bench {
    fn new(name: &str) -> Self {
        let sources = root().join("firmware-examples");
        let sources = FirmwareFolder::locate(Some(&sources)).expect("the firmware sources");
        let board = sources.board(name).expect("in the registry");
        let firmware = board::build_stream(&sources, &board).expect("builds");
        Self {
            board,
            firmware,
            folder: tempfile::tempdir().expect("a folder"),
            windows: recorded(),
        }
    }

    fn flash(&self) -> FlashFile {
        let path = self.folder.path().join("flash.bin");
        FlashFile::open(&path, &self.board).expect("a flash file")
    }

    fn install(&self, flash: &mut FlashFile, name: &str, timing: Timing) -> Installed {
        let firmware = self.board.descriptor().expect("has slots");
        flash::install(flash, &firmware, &model(name), timing).expect("fits")
    }

    fn launch(&self, flash: FlashFile) -> (board::Emulator, Client) {
        let launch = Launch {
            board: &self.board,
            firmware: &self.firmware,
            windows: Some(&self.windows),
            rate: Some(0),
            flash_delay: 5_000,
        };
        let (emulator, wire) = launch.start(flash).expect("starts");
        (emulator, Client::new(wire, Patience::default()))
    }

    /// The model that the board would boot from this flash.
    fn boots(&self, flash: &mut FlashFile) -> (Option<u32>, [Option<Fault>; 2]) {
        let firmware = self.board.descriptor().expect("has slots");
        let slots = [0, 1].map(|index| flash.read_slot(index, firmware.slot_size).expect("reads"));
        let boot = flash::look(&slots, &firmware).expect("slots");
        (crc(boot.running), boot.slots.map(Result::err))
    }
}

fn crc(running: Running) -> Option<u32> {
    match running {
        Running::BuiltIn => None,
        Running::Slot { header, .. } => Some(header.crc),
    }
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
    let [window, hop, every] = [timing.window, timing.hop, timing.every].map(usize::from);
    let hop = if hop == 0 { window } else { hop };
    let mut file = of_windows.to_bytes().to_vec();
    for i in 0..count {
        for step in 0..window {
            file.extend(samples[(i * hop + step) * every % samples.len()]);
        }
    }
    of_host(answers_to_window_file(&model(name).model().expect("valid"), &file).expect("runs"))
}

/// Runs the program and gives its standard output.
fn hadamrnn(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hadamrnn"))
        .args(args)
        .current_dir(root())
        .output()
        .expect("the program runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {error}");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs the program, which must refuse, and gives its message.
fn refused(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hadamrnn"))
        .args(args)
        .current_dir(root())
        .output()
        .expect("the program runs");
    assert!(!output.status.success(), "{args:?}");
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn errors_say_what_is_wrong_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let cut = path("cut.hdrn");
    std::fs::write(&cut, &model("har2").bytes()[..500]).expect("is written");
    let (flash, other) = (path("flash.bin"), path("other.bin"));
    std::fs::write(&other, b"no flash").expect("is written");
    for (args, parts) in [
        (
            &["flash", "models/har2", "--board", "qemu-m9"][..],
            &["qemu-m9", "qemu-m4"][..],
        ),
        (
            &["flash", "models/har2", "--board", "qemu-m33"],
            &["qemu-m33", "[board.stream]"],
        ),
        (
            &["flash", "no-such-model", "--board", "qemu-m4"],
            &["no-such-model"],
        ),
        (
            &["flash", &cut, "--board", "qemu-m4"],
            &["cut.hdrn", "truncated"],
        ),
        (
            &[
                "flash",
                "models/imdb",
                "--board",
                "qemu-m4",
                "--flash-file",
                &flash,
            ],
            &["qemu-m4", "takes tokens"],
        ),
        (
            &[
                "flash",
                "models/har2",
                "--board",
                "qemu-m4",
                "--flash-file",
                &other,
            ],
            &["other.bin", "is no flash"],
        ),
        (
            &[
                "flash",
                "models/har2",
                "--board",
                "qemu-m4",
                "--flash-file",
                &flash,
                "--hop",
                "48",
            ],
            &["128 samples every 48", "multiple of the hop"],
        ),
        (
            &[
                "flash",
                "models/har2",
                "--board",
                "qemu-m4",
                "--uf2",
                "har2.uf2",
            ],
            &["qemu-m4 takes no UF2", "uf2_family"],
        ),
        (
            &["send", "models/har2", "--port", "/dev/no-such-port"],
            &["/dev/no-such-port"],
        ),
        (
            &["send", "models/har2", "--port", "unix:/no/socket"],
            &["nothing listens", "/no/socket"],
        ),
        (&["monitor", "--port", "tcp:4000"], &["tcp:HOST:PORT"]),
        (&["monitor"], &["--port", "--board"]),
    ] {
        let message = refused(args);
        for part in parts {
            assert!(message.contains(part), "{args:?}: no {part:?} in {message}");
        }
    }
}

/// A running board's flash is not written from outside, and a silent port is told.
#[test]
fn a_flash_in_use_and_a_board_that_does_not_answer_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let flash = folder.path().join("flash.bin");
    let sources = FirmwareFolder::locate(Some(&root().join("firmware-examples"))).expect("sources");
    let board = sources.board("qemu-m4").expect("in the registry");
    let open = FlashFile::open(&flash, &board).expect("opens");
    let flash = flash.to_str().expect("text");
    let message = refused(&[
        "flash",
        "models/har2",
        "--board",
        "qemu-m4",
        "--flash-file",
        flash,
    ]);
    assert!(
        message.contains("is in use") && message.contains("--port"),
        "{message}"
    );
    drop(open);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = format!("tcp:{}", listener.local_addr().expect("an address"));
    let message = refused(&["monitor", "--port", &port, "--plain"]);
    assert!(message.contains("does not answer"), "{message}");
}

#[test]
fn flash_then_monitor_gives_the_classes_of_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let flash = folder.path().join("flash.bin");
    let recording = folder.path().join("recorded.csv");
    let [flash, recording] = [&flash, &recording].map(|path| path.to_str().expect("text"));
    let board = ["--board", "qemu-m4", "--flash-file", flash];
    let text = hadamrnn(&[&["flash", "models/har2"], &board[..]].concat());
    assert!(text.contains("996 bytes written and verified"), "{text}");
    let text = hadamrnn(&[&["flash", "models/har6"], &board[..]].concat());
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
        "models/har2/windows.bin",
        "--count",
        "20",
        "--json",
    ];
    let record = ["--record", recording, "--label", "any, \"thing\""];
    let text = hadamrnn(&[&watch[..], &board[..], &record[..]].concat());
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
        every: 2,
    };
    assert_eq!(classes, host_windows("har6", &recorded(), trained, 20));

    // What was recorded is what was streamed.
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

#[test]
fn a_model_sent_to_a_running_board_is_what_it_runs_next() {
    let hop = Timing {
        window: 64,
        hop: 32,
        every: 2,
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

        // What it cannot run is refused before a byte is written.
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

/// What power cuts have shown.
#[derive(Debug, Default)]
struct Tally {
    /// The board runs what it ran before, and both slots are whole.
    untouched: u32,
    /// The board runs what it ran before; the other slot is erased or half written.
    half: u32,
    /// The board runs the new model.
    new: u32,
}

/// When in a transfer the power is cut.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So long after it is asked for: in the erase of the header's sector, for the most part.
    Begin(Duration),
    /// So long after so many bytes are written: between or in the words of a piece, or of the header at the end.
    After(u32, Duration),
}

impl Moment {
    fn any(random: &mut ChaCha8Rng, length: u32, erase: Duration) -> Self {
        if random.random_bool(0.3) {
            return Self::Begin(erase.mul_f64(random.random_range(0.0..1.2)));
        }
        let bytes = random.random_range(0..=length.div_ceil(128)) * 128;
        let wait = Duration::from_micros(random.random_range(0..1500));
        Self::After(bytes.min(length), wait)
    }

    /// Waits for the moment, or for the end of the transfer.
    fn wait(self, written: &AtomicU32, is_over: impl Fn() -> bool) {
        match self {
            Self::Begin(wait) => std::thread::sleep(wait),
            Self::After(bytes, wait) => {
                // One more than the bytes that are written; 0 before the board has begun.
                while written.load(Ordering::SeqCst) <= bytes && !is_over() {
                    std::thread::yield_now();
                }
                std::thread::sleep(wait);
            }
        }
    }
}

/// Kills the emulator `count` times while a model is being sent to it, at a random moment of the transfer, and starts it
/// again: it must run the old model or the new one.
fn power_cuts(count: u32, seed: u64) -> Tally {
    let bench = Bench::new("qemu-m4");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let models = [model("har2"), model("har6")];
    let crcs = models.each_ref().map(|model| digest(model.bytes()));
    let mut flash = bench.flash();
    // Both slots are whole before the first cut.
    bench.install(&mut flash, "har6", TIMING);
    bench.install(&mut flash, "har2", TIMING);
    let mut runs = crcs[0];
    // How long the first erase takes at best.
    let mut erase = Duration::from_millis(50);
    let mut tally = Tally::default();
    for cut in 0..count {
        let (emulator, mut client) = bench.launch(flash);
        let status = client.status().expect("answers after a power cut");
        assert_eq!(crc(status.running), Some(runs), "cut {cut}");
        client.hello().expect("answers");
        let next = models[usize::from(runs == crcs[0])].clone();
        let new = digest(next.bytes());
        let moment = Moment::any(&mut random, next.bytes().len() as u32, erase);
        let written = Arc::new(AtomicU32::new(0));
        let told = written.clone();
        let sender = std::thread::spawn(move || {
            let start = Instant::now();
            let mut begun = None;
            let sent = send(&mut client, &next, TIMING, |bytes| {
                begun.get_or_insert_with(|| start.elapsed());
                told.store(bytes + 1, Ordering::SeqCst);
            });
            (sent.is_ok(), begun)
        });
        moment.wait(&written, || sender.is_finished());
        flash = emulator.cut_power().expect("stops");
        // The link is broken now, or the transfer was over: the sender ends either way.
        let (is_sent, begun) = sender.join().expect("no panic");
        erase = begun.map_or(erase, |begun| begun.min(erase));
        let (boots, faults) = bench.boots(&mut flash);
        assert!(
            !is_sent || boots == Some(new),
            "cut {cut}, {moment:?}: sent, yet gone"
        );
        let is_half = faults.iter().any(Option::is_some);
        match boots {
            Some(crc) if crc == new => tally.new += 1,
            Some(crc) if crc == runs && is_half => tally.half += 1,
            Some(crc) if crc == runs => tally.untouched += 1,
            other => panic!("cut {cut}, {moment:?}: boots {other:?}: {faults:?}"),
        }
        runs = boots.expect("a slot");
    }
    tally
}

#[test]
fn power_cuts_leave_a_model_that_runs() {
    let count = 60;
    let tally = power_cuts(count, 1);
    assert_eq!(tally.untouched + tally.half + tally.new, count);
    assert!(
        tally.half >= count / 10,
        "cuts do not hit the writing: {tally:?}"
    );
}

#[test]
#[ignore = "takes some ten minutes"]
fn two_thousand_power_cuts_leave_a_model_that_runs() {
    let start = Instant::now();
    let boards: Vec<_> = (2..6)
        .map(|seed| std::thread::spawn(move || power_cuts(500, seed)))
        .collect();
    let mut all = Tally::default();
    for board in boards {
        let tally = board.join().expect("no panic");
        all.untouched += tally.untouched;
        all.half += tally.half;
        all.new += tally.new;
    }
    let count = all.untouched + all.half + all.new;
    let seconds = start.elapsed().as_secs();
    println!("{all:?} of {count} power cuts in {seconds} s");
    assert_eq!(count, 2000);
    assert!(
        all.half >= count / 10,
        "cuts do not hit the writing: {all:?}"
    );
}
