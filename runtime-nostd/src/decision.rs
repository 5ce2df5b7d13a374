//! Decisions: when the answers of a stream count.
//!
//! A stream gives an answer every hop, and most of them say what the one before said. A [`Decision`] is the part of a model that
//! makes events of them. Logits are smoothed over answers. An answer speaks for its best class where that leads by a threshold of
//! the class, and for none of them otherwise. A class is decided when as many answers as it needs spoke for it, one after the other, and
//! no event before holds it off; it ends when as many spoke for none. All of it is integers, so hosts and boards decide alike.
//!
//! The smoothed logit of an output is `z = z - (z >> s) + y`, the shift rounded down, and `z = y << s` at the first answer: some
//! `2^s` times the mean of the last `2^s` logits. Thresholds are in units of `z`.

use core::fmt;

use crate::format::part;
use crate::model::Model;

/// The part of a model that says when answers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    smoothing: u32,
    /// Two words a class.
    rules: &'a [[u32; 2]],
    outputs: usize,
}

/// When answers for a class count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// By how much the smoothed logit of the class must lead those of all others, `0..=2^31 - 1`. With a single output the logit of
    /// class 0 is 0.
    pub threshold: u32,
    /// Answers, one after the other, that must speak for the class before it is decided; at least 1.
    pub answers: u16,
    /// Answers from the start of an event of this class, in which no other event starts.
    pub hold_off: u16,
}

/// Why the words of a decision are none for a model.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionError {
    /// Not one word and two for each class.
    Length,
    /// A smoothing beyond [`LARGEST_SMOOTHING`], or bits that must be zero.
    Smoothing,
    /// A threshold beyond `2^31 - 1`.
    Threshold,
    /// A class that no answer needs to speak for.
    Answers,
    /// Smoothed logits of this model could exceed 30 bits: a lower smoothing is needed.
    Overflow,
}

impl fmt::Display for DecisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "the decision has not one word and two for each class",
            Self::Smoothing => "the smoothing of the decision is out of range",
            Self::Threshold => "a threshold of the decision is out of range",
            Self::Answers => "a class of the decision needs no answer",
            Self::Overflow => "smoothed logits of the model could exceed 30 bits",
        })
    }
}

impl core::error::Error for DecisionError {}

/// Largest `s`: a mean of some `2^s` answers.
pub const LARGEST_SMOOTHING: u32 = 8;

impl<'a> Decision<'a> {
    /// The decision of a model; none where it has none.
    ///
    /// # Errors
    /// The part is not one for this model.
    pub fn of(model: &Model<'a>) -> Result<Option<Self>, DecisionError> {
        match model.parts().get(part::DECISION) {
            Some(words) => Self::read(model, words).map(Some),
            None => Ok(None),
        }
    }

    /// A decision that `words` state, for a model.
    ///
    /// # Errors
    /// They are not one for this model.
    pub fn read(model: &Model<'_>, words: &'a [u32]) -> Result<Self, DecisionError> {
        let (&smoothing, rules) = words.split_first().ok_or(DecisionError::Length)?;
        let (rules, rest) = rules.as_chunks();
        if rules.len() != model.class_count() || !rest.is_empty() {
            return Err(DecisionError::Length);
        }
        if smoothing > LARGEST_SMOOTHING {
            return Err(DecisionError::Smoothing);
        }
        // Then the lead of one over another fits 32 bits, too.
        let largest = (model.bounds().logit as u32).wrapping_add(1);
        if largest > (1 << 30) >> smoothing {
            return Err(DecisionError::Overflow);
        }
        for &words in rules {
            let rule = Rule::of_words(words);
            if rule.threshold > i32::MAX as u32 {
                return Err(DecisionError::Threshold);
            }
            if rule.answers == 0 {
                return Err(DecisionError::Answers);
            }
        }
        Ok(Self {
            smoothing,
            rules,
            outputs: model.output_size(),
        })
    }

    /// `s`, the logarithm of the answers that a smoothed logit remembers.
    #[must_use]
    pub const fn smoothing(&self) -> u32 {
        self.smoothing
    }

    /// Outputs of the model.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.outputs
    }

    /// The rules, one a class.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = Rule> + use<'a> {
        self.rules.iter().map(|&words| Rule::of_words(words))
    }

    /// The rule of a class; that of no class needs one answer.
    fn rule(&self, class: Option<usize>) -> Rule {
        let words = class.and_then(|class| self.rules.get(class));
        words.map_or(
            Rule {
                answers: 1,
                ..Rule::default()
            },
            |&words| Rule::of_words(words),
        )
    }
}

