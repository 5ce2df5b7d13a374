//! A second, plain statement of decisions, which looks at all answers so far.

use hadamrnn_runtime::decision::Rule;

/// Answers: their logits, and whether the input is known.
pub type Answers = Vec<(Vec<i32>, bool)>;

/// Smoothed logits after each answer, in floating point that holds them exactly.
fn smoothed(answers: &Answers, smoothing: u32) -> Vec<Vec<f64>> {
    let mut all: Vec<Vec<f64>> = Vec::new();
    let scale = f64::from(1u32 << smoothing);
    for (logits, _) in answers {
        let logits = logits.iter().map(|&logit| f64::from(logit));
        all.push(match all.last() {
            None => logits.map(|logit| logit * scale).collect(),
            Some(before) => before
                .iter()
                .zip(logits)
                .map(|(z, logit)| z - (z / scale).floor() + logit)
                .collect(),
        });
    }
    all
}

/// The class that an answer speaks for, of its smoothed logits.
fn candidate(smoothed: &[f64], known: bool, rules: &[Rule]) -> Option<usize> {
    let scores = match smoothed {
        [single] => vec![0.0, *single],
        several => several.to_vec(),
    };
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let class = scores.iter().position(|&score| score == largest)?;
    let others = scores
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != class);
    let second = others
        .map(|(_, &score)| score)
        .fold(f64::NEG_INFINITY, f64::max);
    (known && largest - second >= f64::from(rules[class].threshold)).then_some(class)
}

/// The decided class after each answer, and whether an event starts.
#[must_use]
pub fn decisions(answers: &Answers, smoothing: u32, rules: &[Rule]) -> Vec<(Option<usize>, bool)> {
    let spoken: Vec<_> = (smoothed(answers, smoothing).iter().zip(answers))
        .map(|(smoothed, (_, known))| candidate(smoothed, *known, rules))
        .collect();
    let mut decided = Vec::new();
    let mut starts: Vec<(usize, usize)> = Vec::new();
    for now in 0..spoken.len() {
        let before = decided
            .last()
            .and_then(|&(class, _): &(Option<usize>, bool)| class);
        // Answers that spoke alike up to this one.
        let run = spoken[..=now]
            .iter()
            .rev()
            .take_while(|&class| *class == spoken[now])
            .count();
        let held = starts
            .iter()
            .any(|&(at, class)| now <= at + usize::from(rules[class].hold_off));
        decided.push(match spoken[now] {
            Some(class) if before != Some(class) && run >= rules[class].answers.into() && !held => {
                starts.push((now, class));
                (Some(class), true)
            }
            None if run >= before.map_or(1, |class| rules[class].answers.into()) => (None, false),
            _ => (before, false),
        });
    }
    decided
}
