//! A lesson on a board: windows of a class, taken from the stream as they come.

use hadamrnn_runtime::taught::{Lesson, Plan, Shown, TaughtWords};
use hadamrnn_runtime::{DIMENSIONS, Model, limits};

use crate::slots::{SlotError, Timing};
use crate::stream::Answer;

/// A lesson that is going on.
#[derive(Debug)]
pub(crate) struct Teaching {
    class: u16,
    label: heapless::String<{ limits::TAUGHT_LABEL.max }>,
    /// Windows to take.
    windows: u16,
    shown: Shown,
    /// Answers from one window that is taken to the next, so that they do not overlap.
    stride: u16,
    /// Answers until the next window that is taken.
    left: u16,
}

impl Teaching {
    /// A lesson of so many windows in `timing`, and the part that a model has after one: of the length of any.
    pub fn new(
        model: &Model<'_>,
        lesson: Lesson<'_>,
        windows: u16,
        timing: Timing,
    ) -> Result<(Self, TaughtWords), SlotError> {
        Plan::of(model, lesson, windows).map_err(SlotError::Teach)?;
        let stride = timing.window.div_ceil(timing.hop.max(1)).max(1);
        let teaching = Self {
            class: lesson.class,
            // There is room: the plan has compared. That of a class that is there is of no effect.
            label: heapless::String::try_from(lesson.label).unwrap_or_default(),
            windows,
            shown: Shown::default(),
            stride,
            // What is in the windows that have begun may be something else.
            left: stride,
        };
        let mut one = Shown::default();
        one.add(&[0; DIMENSIONS]);
        let example = TaughtWords::with(model, teaching.lesson(), &one);
        Ok((teaching, example.map_err(SlotError::Teach)?))
    }

    /// Whether it is this lesson.
    pub fn is(&self, lesson: Lesson<'_>, windows: u16) -> bool {
        self.lesson() == lesson && self.windows == windows
    }

    fn lesson(&self) -> Lesson<'_> {
        Lesson {
            class: self.class,
            label: &self.label,
        }
    }

    /// Takes an answer. Gives the windows so far and those to take, if its window counts.
    pub fn take(&mut self, answer: &Answer<'_>) -> Option<(u16, u16)> {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return None;
        }
        self.left = self.stride.saturating_sub(1);
        self.shown.add(answer.place.as_ref()?);
        Some((self.shown.windows(), self.windows))
    }

    /// The part of the model that was shown them.
    pub fn words(&self, model: &Model<'_>) -> Result<TaughtWords, SlotError> {
        TaughtWords::with(model, self.lesson(), &self.shown).map_err(SlotError::Teach)
    }
}
