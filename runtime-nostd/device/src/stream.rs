//! A stream of samples, classified in windows: an answer every hop.
//!
//! A window starts at the zero state. Where windows overlap, several sessions run side by side, each started a hop after
//! the one before: `window / hop` of them, with as many times the work and RAM of one.
//!
//! A pool that fades needs one session, which is never reset: its first answer comes after a window, and then one every hop.

use hadamrnn_runtime::decision::{Decided, Decider, Decision};
use hadamrnn_runtime::format::Readout;
use hadamrnn_runtime::taught::{Taught, judge};
use hadamrnn_runtime::{Metric, Model, Place, Room, Session, SessionError, class_of};

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
    metric: Option<Metric<'m>>,
    taught: Option<Taught<'m>>,
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
    /// The class; one that was taught where that is nearer.
    pub class: usize,
    /// The logits.
    pub logits: &'a [i32],
    /// Whether the input is none of the classes; false where the model has no metric.
    pub unknown: bool,
    /// Where the window is in the space of the model's metric; none where it has none.
    pub place: Option<Place>,
    /// What is decided after this answer; none where the model has no decision.
    pub decided: Option<Decided>,
}

impl<'m, R: Room, const SESSIONS: usize> WindowStream<'m, R, SESSIONS> {
    /// Windows of `timing` over samples that are as the model takes them; `usual` is the length of a window where `timing`
    /// leaves it open.
    ///
    /// # Errors
    /// A session cannot hold the model, it has more than [`MAX_OUTPUTS`] logits, its decision, metric or taught classes are not for it, too many
    /// windows would overlap, or `timing` names inputs to be found by name.
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
            metric: Metric::of(model)?,
            taught: Taught::of(model)?,
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
        let class = class_of(logits.iter().copied());
        let mut answer = Answer {
            index,
            class,
            logits,
            unknown: false,
            place: None,
            decided: None,
        };
        let mut taught = None;
        if let Some(metric) = &self.metric {
            let place = session.place(metric);
            let judged = judge(metric, self.taught.as_ref(), &place, class);
            taught = judged.by_entry.then_some(judged.class);
            answer.class = judged.class;
            answer.unknown = judged.score > metric.threshold();
            answer.place = Some(place);
        }
        if let Some(decision) = &self.decision {
            let logits = logits.iter().copied();
            let decided = (self.decider).push_taught(decision, logits, !answer.unknown, taught);
            answer.decided = Some(decided);
        }
        Ok(Some(answer))
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
    Metric::of(model)?;
    Taught::of(model)?;
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
mod tests;
