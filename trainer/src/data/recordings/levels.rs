//! Channels that tell the classes by their level alone: a battery, a temperature, a baseline that drifts, a flag.
//!
//! Where the classes were recorded one after the other, such a channel gives a high accuracy on any data, and none on the day after.
//! A channel is judged by the samples that are trained on. First by a classifier of its mean alone: a window gets the class
//! of the window with the nearest mean in another recording. What does well so may be gravity, which lies in another direction
//! in each class, and is a signal. So it is told only if it is a flag of few values, drifts slowly through its recordings,
//! or hardly moves within a window of any class and is no axis of a sensor.

mod blocks;
mod names;
mod trend;

use crate::visible;
use blocks::Blocks;
use trend::Trend;

/// Samples in a row of one label that are trained on.
#[derive(Clone, Copy, Debug)]
pub(in crate::data::recordings) struct Trained<'a> {
    /// Raw counts, `[samples][channels]`.
    pub counts: &'a [i16],
    /// Number of the class.
    pub class: usize,
    /// Number of the group or recording.
    pub unit: usize,
}

/// Windows that are nearest to one of their class, over what a guess would give, from which on a channel tells the classes.
const ENOUGH_SKILL: f64 = 0.4;
/// The same of a flag.
const SKILL_OF_FLAG: f64 = 0.7;
/// Most values of a flag.
const VALUES_OF_FLAG: usize = 3;
/// Deviation within a window, as a share of that of the means of recordings, up to which a channel hardly moves.
const STILL: f64 = 0.05;
/// The same where the name says that it is a slow quantity.
const STILL_BY_NAME: f64 = 0.5;
/// Windows of all classes from which on channels are judged.
const ENOUGH_WINDOWS: usize = 12;

/// A reason to doubt a channel.
#[derive(Clone, Debug, PartialEq)]
enum Reason {
    Flag(Vec<i16>),
    Drifts,
    Still,
}

impl Reason {
    fn text(&self) -> String {
        match self {
            Self::Flag(values) => {
                let values: Vec<String> = values.iter().map(i16::to_string).collect();
                format!("has only the values {}", values.join(", "))
            }
            Self::Drifts => "drifts slowly from recording to recording".into(),
            Self::Still => "hardly changes within a window".into(),
        }
    }
}

/// Lines about channels that tell the classes by their level alone, judged by what is trained on with windows of `steps` samples.
pub(in crate::data::recordings) fn doubts(
    channels: &[String],
    classes: usize,
    steps: usize,
    stretches: &[Trained<'_>],
) -> Vec<String> {
    let blocks = Blocks::of(channels.len(), classes, steps, stretches);
    if blocks.all.len() < ENOUGH_WINDOWS {
        return Vec::new();
    }
    let found: Vec<(usize, Reason)> = (0..channels.len())
        .filter_map(|channel| {
            let reason = reason(channels, channel, steps, stretches, &blocks)?;
            Some((channel, reason))
        })
        .collect();
    let others: Vec<&String> = (channels.iter().enumerate())
        .filter(|(channel, _)| found.iter().all(|(other, ..)| other != channel))
        .map(|(_, name)| name)
        .collect();
    let line = |(channel, reason): &(usize, Reason)| {
        let remedy = match others.is_empty() {
            true => "record what moves with the classes, too".into(),
            false => format!("leave it out with --channels {}", as_option(&others)),
        };
        format!(
            "warning: the channel {} alone tells the classes: {:.0} % of the training windows have a mean nearest to that of their class in \
             another recording, and it {}. A battery, a temperature, a drift or a flag does that where classes were recorded \
             one after the other, and fails on the next day. If it is no signal of the classes, {remedy}",
            visible::name(&channels[*channel]),
            100.0 * blocks.accuracy(*channel),
            reason.text()
        )
    };
    found.iter().map(line).collect()
}

/// Names as one word of a command line.
fn as_option(names: &[&String]) -> String {
    let names: Vec<String> = names.iter().map(|name| visible::name(name)).collect();
    let names = names.join(",");
    let is_plain = |c: char| c.is_alphanumeric() || ",._-+:".contains(c);
    match names.chars().all(is_plain) {
        true => names,
        false => format!("\"{names}\""),
    }
}

fn reason(
    channels: &[String],
    channel: usize,
    steps: usize,
    stretches: &[Trained<'_>],
    blocks: &Blocks,
) -> Option<Reason> {
    let skill = blocks.skill(channel);
    if skill < ENOUGH_SKILL {
        return None;
    }
    if let Some(values) = values(channels.len(), channel, stretches) {
        return (skill >= SKILL_OF_FLAG && values.len() > 1).then_some(Reason::Flag(values));
    }
    let still =
        blocks.deviation_within(channel) / blocks.deviation_between(channel).max(f64::MIN_POSITIVE);
    let limit = match names::is_slow(&channels[channel]) {
        true => STILL_BY_NAME,
        false => STILL,
    };
    let trend = Trend::of(channels.len(), channel, steps, stretches);
    match () {
        () if trend.is_slow_drift() => Some(Reason::Drifts),
        () if still <= limit
            && !names::is_axis(channels, channel)
            && !blocks.is_vector(channel) =>
        {
            Some(Reason::Still)
        }
        () => None,
    }
}

/// The values of a channel, if they are few.
fn values(channels: usize, channel: usize, stretches: &[Trained<'_>]) -> Option<Vec<i16>> {
    let mut values: Vec<i16> = Vec::new();
    for stretch in stretches {
        for sample in stretch.counts.chunks_exact(channels) {
            if !values.contains(&sample[channel]) {
                values.push(sample[channel]);
                if values.len() > VALUES_OF_FLAG {
                    return None;
                }
            }
        }
    }
    values.sort_unstable();
    Some(values)
}

#[cfg(test)]
mod tests;
