//! What teaching gives a model, measured on recordings: by the very steps of a board that is taught.
//!
//! Windows to be taught are taken evenly from all there are of a class and a subject. The others measure.

use anyhow::{Context, Result, ensure};
use hadamrnn_runtime::taught::{Lesson, Shown, Taught, TaughtWords, judge};
use hadamrnn_runtime::{Model, Place, class_of};
use serde::Serialize;

use crate::data::Sequences;
use crate::evaluate::{integer_logits, integer_read};
use crate::integer::{KernelName, ModelFile};
use crate::novelty;
use crate::taught;

/// Windows of a subject that a new class is taught with.
const OF_A_CLASS: usize = 10;
/// Subjects that teach together.
const TOGETHER: usize = 3;

/// What a new class is recognised by, and what it takes from the old ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Lessons {
    /// A subject's other windows after ten of its own.
    pub own: Rates,
    /// Windows of all other subjects after ten of each of three subjects.
    pub others: Rates,
}

/// Means over the subjects that taught.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// Share of windows of the new class that are answered with it.
    pub recall: f64,
    /// By how much the accuracy on the old classes falls.
    pub lost: f64,
}

/// The accuracy for a subject, before and after it taught the model windows of every class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wearer {
    /// The subject.
    pub subject: String,
    /// Before.
    pub before: f64,
    /// After, on the same windows: those that were not taught.
    pub after: f64,
}

/// What teaching by their wearers gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Adapted {
    /// Those who taught.
    pub wearers: Vec<Wearer>,
    /// Subjects who have too few windows of a class to teach it and to measure.
    pub left_out: Vec<String>,
}

/// A window as the model takes it.
struct Window {
    /// Its class, in the numbers of the model.
    class: usize,
    /// The class that the network answers.
    answer: usize,
    place: Place,
    subject: u32,
}

/// Teaches the class `number` of `sequences`, which the model was trained without, while it knows the others. None where no four
/// subjects have more than ten windows of it.
///
/// # Errors
/// The model has no metric, or the windows do not fit it.
pub fn new_class(
    file: &ModelFile,
    sequences: &Sequences,
    input_lsb: &[f32],
    number: usize,
) -> Result<Option<Lessons>> {
    let model = file.model()?;
    let new = model.class_count();
    let in_model = |class: usize| match class == number {
        true => new,
        false => class - usize::from(class > number),
    };
    let all = windows(&model, sequences, input_lsb, in_model)?;
    let (unknown, known): (Vec<Window>, Vec<Window>) =
        all.into_iter().partition(|window| window.class == new);
    let of = |subject: u32| -> Vec<usize> {
        let is_of = |&i: &usize| unknown[i].subject == subject;
        (0..unknown.len()).filter(is_of).collect()
    };
    let mut subjects: Vec<u32> = unknown.iter().map(|window| window.subject).collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects.retain(|&subject| of(subject).len() > OF_A_CLASS);
    if subjects.len() <= TOGETHER {
        return Ok(None);
    }
    let taught_by = |subjects: &[u32]| -> Result<(ModelFile, Vec<usize>)> {
        let shown: Vec<usize> = (subjects.iter())
            .flat_map(|&subject| spread(&of(subject), OF_A_CLASS))
            .collect();
        let places = shown.iter().map(|&i| &unknown[i].place);
        Ok((after(file, new, "new", places)?, shown))
    };
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for (i, &subject) in subjects.iter().enumerate() {
        let (file, shown) = taught_by(&[subject])?;
        let rest = (of(subject).into_iter()).filter(|i| !shown.contains(i));
        let rest = rest.map(|i| &unknown[i]);
        let old = known.iter().filter(|window| window.subject == subject);
        own.push(rates(&file, rest, old)?);
        let three: Vec<u32> = (i..i + TOGETHER)
            .map(|i| subjects[i % subjects.len()])
            .collect();
        let (file, _) = taught_by(&three)?;
        let is_other = |window: &&Window| !three.contains(&window.subject);
        let (new, old) = (unknown.iter(), known.iter());
        others.push(rates(&file, new.filter(is_other), old.filter(is_other))?);
    }
    Ok(Some(Lessons {
        own: mean(&own),
        others: mean(&others),
    }))
}

