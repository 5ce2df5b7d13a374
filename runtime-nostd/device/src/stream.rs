//! A stream of samples, classified in windows: an answer every hop.
//!
//! A window starts at the zero state. Where windows overlap, several sessions run side by side, each started a hop after
//! the one before: `window / hop` of them, with as many times the work and RAM of one.
//!
//! A pool that fades needs one session, which is never reset: its first answer comes after a window, and then one every hop.

use hadamrnn_runtime::decision::{Decided, Decider, Decision};
use hadamrnn_runtime::format::Readout;
use hadamrnn_runtime::{Model, Room, Session, SessionError, class_of};

use crate::MAX_OUTPUTS;
use crate::channels::MAX_CHANNELS;
use crate::channels::{Channels, Places, Sensor};
use crate::slots::{Fault, Timing};

/// Windows over a stream of samples, `SESSIONS` of which may overlap, each in a session of room `R`.
pub struct WindowStream<'m, R: Room, const SESSIONS: usize> {
    /// In the order in which their first windows begin; one for a pool that fades.
    sessions: heapless::Vec<Session<'m, R>, SESSIONS>,
    window: u32,
    hop: u32,
    /// Every how many samples one is used.
    decimation: u16,
    /// Samples until the next one that is used.
    skip: u16,
    /// Samples so far, up to a window: until then, some sessions wait for the start of their first one.
    samples: u32,
    ended: u32,
    /// Samples until the next answer of a pool that fades.
    left: u32,
    logits: heapless::Vec<i32, MAX_OUTPUTS>,
    decision: Option<Decision<'m>>,
    decider: Decider<MAX_OUTPUTS>,
    /// Channels that the model takes, and their places in the sensor's sample; none where it takes all in their order.
    inputs: Channels,
    places: Places,
}

/// The end of a window.
pub struct Answer<'a> {
    /// Windows that ended before, wrapping.
    pub index: u32,
    /// The class.
    pub class: usize,
    /// The logits.
    pub logits: &'a [i32],
    /// What is decided after this answer; none where the model has no decision.
    pub decided: Option<Decided>,
}

impl<'m, R: Room, const SESSIONS: usize> WindowStream<'m, R, SESSIONS> {
    /// Windows of `timing` over samples that are as the model takes them; `usual` is the length of a window where `timing`
    /// leaves it open.
    ///
    /// # Errors
    /// A session cannot hold the model, it has more than [`MAX_OUTPUTS`] logits, its decision is not one for it, too many windows would
    /// overlap, or `timing` names inputs to be found by name.
    pub fn new(model: &'m Model<'m>, timing: Timing, usual: u16) -> Result<Self, Fault> {
        Self::of_sensor(model, timing, usual, model.sample_size() as u16)
    }

    /// The same over the samples of a sensor, in which the inputs that `timing` names are found.
    ///
    /// # Errors
    /// The same, or the sensor lacks an input.
    pub fn of_sensor(
        model: &'m Model<'m>,
        timing: Timing,
        usual: u16,
        sensor: impl Into<Sensor>,
    ) -> Result<Self, Fault> {
        let places = places(model, timing.inputs, sensor.into())?;
        let decision = decision(model)?;
        let Timing {
            window,
            hop,
            decimation,
            inputs,
        } = resolve(model, timing, usual, SESSIONS)?;
        let mut sessions = heapless::Vec::new();
        for _ in 0..side_by_side(model, window, hop) {
            // Cannot be full: `resolve` has compared with the capacity.
            let _ = sessions.push(Session::new(model)?);
        }
        Ok(Self {
            sessions,
            window: window.into(),
            hop: hop.into(),
            decimation,
            skip: 0,
            samples: 0,
            ended: 0,
            left: window.into(),
            logits: heapless::Vec::new(),
            decision,
            decider: Decider::new(),
            inputs,
            places,
        })
    }

    /// Whether [`WindowStream::of_sensor`] would succeed, and the sensor feeds the model: what
    /// [`Slots`](crate::slots::Slots) asks before a model is booted or written.
    ///
    /// # Errors
    /// Why not.
    pub fn check(
        model: &Model<'_>,
        timing: Timing,
        usual: u16,
        sensor: impl Into<Sensor>,
    ) -> Result<(), Fault> {
        check_sensor(model, sensor, timing, usual, SESSIONS)?;
        Session::<R>::new(model)?;
        Ok(())
    }

    /// Takes a sample of raw counts, and gives an answer where a window ends with it.
    ///
    /// # Errors
    /// The sample has not as many values as the model takes, or as its inputs are found in, and is one that is used; nothing
    /// has changed then.
    pub fn push(&mut self, sample: &[i16]) -> Result<Option<Answer<'_>>, SessionError> {
        if let Some(left) = self.skip.checked_sub(1) {
            self.skip = left;
            return Ok(None);
        }
        let mut mapped = [0; MAX_CHANNELS];
        let sample = mapped_sample(&self.places, sample, &mut mapped);
        let (samples, window, hop) = (self.samples, self.window, self.hop);
        let mut ends = None;
        for (i, session) in self.sessions.iter_mut().enumerate() {
            if session.model().fading().is_some() {
                session.push(sample)?;
                self.left = self.left.saturating_sub(1);
                if self.left == 0 {
                    (self.left, ends) = (hop, Some(i));
                }
                break;
            }
            if samples < hop.wrapping_mul(i as u32) {
                break;
            }
            if session.steps() == window {
                session.reset();
            }
            session.push(sample)?;
            if session.steps() == window {
                ends = Some(i);
            }
        }
        self.skip = self.decimation.saturating_sub(1);
        self.samples = samples.saturating_add(1).min(window);
        let Some(session) = ends.and_then(|i| self.sessions.get(i)) else {
            return Ok(None);
        };
        let index = self.ended;
        self.ended = index.wrapping_add(1);
        self.logits.clear();
        for logit in session.logits() {
            // Cannot be full: `new` has compared.
            let _ = self.logits.push(logit);
        }
        let logits = self.logits.as_slice();
        let decided = self
            .decision
            .as_ref()
            .map(|decision| (self.decider).push(decision, logits.iter().copied(), true));
        Ok(Some(Answer {
            index,
            class: class_of(logits.iter().copied()),
            logits,
            decided,
        }))
    }

    /// How the model is run, with nothing left open.
    #[must_use]
    pub fn timing(&self) -> Timing {
        Timing {
            window: self.window as u16,
            hop: self.hop as u16,
            decimation: self.decimation,
            inputs: self.inputs,
        }
    }
}

