//! Classes that a model is taught after training, on the host: from recorded windows, bit for bit as a board is, and what a taught model
//! answers.
//!
//! The runtime has the rule and the means ([`hadamrnn_runtime::taught`]).

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_runtime::format::{Part, Replaced, part};
use hadamrnn_runtime::taught::{Judged, Lesson, Shown, Taught, TaughtWords, judge};
use hadamrnn_runtime::{Metric, Model};
use rayon::prelude::*;

use crate::data::{Sequences, Targets};
use crate::integer::{self, KernelName, ModelFile};
use crate::metrics::{Evaluation, Metrics};
use crate::visible;

/// Windows that are evaluated before it is told how far the evaluation is.
const AT_ONCE: usize = 256;

/// What a taught model answers by.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    metric: Metric<'a>,
    taught: Taught<'a>,
}

impl<'a> Judge<'a> {
    /// That of `model`; none where it was taught nothing.
    ///
    /// # Errors
    /// What it was taught is damaged, or it has a fading pool, whose streams are judged on boards only.
    pub fn of(model: &Model<'a>) -> Result<Option<Self>> {
        let Some(taught) = Taught::of(model)? else {
            return Ok(None);
        };
        check_windows(model)?;
        let metric = integer::metric(model)?;
        Ok(Some(Self { metric, taught }))
    }

    /// The answer to a window of raw samples `[T][D]`.
    ///
    /// # Errors
    /// The samples are not of the model's kind, or the kernel cannot run it.
    pub fn answer(&self, model: &Model<'_>, kernel: KernelName, window: &[i16]) -> Result<Judged> {
        let (class, place) = kernel.placed(model, &self.metric, window)?;
        Ok(judge(&self.metric, Some(&self.taught), &place, class))
    }
}

/// Whether windows of the model start at the zero state.
pub(crate) fn check_windows(model: &Model<'_>) -> Result<()> {
    ensure!(
        !integer::runs_on(model),
        "classes are taught by windows that start at the zero state, and a fading pool does not: teach a model without one"
    );
    Ok(())
}

/// Names of the classes that a model was taught, behind those of its network.
///
/// # Errors
/// They are damaged.
pub fn labels(model: &Model<'_>) -> Result<Vec<String>> {
    let taught = Taught::of(model)?;
    let labels = taught.iter().flat_map(Taught::labels);
    Ok(labels.map(String::from).collect())
}

/// Whether a model was taught something.
///
/// # Errors
/// It is damaged.
pub fn is_taught(model: &Model<'_>) -> Result<bool> {
    Ok(Taught::of(model)?.is_some())
}

/// Refuses a model that was taught classes, which the command at hand does not know.
///
/// # Errors
/// It was; the message says what to do.
pub fn refuse(model: &Model<'_>, what: &str) -> Result<()> {
    ensure!(
        !is_taught(model)?,
        "the model was taught {} after training, which {what} does not take into account: give the model that it was before",
        match &labels(model)?[..] {
            [] => "its wearer's classes".into(),
            labels => visible::names(labels),
        }
    );
    Ok(())
}

/// The number of the class `label`: of the network's, whose names are `trained` as far as they are known, or one that was taught, or a new
/// one.
///
/// # Errors
/// What the model was taught is damaged; the label begins or ends with a blank, which nobody sees.
pub fn class_of(model: &Model<'_>, trained: &[String], label: &str) -> Result<u16> {
    ensure!(
        label.trim() == label && !label.is_empty(),
        "{label:?} is no name of a class: it is empty, or begins or ends with a blank"
    );
    let taught = labels(model)?;
    let of_trained = trained.iter().position(|name| name == label);
    let of_taught = || taught.iter().position(|name| name == label);
    let class =
        of_trained.unwrap_or_else(|| model.class_count() + of_taught().unwrap_or(taught.len()));
    u16::try_from(class).context("the model has more than 65,535 classes")
}

