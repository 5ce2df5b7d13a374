//! A class taught over the link: the board's model is what a plain reading of the same samples makes of it, and is taken back.

use hadamrnn_runtime::format::{Part, Replaced, part};
use hadamrnn_runtime::kernel::Fwht;
use hadamrnn_runtime::taught::{Lesson, Shown, Taught, TaughtWords, TeachError, judge};
use hadamrnn_runtime::{Metric, Model, RoomOf, Session};

use super::noise::{FIRMWARE, Flash, Wire, ask, frame};
use super::*;
use crate::slots::{
    Accept, Fault, MappedFlash, ModelId, Region, Running, SlotError, Slots, Timing, digest,
};
use crate::stream::WindowStream;
use crate::testing::with_metric;
use crate::windows::{WindowFile, decode_sample};

const SHIPPED: &[u8] = hadamrnn_runtime::include_model!("../../../../models/har2/model.hdrn");
const RECORDED: &[u8] = include_bytes!("../../../../models/har2/windows.bin");
type Har2 = RoomOf<Fwht, 128, 9>;
type Stream<'m> = WindowStream<'m, Har2, 4>;
const TIMING: Timing = Timing {
    window: 64,
    hop: 16,
    decimation: 1,
    ..Timing::OPEN
};
const REGION: Region = Region {
    offset: 0,
    slot_size: 5120,
};
const JUMP: Lesson<'_> = Lesson {
    class: 2,
    label: "jump",
};

fn recorded() -> Vec<[i16; 9]> {
    let file = WindowFile::parse(RECORDED).expect("windows");
    let decode = |bytes: &[u8]| {
        let mut sample = [0; 9];
        decode_sample(bytes, &mut sample);
        sample
    };
    file.samples().map(decode).collect()
}