impl Rule {
    const fn of_words([threshold, counts]: [u32; 2]) -> Self {
        Self {
            threshold,
            answers: counts as u16,
            hold_off: (counts >> 16) as u16,
        }
    }

    /// The words of the rule: the threshold, then the answers in the low and the hold-off in the high half.
    #[must_use]
    pub const fn words(self) -> [u32; 2] {
        [
            self.threshold,
            self.answers as u32 | (self.hold_off as u32) << 16,
        ]
    }
}

/// A stream's decisions so far, with room for models of `OUTPUTS` logits.
#[derive(Clone, Debug)]
pub struct Decider<const OUTPUTS: usize> {
    smoothed: [i32; OUTPUTS],
    started: bool,
    /// What the last answer spoke for, and how many before it.
    candidate: Option<usize>,
    run: u16,
    decided: Option<usize>,
    /// Answers in which no event starts.
    held: u16,
}

/// What is decided after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The class that is decided; none where none of them is.
    pub class: Option<usize>,
    /// Whether an event starts with this answer: a class is decided that was not before.
    pub starts: bool,
    /// What this answer speaks for.
    pub candidate: Option<usize>,
    /// By how much the best smoothed logit leads the others.
    pub lead: u32,
}

impl<const OUTPUTS: usize> Default for Decider<OUTPUTS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const OUTPUTS: usize> Decider<OUTPUTS> {
    /// Before the first answer: no class is decided.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            smoothed: [0; OUTPUTS],
            started: false,
            candidate: None,
            run: 0,
            decided: None,
            held: 0,
        }
    }

    /// Takes the logits of an answer. `known` is false where the input is like nothing that the model was trained on: then the
    /// answer speaks for none.
    ///
    /// Logits beyond `OUTPUTS` are not looked at: a caller compares [`Decision::outputs`] first.
    pub fn push(
        &mut self,
        decision: &Decision<'_>,
        logits: impl Iterator<Item = i32>,
        known: bool,
    ) -> Decided {
        self.push_taught(decision, logits, known, None)
    }

    /// The same for an answer that may be of a class that was [taught](crate::taught): it speaks for that class, whatever the logits are,
    /// where the input is known. A new class is decided by one answer, and holds none off.
    pub fn push_taught(
        &mut self,
        decision: &Decision<'_>,
        logits: impl Iterator<Item = i32>,
        known: bool,
        taught: Option<usize>,
    ) -> Decided {
        let shift = decision.smoothing;
        for (smoothed, logit) in self.smoothed.iter_mut().zip(logits) {
            *smoothed = if self.started {
                smoothed
                    .wrapping_sub(smoothed.wrapping_shr(shift))
                    .wrapping_add(logit)
            } else {
                logit.wrapping_shl(shift)
            };
        }
        self.started = true;
        let (best, lead) = self.best(decision.outputs);
        let speaks = known && lead >= decision.rule(Some(best)).threshold;
        let candidate = match taught {
            Some(class) if known => Some(class),
            None if speaks => Some(best),
            _ => None,
        };
        self.run = match candidate == self.candidate {
            true => self.run.saturating_add(1),
            false => 1,
        };
        self.candidate = candidate;
        let held = self.held > 0;
        self.held = self.held.saturating_sub(1);
        let mut starts = false;
        match candidate {
            Some(_) if candidate != self.decided => {
                let rule = decision.rule(candidate);
                if self.run >= rule.answers && !held {
                    (self.decided, self.held, starts) = (candidate, rule.hold_off, true);
                }
            }
            None if self.run >= decision.rule(self.decided).answers => self.decided = None,
            _ => {}
        }
        Decided {
            class: self.decided,
            starts,
            candidate,
            lead,
        }
    }

    /// The class of the largest smoothed logit, the first of equals, and by how much it leads. A single output is the lead of class 1
    /// over class 0.
    fn best(&self, outputs: usize) -> (usize, u32) {
        if outputs == 1 {
            let logit = self.smoothed.first().copied().unwrap_or(0);
            return (usize::from(logit > 0), logit.unsigned_abs());
        }
        let (mut best, mut first, mut second) = (0, i32::MIN, i32::MIN);
        for (class, &logit) in self.smoothed.iter().take(outputs).enumerate() {
            if class == 0 || logit > first {
                (best, second, first) = (class, first, logit);
            } else if logit > second {
                second = logit;
            }
        }
        (best, first.wrapping_sub(second) as u32)
    }
}