/// The decision of a model, whose logits there is room for.
fn decision<'m>(model: &Model<'m>) -> Result<Option<Decision<'m>>, Fault> {
    if model.output_size() > MAX_OUTPUTS {
        return Err(Fault::Outputs(model.output_size() as u16));
    }
    Decision::of(model).map_err(|_| Fault::Decision)
}

/// Sessions that run side by side.
fn side_by_side(model: &Model<'_>, window: u16, hop: u16) -> u16 {
    match model.fading() {
        Some(_) => 1,
        None => window.checked_div(hop).unwrap_or(0),
    }
}

/// Whether a sensor's samples and the link fit the model, and the windows may overlap so.
///
/// # Errors
/// Why not.
pub fn check_sensor(
    model: &Model<'_>,
    sensor: impl Into<Sensor>,
    timing: Timing,
    usual: u16,
    sessions: usize,
) -> Result<(), Fault> {
    if model.tokens().is_some() {
        return Err(Fault::Tokens);
    }
    places(model, timing.inputs, sensor.into())?;
    decision(model)?;
    resolve(model, timing, usual, sessions).map(drop)
}

/// Places of the model's inputs in the sensor's sample; none where they are the sample.
fn places(model: &Model<'_>, inputs: Channels, sensor: Sensor) -> Result<Places, Fault> {
    let takes = model.sample_size() as u16;
    if !inputs.is_stated() {
        return match takes == sensor.values {
            true => Ok(Places::new()),
            false => Err(Fault::Channels {
                model: takes,
                sensor: sensor.values,
            }),
        };
    }
    let places = inputs.places_in(sensor.gives);
    let fits = inputs.values() == Some(takes) && sensor.gives.values() == Some(sensor.values);
    places.filter(|_| fits).ok_or(Fault::Inputs {
        model: inputs.bits(),
        sensor: sensor.gives.bits(),
    })
}

/// The model's sample in that of the sensor: `sample` itself where there are no places; nothing, which no session takes, where
/// one lies beyond the sample.
fn mapped_sample<'s>(
    places: &[u8],
    sample: &'s [i16],
    mapped: &'s mut [i16; MAX_CHANNELS],
) -> &'s [i16] {
    if places.is_empty() {
        return sample;
    }
    for (to, &place) in mapped.iter_mut().zip(places) {
        match sample.get(usize::from(place)) {
            Some(&value) => *to = value,
            None => return &[],
        }
    }
    mapped.get(..places.len()).unwrap_or_default()
}

/// Fills what `timing` leaves open: a window of as many samples as a pooled readout was trained for, else of the usual
/// length; a hop of a whole window; every sample.
///
/// # Errors
/// The window is not a multiple of the hop, or has no samples, or too many windows would overlap. For a pool that fades a window
/// of any length will do.
fn resolve(
    model: &Model<'_>,
    timing: Timing,
    usual: u16,
    sessions: usize,
) -> Result<Timing, Fault> {
    let trained = match model.readout() {
        Readout::Pooled { steps, .. } => u16::try_from(steps).unwrap_or(usual),
        _ => usual,
    };
    let or = |value: u16, other: u16| if value == 0 { other } else { value };
    let window = or(timing.window, trained);
    let timing = Timing {
        window,
        hop: or(timing.hop, window),
        decimation: or(timing.decimation, 1),
        inputs: timing.inputs,
    };
    let rest = match model.fading() {
        Some(_) => 0,
        None => window.checked_rem(timing.hop).unwrap_or(1),
    };
    let overlap = side_by_side(model, window, timing.hop);
    match rest {
        0 if usize::from(overlap) <= sessions && overlap > 0 && window > 0 => Ok(timing),
        _ => Err(Fault::Timing {
            timing,
            sessions: u16::try_from(sessions).unwrap_or(u16::MAX),
        }),
    }
}

#[cfg(test)]
mod tests {
    use hadamrnn_runtime::kernel::Fwht;
    use hadamrnn_runtime::{Capacities, RoomOf};
    use proptest::prelude::*;

    use super::*;
    use crate::channels::Quantity;
    use crate::windows;

    const MODEL: &[u8] = hadamrnn_runtime::include_model!("../../../models/har2/model.hdrn");
    /// Room for the model.
    type Har2 = RoomOf<Fwht, 128, 9>;
    const RECORDED: &[u8] = include_bytes!("../../../models/har2/windows.bin");

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
    const HAR: Channels =
        Channels::of(&[Quantity::Motion, Quantity::Rotation, Quantity::Acceleration]);

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
}
