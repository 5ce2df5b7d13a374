//! A finding: its kind, how bad it is, where it is, and what to do.

use serde::Serialize;

use crate::choice::{Choice, words};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Worth a look before a result is believed.
    Warning,
    /// Training would fail, or its result would be wrong.
    Error,
}

impl Choice for Severity {
    const CHOICES: &'static [Self] = &[Self::Note, Self::Warning, Self::Error];
    const KIND: &'static str = "severity";

    fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Note => "Worth knowing",
            Self::Warning => "Worth a look before a result is believed",
            Self::Error => "Training would fail, or its result would be wrong",
        }
    }
}

words!(Severity);

/// Kind of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The recordings cannot be read, or not be trained on.
    Reading,
    /// Classes: how many there are, how their names differ.
    Classes,
    /// Windows, recordings and people of each class.
    Balance,
    /// A channel that never changes.
    Dead,
    /// A channel that stands still for a while, or in a recording.
    Stuck,
    /// Values at the end of a sensor's range.
    Saturation,
    /// Single values far beyond all others.
    Glitches,
    /// Samples a second, and how steady they come.
    Rate,
    /// Breaks in time.
    Gaps,
    /// The same content twice.
    Duplicates,
    /// The same content in two splits.
    Leak,
    /// Recordings of another unit or range.
    Scale,
    /// Axes that are mirrored, swapped or turned.
    Axes,
    /// A channel that alone gives the class.
    Alone,
    /// The time in a session that gives the class.
    Order,
    /// Classes that cannot be told from each other.
    Confusable,
}

impl Choice for Check {
    const CHOICES: &'static [Self] = &[
        Self::Reading,
        Self::Classes,
        Self::Balance,
        Self::Dead,
        Self::Stuck,
        Self::Saturation,
        Self::Glitches,
        Self::Rate,
        Self::Gaps,
        Self::Duplicates,
        Self::Leak,
        Self::Scale,
        Self::Axes,
        Self::Alone,
        Self::Order,
        Self::Confusable,
    ];
    const KIND: &'static str = "check";

    fn word(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Classes => "classes",
            Self::Balance => "balance",
            Self::Dead => "dead",
            Self::Stuck => "stuck",
            Self::Saturation => "saturation",
            Self::Glitches => "glitches",
            Self::Rate => "rate",
            Self::Gaps => "gaps",
            Self::Duplicates => "duplicates",
            Self::Leak => "leak",
            Self::Scale => "scale",
            Self::Axes => "axes",
            Self::Alone => "alone",
            Self::Order => "order",
            Self::Confusable => "confusable",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Reading => "The recordings can be read and trained on",
            Self::Classes => "At least two classes, whose names are no slips of each other",
            Self::Balance => "Windows, recordings and people of each class",
            Self::Dead => "A channel that never changes",
            Self::Stuck => "A channel that stands still for a while, or in a recording",
            Self::Saturation => "Values at the end of a sensor's range",
            Self::Glitches => "Single values far beyond all others",
            Self::Rate => "Samples a second, and how steady they come",
            Self::Gaps => "Breaks in time",
            Self::Duplicates => "The same content twice",
            Self::Leak => "The same content in two splits",
            Self::Scale => "Recordings of another unit or range",
            Self::Axes => "Axes that are mirrored, swapped or turned",
            Self::Alone => "A channel that alone gives the class",
            Self::Order => "The time in a session that gives the class",
            Self::Confusable => "Classes that cannot be told from each other",
        }
    }
}

words!(Check);

/// Where a finding is; what is absent does not matter to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Recording: the path of its file, and what tells recordings within it apart; or a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
    /// Name of the channel or sensor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Name of the class, or of two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

impl Place {
    /// A recording or person.
    pub(super) fn recording(name: &str) -> Self {
        Self {
            recording: Some(name.into()),
            ..Self::default()
        }
    }

    /// A channel.
    pub(super) fn channel(name: &str) -> Self {
        Self {
            channel: Some(name.into()),
            ..Self::default()
        }
    }

    /// A class.
    pub(super) fn class(name: &str) -> Self {
        Self {
            class: Some(name.into()),
            ..Self::default()
        }
    }

    /// The same in a recording.
    pub(super) fn in_recording(self, name: &str) -> Self {
        Self {
            recording: Some(name.into()),
            ..self
        }
    }
}

/// A fault of the data, or a remark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Kind of the check.
    pub check: Check,
    /// Where it is.
    pub place: Place,
    /// The number that it rests on, in the unit that the text says.
    pub figure: f64,
    /// The fault in a sentence, with its number.
    pub text: String,
    /// Remedy, in a sentence.
    pub remedy: String,
}

impl Finding {
    /// Recordings cannot be read or trained on; `why` is the whole message.
    pub fn reading(why: &str) -> Self {
        Self {
            severity: Severity::Error,
            check: Check::Reading,
            place: Place::default(),
            figure: 0.0,
            text: why.to_owned(),
            remedy: "mend what the message names".into(),
        }
    }
}
