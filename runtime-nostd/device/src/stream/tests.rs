use hadamrnn_runtime::kernel::Fwht;
use hadamrnn_runtime::{Capacities, RoomOf};
use proptest::prelude::*;

use super::*;
use crate::channels::Quantity;
use crate::windows;

const MODEL: &[u8] = hadamrnn_runtime::include_model!("../../../../models/har2/model.hdrn");
/// Room for the model.
type Har2 = RoomOf<Fwht, 128, 9>;
const RECORDED: &[u8] = include_bytes!("../../../../models/har2/windows.bin");

fn recorded() -> Vec<[i16; 9]> {
    let file = windows::WindowFile::parse(RECORDED).unwrap();
    let decode = |bytes: &[u8]| {
        let mut sample = [0; 9];
        windows::decode_sample(bytes, &mut sample);
        sample
    };
    file.samples().map(decode).collect()
}

/// Answers of a naive reading of the stream: each window by itself, from the zero state.
fn naive(model: &Model<'_>, stream: &[[i16; 9]], timing: Timing) -> Vec<(usize, Vec<i32>)> {
    let (window, hop) = (timing.window.into(), timing.hop.into());
    let answer = |window: &[[i16; 9]]| {
        let mut session = Session::<Har2>::new(model).unwrap();
        window
            .iter()
            .for_each(|sample| session.push(sample).unwrap());
        (session.class(), session.logits().collect())
    };
    let used: Vec<_> = stream
        .iter()
        .copied()
        .step_by(timing.decimation.into())
        .collect();
    used.windows(window).step_by(hop).map(answer).collect()
}

fn streamed<const SESSIONS: usize>(
    model: &Model<'_>,
    stream: &[[i16; 9]],
    timing: Timing,
) -> Vec<(usize, Vec<i32>)> {
    let mut windows = WindowStream::<Har2, SESSIONS>::new(model, timing, 128).unwrap();
    let mut answers = Vec::new();
    for sample in stream {
        if let Some(answer) = windows.push(sample).unwrap() {
            assert_eq!(answer.index as usize, answers.len());
            answers.push((answer.class, answer.logits.to_vec()));
        }
    }
    answers
}

#[test]
fn recorded_stream_in_windows_that_overlap_or_not() {
    let model = Model::from_bytes(MODEL).unwrap();
    let stream = recorded();
    for hop in [128, 64, 32] {
        let timing = Timing {
            window: 128,
            hop,
            decimation: 1,
            ..Timing::OPEN
        };
        let found = streamed::<4>(&model, &stream, timing);
        assert_eq!(found, naive(&model, &stream, timing), "hop {hop}");
    }
    // What is left open: the firmware's window, a hop of a window.
    let open = streamed::<1>(&model, &stream, Timing::default());
    let whole = Timing {
        window: 128,
        hop: 128,
        decimation: 1,
        ..Timing::OPEN
    };
    assert_eq!(open, naive(&model, &stream, whole));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_hop_equals_the_naive_reading(
        hop in 1u16..20,
        overlap in 1u16..8,
        decimation in 1u16..5,
        stream in prop::collection::vec(any::<[i16; 9]>(), 0..200),
    ) {
        let model = Model::from_bytes(MODEL).unwrap();
        let timing = Timing { window: hop * overlap, hop, decimation, ..Timing::OPEN };
        prop_assert_eq!(streamed::<8>(&model, &stream, timing), naive(&model, &stream, timing));
    }
}

/// A sensor whose channels come in another order than the model takes them, with others between.
const SENSOR: Sensor = Sensor {
    values: 13,
    gives: Channels::of(&[
        Quantity::Acceleration,
        Quantity::Temperature,
        Quantity::Motion,
        Quantity::MagneticField,
        Quantity::Rotation,
    ]),
};
const HAR: Channels = Channels::of(&[Quantity::Motion, Quantity::Rotation, Quantity::Acceleration]);

