//! Streams on emulated boards: models that run on without a reset, and decide.

mod bench;

use std::time::Duration;

use bench::{Bench, model, recorded};
use hadamrnn::events::decision_words;
use hadamrnn::integer::ModelFile;
use hadamrnn::link::{Told, send, start_newest};
use hadamrnn::monitor::Watch;
use hadamrnn_device::slots::Timing;
use hadamrnn_device::stream::WindowStream;
use hadamrnn_device::windows::HEADER_LEN as WINDOWS_HEADER;
use hadamrnn_runtime::RoomOf;
use hadamrnn_runtime::decision::Rule;
use hadamrnn_runtime::format::{Fading, encode, part};
use hadamrnn_runtime::kernel::Fwht;

/// A shipped network with a pool that fades, and a decision.
fn streaming_model() -> ModelFile {
    let file = model("har6-hidden");
    let shipped = file.model().expect("valid");
    let mut header = *shipped.header();
    header.addition.fading = Some(Fading {
        shift: 3,
        log2_interval: 3,
    });
    let mut bytes = vec![0; 2 * file.bytes().len()];
    let words = shipped.sections().all().concat();
    let length = encode(&header, &words, &mut bytes).expect("room");
    let rule = Rule {
        threshold: 1000,
        answers: 2,
        hold_off: 3,
    };
    let rules = vec![rule; shipped.class_count()];
    let faded = ModelFile::new(&bytes[..length]);
    let words = decision_words(1, &rules);
    faded.with_part(part::DECISION, Some(&words)).expect("fits")
}

/// A model that fades runs on without a reset, and decides: on boards as on the host.
#[test]
fn a_board_streams_and_decides_as_the_host_does() {
    const ANSWERS: usize = 60;
    let file = streaming_model();
    let timing = Timing {
        window: 64,
        hop: 9,
        decimation: 2,
        ..Timing::OPEN
    };
    let stream = recorded();
    let (values, _) = stream[WINDOWS_HEADER..].as_chunks::<2>();
    let values: Vec<i16> = values.iter().map(|&two| i16::from_le_bytes(two)).collect();
    let model = file.model().expect("valid");
    let mut host = WindowStream::<RoomOf<Fwht, 128, 16, 128, 0, 128>, 1>::new(&model, timing, 0)
        .expect("one session");
    let mut expected = Vec::new();
    for sample in values.chunks(9).cycle() {
        if let Some(answer) = host.push(sample).expect("a sample") {
            let decided = answer.decided.expect("a decision");
            let class = decided.class.map(|class| class as u16);
            expected.push((answer.class, answer.logits.to_vec(), class, decided.starts));
        }
        if expected.len() == ANSWERS {
            break;
        }
    }
    let events = expected.iter().filter(|(.., starts)| *starts).count();
    let none = expected
        .iter()
        .filter(|(_, _, class, _)| class.is_none())
        .count();
    assert!(
        events > 2 && none > 0,
        "{events} events, {none} without a class"
    );

    for name in ["qemu-m3", "qemu-m4", "qemu-m7"] {
        let bench = Bench::new(name);
        let (_emulator, mut client) = bench.launch(bench.flash());
        send(&mut client, &file, timing, |_| {}).expect("is sent");
        start_newest(&mut client, &file).expect("runs it");
        let mut watch = Watch::start(client, false, Duration::from_secs(3)).expect("answers");
        let mut found = Vec::new();
        let mut last = None;
        while found.len() < ANSWERS {
            match watch.next(Duration::from_secs(1)).expect("the link holds") {
                Some(Told::Class { class, logits, .. }) => last = Some((class.into(), logits)),
                Some(Told::Decided {
                    class,
                    starts,
                    index,
                }) => {
                    assert_eq!(index as usize, found.len(), "none is lost");
                    let (answer, logits) = last.take().expect("the answer comes first");
                    found.push((answer, logits, class, starts));
                }
                _ => {}
            }
        }
        watch.stop().expect("answers");
        assert_eq!(found, expected, "{name}");
    }
}
