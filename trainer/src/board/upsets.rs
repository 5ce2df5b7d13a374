//! Flips bits on an emulated board, and counts what becomes of the answers.

use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_firmware_support::report::{
    self, Disturbed, ErrorKind, GuardCosts, Outcome, Report, Target, Upset,
};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::emulate::REPORT;
use super::{Firmware, Request};

/// A core that has reported nothing for so long hangs: an upset is a few milliseconds of work.
const SILENCE: Duration = Duration::from_secs(20);

/// Which bits of a word flip together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// One.
    One,
    /// Two, anywhere in the word.
    Two,
    /// Three to eight neighbours.
    Burst,
}

/// What happened after an upset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// The window was answered, or the model refused.
    Answered(Disturbed),
    /// The core faulted, or the program panicked.
    Fault,
    /// The core went on without an answer: a watchdog's case.
    Hang,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Upsets.
    pub injected: u32,
    /// The model was refused.
    pub refused: u32,
    /// The same logits as undisturbed.
    pub same: u32,
    /// Other logits, the same class.
    pub degraded: u32,
    /// Another class.
    pub wrong: u32,
    /// Faults of the core.
    pub faults: u32,
    /// Hangs.
    pub hangs: u32,
    /// Upsets that the check of their target found, of those that were answered.
    pub found: u32,
    /// Upsets that the norm showed, of those that were answered.
    pub norm: u32,
    /// Answers of another class or other logits that the check did not find.
    pub escaped: u32,
}

impl Pattern {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::One, Self::Two, Self::Burst];

    /// Bits to flip.
    fn mask(self, random: &mut impl Rng) -> u32 {
        let first = random.random_range(0..32u32);
        match self {
            Self::One => 1 << first,
            Self::Two => 1 << first | 1 << ((first + random.random_range(1..32)) % 32),
            Self::Burst => {
                let bits = random.random_range(3..=8);
                ((1 << bits) - 1) << random.random_range(0..=32 - bits)
            }
        }
    }
}

/// `count` upsets, the same of each target and pattern up to rounding, in random places of random windows at random times.
#[must_use]
pub fn random_upsets(count: usize, seed: u64) -> Vec<(Pattern, Upset)> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let kinds: Vec<_> = Target::ALL
        .into_iter()
        .flat_map(|target| Pattern::ALL.map(|pattern| (target, pattern)))
        .collect();
    let upset = |i: usize| {
        let (target, pattern) = kinds[i * kinds.len() / count];
        let upset = Upset {
            target,
            step: random.random(),
            word: random.random(),
            mask: pattern.mask(&mut random),
        };
        (pattern, upset)
    };
    (0..count).map(upset).collect()
}

/// Builds the firmware `upsets` and injects all of `upsets`, each into a window of its own; `scratch` is the emulator's folder. After a
/// fault or a hang the board starts anew with the next one.
///
/// # Errors
/// The firmware cannot be built or run, or its report is none.
pub fn run_upsets(
    request: &Request<'_>,
    upsets: &[Upset],
    scratch: &Path,
) -> Result<(GuardCosts, Vec<Happened>)> {
    let firmware = request.build("upsets", scratch)?;
    let (mut happened, mut costs) = (Vec::new(), None);
    while happened.len() < upsets.len() {
        let rest = &upsets[happened.len()..];
        let list: Vec<u8> = rest.iter().flat_map(|upset| upset.to_bytes()).collect();
        std::fs::write(scratch.join("upsets.bin"), list).context("cannot write the upsets")?;
        let before = happened.len();
        let ended = run(&firmware, request, scratch)?;
        let mut is_done = false;
        for message in &ended.messages {
            match *message {
                Report::Guards(measured) => costs = Some(measured),
                Report::Upset { index, answer } => {
                    ensure!(
                        index as usize == happened.len() - before,
                        "upset {index} is reported out of order"
                    );
                    happened.push(Happened::Answered(answer));
                }
                Report::Error {
                    kind: ErrorKind::Fault | ErrorKind::Panic,
                    ..
                } if costs.is_some() => happened.push(Happened::Fault),
                Report::Error { kind, ref message } => {
                    bail!("the firmware failed: {kind:?}: {message}")
                }
                Report::Done { .. } => is_done = true,
                _ => {}
            }
        }
        let is_told = happened.last() == Some(&Happened::Fault) && happened.len() > before;
        ensure!(costs.is_some(), "the firmware ended before its first upset");
        if ended.hangs {
            happened.push(Happened::Hang);
        } else if !is_done && !is_told {
            // A fault within a fault locks the core up, which ends the emulator.
            happened.push(Happened::Fault);
        }
    }
    let costs = costs.context("the report has no costs")?;
    Ok((costs, happened))
}

