//! Classes taught to emulated boards: the model that is read back is the host's, byte for byte, and so are the answers; and each is taken
//! back.

mod bench;
mod common;

use std::path::Path;
use std::time::Duration;

use bench::{Bench, model, recorded};
use common::{contains, fails, path, succeeds};
use hadamrnn::data::{Holdout, Split, Task};
use hadamrnn::integer::ModelFile;
use hadamrnn::link::{Client, Patience, Told, send, start_newest};
use hadamrnn::monitor::Watch;
use hadamrnn::novelty::{self, Windows};
use hadamrnn::pipeline::{RunData, Silent};
use hadamrnn::recipe::Recipe;
use hadamrnn::taught;
use hadamrnn_device::slots::Timing;
use hadamrnn_device::stream::WindowStream;
use hadamrnn_device::windows::HEADER_LEN;
use hadamrnn_runtime::RoomOf;
use hadamrnn_runtime::kernel::Fwht;
use hadamrnn_runtime::taught::Lesson;

const TIMING: Timing = Timing {
    window: 64,
    hop: 32,
    decimation: 2,
    ..Timing::OPEN
};
const WINDOWS: usize = 3;

/// A shipped network with a metric of the sample's windows.
fn with_metric() -> ModelFile {
    let mut config = Recipe::Fast.config(Task::Har2);
    config.holdout = Holdout::Standard;
    let data = RunData::load(&config, None, &mut Silent).expect("the sample");
    let windows = Windows {
        train: &data.task.split(Split::Train),
        held_out: &data.task.split(Split::Valid),
        input_lsb: &data.input_lsb,
    };
    novelty::with_metric(&model("har2"), windows, 0.05, true).expect("a metric")
}

/// The samples that emulated boards stream, over and over.
fn stream() -> impl Iterator<Item = [i16; 9]> {
    let file = recorded();
    let (values, _) = file[HEADER_LEN..].as_chunks::<2>();
    let values: Vec<i16> = values.iter().map(|two| i16::from_le_bytes(*two)).collect();
    let samples: Vec<[i16; 9]> = values.as_chunks().0.to_vec();
    (0..).map(move |i| samples[i % samples.len()])
}

/// The windows that answers are to, of the samples that are used, in a stream from its first sample on.
fn windows_of(answers: &[usize]) -> Vec<Vec<i16>> {
    let used: Vec<[i16; 9]> = stream().step_by(2).take(10_000).collect();
    let window = |answer: &usize| used[32 * answer..][..64].concat();
    answers.iter().map(window).collect()
}

/// Answers and decided novelty of the host over the stream.
fn host_answers(file: &ModelFile, count: usize) -> Vec<(u16, Vec<i32>)> {
    let model = file.model().expect("valid");
    let stream_of = WindowStream::<RoomOf<Fwht, 128, 16, 128, 0, 128>, 2>::new(&model, TIMING, 0);
    let mut host = stream_of.expect("fits");
    let mut found = Vec::new();
    for sample in stream() {
        if let Some(answer) = host.push(&sample).expect("a sample") {
            found.push((answer.class as u16, answer.logits.to_vec()));
        }
        if found.len() == count {
            break;
        }
    }
    found
}

/// Answers of windows that `teach` says it took.
fn taken(printed: &str) -> Vec<usize> {
    let answers = printed
        .lines()
        .filter_map(|line| line.split_once(": answer "));
    answers
        .map(|(_, number)| number.trim().parse().expect("a number"))
        .collect()
}

fn pulled(port: &str, folder: &Path, name: &str) -> ModelFile {
    let out = folder.join(name);
    succeeds(&["pull", "--port", port, "--out", path(&out)]);
    ModelFile::read(&out).expect("it was written")
}

#[test]
fn boards_are_taught_as_the_host_teaches() {
    let plain = with_metric();
    let classes = plain.model().expect("valid").class_count() as u16;
    for name in ["qemu-m3", "qemu-m4", "qemu-m7"] {
        let bench = Bench::new(name);
        let (emulator, mut client) = bench.launch(bench.flash());
        send(&mut client, &plain, TIMING, |_| {}).expect("is sent");
        start_newest(&mut client, &plain).expect("runs it");
        drop(client);
        let port = emulator.address().to_string();
        let folder = bench.folder.path();
        assert_eq!(
            pulled(&port, folder, "0.hdrn").bytes(),
            plain.bytes(),
            "{name}"
        );

        // A new class, and then more windows of it: the stream begins anew with each start.
        let mut before = plain.clone();
        let mut models = vec![plain.clone()];
        for (lesson, label) in [("1", "jump"), ("2", "")] {
            let count = WINDOWS.to_string();
            let args = [
                "teach",
                "--port",
                &port,
                "--label",
                "jump",
                "--windows",
                &count,
            ];
            let printed = succeeds(&args);
            let answers = taken(&printed);
            // Two answers are of windows that had begun; then every other one.
            assert_eq!(answers, [2, 4, 6], "{name}: {printed}");
            let lesson_of = Lesson {
                class: classes,
                label,
            };
            let expected = taught::teach(&before, lesson_of, &windows_of(&answers));
            let expected = expected.expect("is taught");
            let file = pulled(&port, folder, &format!("{lesson}.hdrn"));
            assert!(file.bytes() == expected.bytes(), "{name}, lesson {lesson}");
            models.push(expected.clone());
            before = expected;
        }
        let shown = succeeds(&["inspect", path(&folder.join("2.hdrn"))]);
        contains(&shown, &["jump (class 2, new), 6 windows"]);

        // What it answers.
        let wire = emulator.address().open(0).expect("opens");
        let client = Client::new(wire, Patience::default());
        let mut watch = Watch::start(client, false, Duration::from_secs(3)).expect("answers");
        let expected = host_answers(&before, 40);
        let mut found = Vec::new();
        while found.len() < expected.len() {
            if let Some(Told::Class { class, logits, .. }) =
                watch.next(Duration::from_secs(1)).expect("the link holds")
            {
                found.push((class, logits));
            }
        }
        watch.stop().expect("answers");
        assert_eq!(found, expected, "{name}");
        let taught = expected
            .iter()
            .filter(|(class, _)| *class == classes)
            .count();
        assert!(
            (1..40).contains(&taught),
            "{taught} of 40 answers are of the new class"
        );

        // Taken back, one after the other: of the two slots, one has the model before; then the built-in one runs.
        succeeds(&["undo", "--port", &port]);
        assert!(
            pulled(&port, folder, "3.hdrn").bytes() == models[1].bytes(),
            "{name}"
        );
        contains(
            &succeeds(&["undo", "--port", &port]),
            &["built into its firmware"],
        );
        fails(&["undo", "--port", &port], &["nothing to go back to"]);
        // The built-in model has no metric.
        fails(
            &["teach", "--port", &port, "--label", "jump"],
            &["does not take the lesson", "no metric", "--novelty"],
        );
    }
}
