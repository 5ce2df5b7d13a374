//! Questions about a task, each with a default.

use anyhow::{Context, Result, ensure};

use super::{Choices, Survey};
use crate::data::import::Pattern;
use crate::visible;

/// A question of [`init`](super::init()).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The question, in one line.
    pub text: String,
    /// The answer that an empty one stands for.
    pub default: String,
}

/// Who answers the questions.
pub trait Answers {
    /// Answers a question; an empty answer is the default.
    ///
    /// # Errors
    /// There is no answer.
    fn answer(&mut self, question: &Question) -> Result<String>;

    /// Hears why an answer does not do. The question is asked again unless this is an error.
    ///
    /// # Errors
    /// Nobody is there to give another one.
    fn refuse(&mut self, why: &anyhow::Error) -> Result<()>;
}

/// Takes every default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults;

impl Answers for Defaults {
    fn answer(&mut self, _: &Question) -> Result<String> {
        Ok(String::new())
    }

    fn refuse(&mut self, why: &anyhow::Error) -> Result<()> {
        anyhow::bail!("{why:#}")
    }
}

/// Asks until an answer does.
fn ask_for<T>(
    answers: &mut dyn Answers,
    text: impl Into<String>,
    default: impl Into<String>,
    mut parse: impl FnMut(&str) -> Result<T>,
) -> Result<T> {
    let question = Question {
        text: text.into(),
        default: default.into(),
    };
    loop {
        let answer = answers.answer(&question)?;
        let answer = match answer.trim() {
            "" => question.default.as_str(),
            answer => answer,
        };
        match parse(answer) {
            Ok(value) => return Ok(value),
            Err(why) => answers.refuse(&why)?,
        }
    }
}

/// Asks where the labels stand; a pattern of names of files, or none where they are found.
pub(super) fn labels(survey: &Survey, answers: &mut dyn Answers) -> Result<Option<Pattern>> {
    let classes = visible::names(survey.classes.iter().map(|(name, _)| name));
    let question = match survey.classes.len() {
        0 | 1 => "Where do labels stand in names of files, such as {label}-*.csv or {label}/*? (found: none)".to_owned(),
        count => format!("{count} classes: {classes}. Enter keeps them; a pattern such as {{label}}-*.csv takes them from names of files"),
    };
    ask_for(answers, question, "keep", |answer| match answer {
        "keep" => Ok(None),
        pattern => Ok(Some(pattern.parse()?)),
    })
}

/// Asks about all else.
pub(super) fn ask(survey: &Survey, choices: &mut Choices, answers: &mut dyn Answers) -> Result<()> {
    let known = survey.channels();
    choices.channels = ask_for(
        answers,
        format!(
            "Channels, separated by commas, of {}",
            visible::names(&known)
        ),
        choices.channels.join(","),
        |answer| channels(answer, &known),
    )?;
    if let Some(rate) = choices.rate_hz {
        let text = "Samples a second (no file tells a time)";
        choices.rate_hz = Some(ask_for(answers, text, rate.to_string(), positive)?);
    }
    let seconds = |samples: usize| {
        let rate = survey.proposal.rate_hz.or(choices.rate_hz).unwrap_or(50.0);
        format!("{:.2} s", samples as f64 / rate)
    };
    choices.steps = ask_for(
        answers,
        format!(
            "Samples of a window: one whole movement ({} is {}; the median interval of the shortest class has {})",
            choices.steps,
            seconds(choices.steps),
            survey.proposal.shortest_interval
        ),
        choices.steps.to_string(),
        whole,
    )?;
    choices.hop = ask_for(
        answers,
        "Samples from one window to the next",
        (choices.steps / 2).max(1).to_string(),
        whole,
    )?;
    if survey.people.len() > 1 {
        let default = if choices.by_person {
            "person"
        } else {
            "recording"
        };
        choices.by_person = ask_for(
            answers,
            format!(
                "Keep a person or a recording in one of training, validation and test? ({} people)",
                survey.people.len()
            ),
            default,
            |answer| word(answer, ["person", "recording"]),
        )?;
    }
    let default = if choices.is_balanced { "yes" } else { "no" };
    choices.is_balanced = ask_for(
        answers,
        format!(
            "Train on all classes equally often? (the commonest has {:.1} times the windows of the rarest)",
            survey.unevenness()
        ),
        default,
        |answer| word(answer, ["yes", "no"]),
    )?;
    choices.name = ask_for(
        answers,
        "Name of the task",
        choices.name.clone(),
        |answer| crate::task_file::check_name(answer).map(|()| answer.to_owned()),
    )?;
    Ok(())
}

fn channels(answer: &str, known: &[String]) -> Result<Vec<String>> {
    let names: Vec<String> = answer
        .split(',')
        .map(|name| name.trim().to_owned())
        .collect();
    for name in &names {
        ensure!(
            known.contains(name),
            "no channel is named \"{}\"; there are {}",
            visible::name(name),
            visible::names(known)
        );
    }
    Ok(names)
}

fn positive(answer: &str) -> Result<f64> {
    let number = answer.parse().ok();
    let number = number.filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.with_context(|| {
        let answer = visible::name(answer);
        format!("\"{answer}\" is no number above 0")
    })
}

fn whole(answer: &str) -> Result<usize> {
    let number = answer
        .parse()
        .ok()
        .filter(|number| (1..=65_535).contains(number));
    number.with_context(|| {
        let answer = visible::name(answer);
        format!("\"{answer}\" is no whole number from 1 to 65535")
    })
}

/// Whether the first of two words is meant, which may be cut short.
fn word(answer: &str, words: [&str; 2]) -> Result<bool> {
    let answer = answer.to_lowercase();
    let [first, second] = words.map(|word| word.starts_with(&answer));
    ensure!(first != second, "answer {} or {}", words[0], words[1]);
    Ok(first)
}