fn model(file: &'static [u8]) -> Model<'static> {
    Model::from_bytes(file).expect("valid")
}

fn server(
    flash: Flash,
    built_in: &'static [u8],
) -> (Server<'static, Flash, impl Accept + use<>>, &'static [u8]) {
    let mut slots = Slots::new(flash, REGION, |_: &Model<'_>, _| Ok(())).expect("fits");
    let running = slots.boot().running;
    let bytes = match running {
        Running::BuiltIn => built_in,
        Running::Slot { index, header } => {
            let (start, length) = slots.model_range(index, &header);
            let bytes = slots.flash().bytes(start, length);
            let mut words = vec![0u32; length.div_ceil(4)];
            bytemuck::cast_slice_mut(&mut words)[..length].copy_from_slice(bytes);
            &bytemuck::cast_slice(words.leak())[..length]
        }
    };
    let server = Server::new(slots, FIRMWARE, running, bytes, &model(bytes), TIMING);
    (server, bytes)
}

/// The network's class of a window, and where it is.
fn window(
    model: &Model<'_>,
    metric: &Metric<'_>,
    samples: &[[i16; 9]],
) -> (usize, hadamrnn_runtime::Place) {
    let mut session = Session::<Har2>::new(model).expect("room");
    samples
        .iter()
        .for_each(|sample| session.push(sample).expect("a sample"));
    (session.class(), session.place(metric))
}

/// The file after windows that end before these samples were shown.
fn taught_by_hand(file: &'static [u8], lesson: Lesson<'_>, ends: &[usize]) -> Vec<u8> {
    let (model, stream) = (model(file), recorded());
    let metric = Metric::of(&model).expect("valid").expect("a metric");
    let mut shown = Shown::default();
    for end in ends {
        let (_, place) = window(&model, &metric, &stream[end - 64..*end]);
        assert!(shown.add(&place));
    }
    let words = TaughtWords::with(&model, lesson, &shown).expect("fits");
    let part = Part {
        id: part::TAUGHT,
        critical: true,
        words: words.words(),
    };
    Replaced::new(file, &part)
        .expect("version 4")
        .pieces()
        .concat()
}

/// Messages that a wire has brought.
fn told(wire: &mut Wire) -> Vec<String> {
    let mut decoder = Decoder::<MAX_FRAME>::default();
    let bytes = std::mem::take(&mut wire.from_board).into_iter();
    bytes
        .filter_map(|byte| {
            decoder
                .push::<Message<'_>>(byte)
                .map(|message| format!("{message:?}"))
        })
        .collect()
}

fn teach(file: &[u8], lesson: Lesson<'static>, windows: u16) -> Ask<'static> {
    Ask::Teach {
        crc: digest(file),
        lesson,
        windows,
    }
}

/// The model that runs, as the link gives it.
fn pulled(server: &mut Server<'_, Flash, impl Accept>, crc: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let offset = bytes.len() as u32;
        let more = ask(server, Ask::Read { crc, offset }, |reply| match reply {
            Reply::Data { offset: at, data } if at == offset => data.to_vec(),
            other => panic!("{other:?}"),
        });
        if more.is_empty() {
            return bytes;
        }
        bytes.extend(more);
    }
}

#[test]
fn a_class_is_taught_used_read_and_taken_back() {
    let built_in = with_metric(SHIPPED, 1 << 22);
    let stream = recorded();
    let (mut board, bytes) = server(Flash::erased(10 << 10), built_in);
    assert_eq!(bytes, built_in);
    assert_eq!(pulled(&mut board, digest(built_in)), built_in);
    let done = |reply: Reply<'_>| reply == Reply::Done;
    for _ in 0..2 {
        assert!(
            ask(&mut board, teach(built_in, JUMP, 3), done),
            "again without harm"
        );
    }
    assert!(board.is_watched());
    let start = model(built_in);
    let mut windows = Stream::new(&start, TIMING, 0).expect("fits");
    let (mut wire, mut ends) = (Wire::default(), Vec::new());
    let mut outcome = None;
    for (number, sample) in stream.iter().enumerate() {
        let Some(answer) = windows.push(sample).expect("a sample") else {
            continue;
        };
        let action = board.tell_class(&answer, &mut wire);
        let told = told(&mut wire);
        if let [progress, rest @ ..] = &told[..] {
            ends.push(number + 1);
            let windows = ends.len();
            let index = answer.index;
            assert_eq!(
                *progress,
                format!("Teaching {{ index: {index}, windows: {windows}, of: 3 }}")
            );
            outcome = rest.first().cloned();
        }
        if action.is_some() {
            assert_eq!(action, Some(Action::Reset));
            break;
        }
    }
    // The first four answers are of windows that had begun; then no two overlap.
    assert_eq!(ends, [128, 192, 256]);
    let expected = taught_by_hand(built_in, JUMP, &ends);
    let id = ModelId::of(&expected);
    assert_eq!(outcome, Some(format!("Taught(Ok({id:?}))")));
    assert!(!board.is_watched());

    let (mut board, bytes) = server(board.release().release(), built_in);
    assert_eq!(bytes, expected);
    assert_eq!(pulled(&mut board, id.crc), expected);
    let classes = ask(&mut board, Ask::Status, |reply| match reply {
        Reply::Status(status) => status.classes,
        other => panic!("{other:?}"),
    });
    assert_eq!(classes, 3);
    // The stream answers by the rule.
    let taught = model(bytes);
    let metric = Metric::of(&taught).expect("valid").expect("a metric");
    let rule = Taught::of(&taught).expect("valid").expect("taught");
    let mut windows = Stream::new(&taught, TIMING, 0).expect("fits");
    let mut of_class = [0; 3];
    for (number, sample) in stream.iter().enumerate() {
        if let Some(answer) = windows.push(sample).expect("a sample") {
            let (class, place) = window(&taught, &metric, &stream[number + 1 - 64..=number]);
            let judged = judge(&metric, Some(&rule), &place, class);
            assert_eq!((answer.class, answer.place), (judged.class, Some(place)));
            assert_eq!(answer.unknown, judged.score > metric.threshold());
            of_class[answer.class] += 1;
        }
    }
    assert!(of_class.iter().all(|count| *count > 0), "{of_class:?}");

    // A repeated request of before the restart teaches nothing, and neither does one for the model before.
    let other = |reply: Reply<'_>| reply == Reply::Refused(SlotError::OtherModel);
    assert!(ask(&mut board, teach(built_in, JUMP, 3), other));
    let crc = digest(built_in);
    assert!(ask(&mut board, Ask::Read { crc, offset: 0 }, other));
    assert!(ask(&mut board, Ask::Undo { crc }, other));

    let mut wire = Wire::default();
    wire.to_board.extend(frame(1, Ask::Undo { crc: id.crc }));
    assert_eq!(board.serve(&mut wire), Some(Action::Undo));
    board.undo().expect("the flash works");
    let (mut board, bytes) = server(board.release().release(), built_in);
    assert_eq!(bytes, built_in);
    let nothing = |reply: Reply<'_>| reply == Reply::Refused(SlotError::Nothing);
    assert!(ask(&mut board, Ask::Undo { crc: id.crc }, nothing));
}

#[test]
fn what_cannot_be_taught_is_refused_and_a_lesson_given_up() {
    let built_in = with_metric(SHIPPED, 1 << 22);
    let (mut board, _) = server(Flash::erased(10 << 10), built_in);
    let mut refused = |ask_for: Ask<'_>| {
        ask(&mut board, ask_for, |reply| match reply {
            Reply::Refused(error) => Some(error),
            _ => None,
        })
    };
    let none = Lesson { label: "", ..JUMP };
    let label = Some(SlotError::Teach(TeachError::Label));
    assert_eq!(refused(teach(built_in, none, 3)), label);
    let windows = Some(SlotError::Teach(TeachError::Windows));
    assert_eq!(refused(teach(built_in, JUMP, 0)), windows);
    let far = Lesson { class: 7, ..JUMP };
    let found = TeachError::Class {
        found: 7,
        classes: 2,
    };
    assert_eq!(
        refused(teach(built_in, far, 3)),
        Some(SlotError::Teach(found))
    );
    assert_eq!(refused(teach(built_in, JUMP, 3)), None);
    assert_eq!(refused(Ask::StopTeaching), None);
    assert!(!board.is_watched());

    // A model without a metric, one that does not fit, and one behind which another waits.
    let (mut plain, _) = server(Flash::erased(10 << 10), SHIPPED);
    let no_metric = Reply::Refused(SlotError::Teach(TeachError::NoMetric));
    assert!(ask(&mut plain, teach(SHIPPED, JUMP, 3), |reply| reply
        == no_metric));
    let small = Region {
        offset: 0,
        slot_size: 1024,
    };
    let mut slots =
        Slots::new(Flash::erased(2048), small, |_: &Model<'_>, _| Ok(())).expect("fits");
    let running = slots.boot().running;
    let mut full = Server::new(slots, FIRMWARE, running, built_in, &model(built_in), TIMING);
    let is_full = ask(&mut full, teach(built_in, JUMP, 3), |reply| {
        matches!(
            reply,
            Reply::Refused(SlotError::Fault(Fault::Length { room: 992, .. }))
        )
    });
    assert!(is_full, "{} bytes", built_in.len());
    let mut slots = board.release();
    let new = crate::slots::NewModel::of(SHIPPED, TIMING);
    slots.begin(new).expect("room");
    slots.write(new.crc, 0, SHIPPED).expect("writes");
    let running = Running::BuiltIn;
    slots.commit(new.crc).expect("valid");
    let mut waiting = Server::new(slots, FIRMWARE, running, built_in, &model(built_in), TIMING);
    let waits = |reply: Reply<'_>| reply == Reply::Refused(SlotError::Waiting);
    assert!(ask(&mut waiting, teach(built_in, JUMP, 3), waits));
}