/// Teaches `count` windows of every class of each subject, one subject at a time; subjects without others of each are left out. `name` is
/// the subject of a window.
///
/// # Errors
/// The model has no metric, or no room for so many classes; the windows do not fit it.
pub fn wearers(
    file: &ModelFile,
    sequences: &Sequences,
    input_lsb: &[f32],
    count: usize,
    name: impl Fn(usize) -> String,
) -> Result<Adapted> {
    let model = file.model()?;
    let all = windows(&model, sequences, input_lsb, |class| class)?;
    let mut subjects: Vec<u32> = all.iter().map(|window| window.subject).collect();
    subjects.sort_unstable();
    subjects.dedup();
    let (mut wearers, mut left_out) = (Vec::new(), Vec::new());
    for subject in subjects {
        let first = all.iter().position(|window| window.subject == subject);
        let name = name(first.unwrap_or(0));
        let of = |class: usize| -> Vec<usize> {
            let is_of = |&i: &usize| all[i].subject == subject && all[i].class == class;
            (0..all.len()).filter(is_of).collect()
        };
        let classes: Vec<Vec<usize>> = (0..model.class_count()).map(of).collect();
        if classes.iter().any(|windows| windows.len() <= count) {
            left_out.push(name);
            continue;
        }
        let (mut shown, mut adapted) = (Vec::new(), ModelFile::new(file.bytes()));
        for (class, windows) in classes.iter().enumerate() {
            let chosen = spread(windows, count);
            let places = chosen.iter().map(|&i| &all[i].place);
            adapted = after(&adapted, class, "", places)?;
            shown.extend(chosen);
        }
        let rest: Vec<&Window> = (classes.iter().flatten())
            .filter(|i| !shown.contains(i))
            .map(|&i| &all[i])
            .collect();
        let before = share(rest.iter(), |window| window.answer == window.class);
        let judged = judged(&adapted, &rest)?;
        let after = share(rest.iter().zip(judged), |(window, class)| {
            window.class == *class
        });
        wearers.push(Wearer {
            subject: name,
            before,
            after,
        });
    }
    Ok(Adapted { wearers, left_out })
}

/// Every window of `sequences`, whose classes have the numbers that `number` gives.
fn windows(
    model: &Model<'_>,
    sequences: &Sequences,
    input_lsb: &[f32],
    number: impl Fn(usize) -> usize,
) -> Result<Vec<Window>> {
    ensure!(
        sequences.groups.len() == sequences.len(),
        "teaching is measured by subject, and these data name none"
    );
    taught::refuse(model, "a measurement of what teaching gives")?;
    taught::check_windows(model)?;
    let metric = novelty::metric(model)?;
    let kernel = KernelName::best_for(model);
    let read = integer_read(model, kernel, sequences, input_lsb)?;
    let all: Vec<usize> = (0..sequences.len()).collect();
    let logits = integer_logits(model, kernel, sequences, input_lsb, &all)?;
    let window = |i: usize| Window {
        class: number(sequences.targets.values()[i] as usize),
        answer: class_of(logits[i].iter().copied()),
        place: metric.place_of(&read[i]),
        subject: sequences.groups[i],
    };
    Ok((0..sequences.len()).map(window).collect())
}

/// `count` of `all`, evenly spread over their order.
fn spread(all: &[usize], count: usize) -> Vec<usize> {
    let last = all.len().saturating_sub(1);
    let at = |i: usize| all[(2 * i * last + count - 1) / (2 * (count - 1).max(1))];
    (0..count.min(all.len())).map(at).collect()
}

/// `file` after windows of a class were shown at `places`.
fn after<'a>(
    file: &ModelFile,
    class: usize,
    label: &str,
    places: impl Iterator<Item = &'a Place>,
) -> Result<ModelFile> {
    let mut shown = Shown::default();
    for place in places {
        ensure!(shown.add(place), "too many windows of a class");
    }
    let class = u16::try_from(class).context("too many classes")?;
    let words = TaughtWords::with(&file.model()?, Lesson { class, label }, &shown)?;
    taught::with_words(file, &words)
}

/// The classes that a model which was taught answers.
fn judged(file: &ModelFile, windows: &[&Window]) -> Result<Vec<usize>> {
    let model = file.model()?;
    let (metric, taught) = (novelty::metric(&model)?, Taught::of(&model)?);
    let class =
        |window: &&Window| judge(&metric, taught.as_ref(), &window.place, window.answer).class;
    Ok(windows.iter().map(class).collect())
}

/// Recall on windows of a new class, and what is lost on those of old ones.
fn rates<'a>(
    file: &ModelFile,
    new: impl Iterator<Item = &'a Window>,
    old: impl Iterator<Item = &'a Window>,
) -> Result<Rates> {
    let (new, old): (Vec<&Window>, Vec<&Window>) = (new.collect(), old.collect());
    let right = |windows: &[&Window]| -> Result<f64> {
        let judged = judged(file, windows)?;
        Ok(share(windows.iter().zip(judged), |(window, class)| {
            window.class == *class
        }))
    };
    let before = share(old.iter(), |window| window.answer == window.class);
    Ok(Rates {
        recall: right(&new)?,
        lost: before - right(&old)?,
    })
}

/// The share of `all` for which `is` holds; 0 of none.
fn share<T>(all: impl ExactSizeIterator<Item = T>, is: impl Fn(&T) -> bool) -> f64 {
    let count = all.len().max(1) as f64;
    all.filter(is).count() as f64 / count
}

fn mean(all: &[Rates]) -> Rates {
    let of = |value: fn(&Rates) -> f64| all.iter().map(value).sum::<f64>() / all.len() as f64;
    Rates {
        recall: of(|rates| rates.recall),
        lost: of(|rates| rates.lost),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_to_be_taught_are_spread() {
        let all: Vec<usize> = (100..131).collect();
        assert_eq!(spread(&all, 4), [100, 110, 120, 130]);
        assert_eq!(spread(&all, 31), all);
        assert_eq!(spread(&all, 1).len(), 1);
        assert_eq!(spread(&all[..3], 5).len(), 3);
        let ten = spread(&all, 10);
        assert!(ten.is_sorted_by(|a, b| a < b) && ten.len() == 10);
    }
}