/// The end of a run of the emulator.
struct Ended {
    messages: Vec<Report>,
    hangs: bool,
}

fn run(firmware: &Firmware, request: &Request<'_>, scratch: &Path) -> Result<Ended> {
    let path = scratch.join(REPORT);
    let child = firmware.start(request.board, scratch)?;
    let hangs = !wait(child, &path).context("cannot watch the emulator")?;
    let mut bytes = std::fs::read(&path).unwrap_or_default();
    let messages = report::decode(&mut bytes).map_while(Result::ok).collect();
    Ok(Ended { messages, hangs })
}

/// Waits for the end of the emulator; kills it, and gives false, when its report has not grown for too long.
fn wait(mut child: Child, report: &Path) -> std::io::Result<bool> {
    let (mut length, mut since) = (0, Instant::now());
    loop {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        let now = std::fs::metadata(report).map_or(0, |data| data.len());
        if now != length {
            (length, since) = (now, Instant::now());
        }
        if since.elapsed() > SILENCE {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Tally {
    /// Counts what happened after those upsets of a list that `is_of` holds of.
    #[must_use]
    pub fn of<T>(upsets: &[T], happened: &[Happened], is_of: impl Fn(&T) -> bool) -> Self {
        let mut tally = Self::default();
        let both = upsets.iter().zip(happened);
        both.filter(|(upset, _)| is_of(upset))
            .for_each(|(_, happened)| tally.count(*happened));
        tally
    }

    /// Counts one more.
    pub fn count(&mut self, happened: Happened) {
        self.injected += 1;
        match happened {
            Happened::Fault => self.faults += 1,
            Happened::Hang => self.hangs += 1,
            Happened::Answered(Disturbed {
                outcome,
                found,
                norm,
            }) => {
                let place = match outcome {
                    Outcome::Refused => &mut self.refused,
                    Outcome::Same => &mut self.same,
                    Outcome::Degraded => &mut self.degraded,
                    Outcome::Wrong => &mut self.wrong,
                };
                *place += 1;
                self.found += u32::from(found);
                self.norm += u32::from(norm);
                let differs = matches!(outcome, Outcome::Degraded | Outcome::Wrong);
                self.escaped += u32::from(differs && !found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upsets_are_of_every_kind_and_flip_what_they_say() {
        let upsets = random_upsets(1200, 1);
        assert_eq!(upsets.len(), 1200);
        for target in Target::ALL {
            for pattern in Pattern::ALL {
                let of_kind =
                    |(p, upset): &&(Pattern, Upset)| *p == pattern && upset.target == target;
                let masks: Vec<u32> = upsets.iter().filter(of_kind).map(|(_, u)| u.mask).collect();
                assert_eq!(masks.len(), 100);
                let bits = |mask: &u32| mask.count_ones();
                let expected = match pattern {
                    Pattern::One => 1..=1,
                    Pattern::Two => 2..=2,
                    Pattern::Burst => 3..=8,
                };
                assert!(masks.iter().all(|mask| expected.contains(&bits(mask))));
                let is_run = |mask: &u32| {
                    mask.count_ones() == 32 - mask.leading_zeros() - mask.trailing_zeros()
                };
                assert!(pattern != Pattern::Burst || masks.iter().all(is_run));
            }
        }
    }

    #[test]
    fn what_is_found_has_not_escaped() {
        let mut tally = Tally::default();
        let answered = |outcome, found| {
            Happened::Answered(Disturbed {
                outcome,
                found,
                norm: false,
            })
        };
        tally.count(answered(Outcome::Wrong, true));
        tally.count(answered(Outcome::Wrong, false));
        tally.count(answered(Outcome::Same, false));
        tally.count(Happened::Hang);
        assert_eq!((tally.injected, tally.wrong, tally.hangs), (4, 2, 1));
        assert_eq!((tally.escaped, tally.found), (1, 1));
    }
}