/// `file`, which was shown these windows of raw samples `[T][D]` of a class, as a board makes it.
///
/// # Errors
/// The model has no metric, or the class cannot be taught; a window is not of its kind.
pub fn teach(file: &ModelFile, lesson: Lesson<'_>, windows: &[Vec<i16>]) -> Result<ModelFile> {
    let model = file.model()?;
    check_windows(&model)?;
    let metric = integer::metric(&model)?;
    let kernel = KernelName::best_for(&model);
    let mut shown = Shown::default();
    for window in windows {
        let (_, place) = kernel.placed(&model, &metric, window)?;
        ensure!(shown.add(&place), "too many windows");
    }
    let words = TaughtWords::with(&model, lesson, &shown)?;
    with_words(file, &words)
}

/// `file` with what it was taught, as a board makes it.
///
/// # Errors
/// The file has no room for one part more.
pub fn with_words(file: &ModelFile, words: &TaughtWords) -> Result<ModelFile> {
    let part = Part {
        id: part::TAUGHT,
        critical: true,
        words: words.words(),
    };
    let file = Replaced::new(file.bytes(), &part).context("the model has no room for parts")?;
    let file = ModelFile::new(&file.pieces().concat());
    ensure!(is_taught(&file.model()?)?, "the model was taught nothing");
    Ok(file)
}

/// Numbers of a taught model's classes among those of data. `trained` are the names of the network's, where they are known.
///
/// A class that the data lack has the number `u32::MAX`: answers with it are wrong.
///
/// # Errors
/// The data have not the classes of the network.
pub fn numbers(
    model: &Model<'_>,
    trained: Option<&[String]>,
    of_data: &[String],
) -> Result<Vec<u32>> {
    let taught = labels(model)?;
    let unknown: Vec<String>;
    let trained = match trained {
        Some(trained) => trained,
        // The classes in their order, without those that were taught.
        None => {
            unknown = (of_data.iter())
                .filter(|name| !taught.contains(name))
                .cloned()
                .collect();
            &unknown
        }
    };
    ensure!(
        trained.len() == model.class_count(),
        "the network has {} classes, and the data have {} beside those that it was taught ({})",
        model.class_count(),
        trained.len(),
        visible::names(of_data)
    );
    let number = |name: &String| of_data.iter().position(|other| other == name);
    if let Some(lacking) = trained.iter().find(|name| number(name).is_none()) {
        bail!(
            "the data have no class {}: theirs are {}",
            visible::name(lacking),
            visible::names(of_data)
        );
    }
    let all = trained.iter().chain(&taught);
    Ok(all
        .map(|name| number(name).map_or(u32::MAX, |number| number as u32))
        .collect())
}

/// Accuracy of a taught model on windows, with its answers in the numbers of the data's classes, which `numbers` has for the model's. It
/// has no loss, as there are no probabilities of what was taught: that is not a number.
///
/// # Errors
/// The model does not fit the data or the kernel, or these have a class for each step.
pub fn evaluation(
    model: &Model<'_>,
    judge: &Judge<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
    numbers: &[u32],
    told: &mut dyn FnMut(usize),
) -> Result<Evaluation> {
    integer::check_inputs(model, sequences)?;
    let Targets::Class(targets) = &sequences.targets else {
        bail!("a taught model answers windows, and the data have a class for each step");
    };
    let answer = |i: usize| -> Result<u32> {
        let judged = judge.answer(model, kernel, &sequences.raw(i, input_lsb))?;
        Ok(numbers.get(judged.class).copied().unwrap_or(u32::MAX))
    };
    let mut answers = Vec::with_capacity(sequences.len());
    while answers.len() < sequences.len() {
        let next = answers.len()..sequences.len().min(answers.len() + AT_ONCE);
        let found: Vec<u32> = next.into_par_iter().map(answer).collect::<Result<_>>()?;
        answers.extend(found);
        told(answers.len());
    }
    let right = answers.iter().zip(targets).filter(|(a, b)| a == b).count();
    Ok(Evaluation {
        metrics: Metrics {
            loss: f64::NAN,
            accuracy: right as f64 / answers.len().max(1) as f64,
            count: answers.len(),
        },
        answers,
    })
}