#[test]
fn inputs_are_found_in_the_samples_of_another_sensor() {
    let model = Model::from_bytes(MODEL).unwrap();
    let stream = recorded();
    let timing = Timing {
        window: 128,
        hop: 64,
        decimation: 1,
        inputs: HAR,
    };
    let mut windows = WindowStream::<Har2, 2>::of_sensor(&model, timing, 0, SENSOR).unwrap();
    assert_eq!(windows.timing(), timing);
    let mut answers = Vec::new();
    for [bx, by, bz, gx, gy, gz, ax, ay, az] in &stream {
        let sample = [ax, ay, az, &-7, bx, by, bz, &8, &9, &i16::MIN, gx, gy, gz].map(|x| *x);
        // One that is too short changes nothing.
        assert!(windows.push(&sample[..12]).is_err());
        if let Some(answer) = windows.push(&sample).unwrap() {
            answers.push((answer.class, answer.logits.to_vec()));
        }
    }
    assert_eq!(answers, naive(&model, &stream, timing));
}

#[test]
fn inputs_that_the_sensor_lacks_are_refused() {
    let model = Model::from_bytes(MODEL).unwrap();
    let timing = |inputs| Timing {
        inputs,
        ..Timing::OPEN
    };
    let check =
        |inputs, sensor| WindowStream::<Har2, 1>::check(&model, timing(inputs), 128, sensor);
    assert_eq!(check(HAR, SENSOR), Ok(()));
    let six = Channels::of(&[Quantity::Acceleration, Quantity::Rotation]);
    let lacking = Sensor {
        values: 6,
        gives: six,
    };
    let says_nothing = Sensor::from(9);
    let miscounted = Sensor {
        values: 14,
        ..SENSOR
    };
    // The last one has not as many values as the model.
    for (inputs, sensor) in [
        (HAR, lacking),
        (HAR, says_nothing),
        (HAR, miscounted),
        (six, SENSOR),
    ] {
        let expected = Fault::Inputs {
            model: inputs.bits(),
            sensor: sensor.gives.bits(),
        };
        assert_eq!(check(inputs, sensor), Err(expected));
    }
    let error = Fault::Channels {
        model: 9,
        sensor: 13,
    };
    assert_eq!(check(Channels::UNSTATED, SENSOR), Err(error));
    assert!(WindowStream::<Har2, 1>::new(&model, timing(HAR), 128).is_err());
}

#[test]
fn what_cannot_overlap_is_refused() {
    let model = Model::from_bytes(MODEL).unwrap();
    for (window, hop) in [(128, 48), (128, 32), (64, 128)] {
        let timing = Timing {
            window,
            hop,
            decimation: 1,
            ..Timing::OPEN
        };
        let error = WindowStream::<Har2, 2>::new(&model, timing, 128).err();
        assert_eq!(
            error,
            Some(Fault::Timing {
                timing,
                sessions: 2
            })
        );
    }
    let none = WindowStream::<Har2, 2>::new(&model, Timing::default(), 0).err();
    assert!(matches!(none, Some(Fault::Timing { .. })));
}

#[test]
fn a_sample_of_another_length_changes_nothing() {
    let model = Model::from_bytes(MODEL).unwrap();
    let stream = recorded();
    let timing = Timing {
        window: 4,
        hop: 2,
        decimation: 1,
        ..Timing::OPEN
    };
    let mut windows = WindowStream::<Har2, 2>::new(&model, timing, 128).unwrap();
    let mut answers = Vec::new();
    for sample in &stream[..40] {
        assert!(windows.push(&sample[..3]).is_err());
        if let Some(answer) = windows.push(sample).unwrap() {
            answers.push((answer.class, answer.logits.to_vec()));
        }
    }
    assert_eq!(answers, naive(&model, &stream[..40], timing));
}

#[test]
fn capacities_are_checked_as_a_session_does() {
    let model = Model::from_bytes(MODEL).unwrap();
    let enough = Capacities::needed_by(&model);
    assert_eq!(enough.check(&model), Ok(()));
    let small = Capacities {
        hidden: 64,
        ..enough
    };
    let session = Session::<RoomOf<Fwht, 64, 9>>::new(&model).err();
    assert_eq!(small.check(&model).err(), session);
    let few = Capacities {
        inputs: 8,
        ..enough
    };
    let session = Session::<RoomOf<Fwht, 128, 8>>::new(&model).err();
    assert_eq!(few.check(&model).err(), session);
}
