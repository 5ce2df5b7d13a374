//! Classifies a stream of samples in windows that overlap: two sessions of one model, half a window apart, give an answer
//! every 64 samples. `cargo run --example stream`.
//!
//! `hadamrnn-device` does the same for any number of sessions (`stream::WindowStream`).

use std::error::Error;

use hadamrnn_runtime::Session;

hadamrnn_runtime::model! {
    /// Sitting, lying or walking upstairs, against the rest, from a telephone at the waist: nine raw sensor values, 50 times a second.
    static MOVEMENTS: Movements = "har2.hdrn", classes = ["other", "resting or upstairs"];
}

/// Samples of a window, and from one answer to the next.
const WINDOW: u32 = 128;
const HOP: u32 = 64;

/// Raw counts of the sensors, a sample a line.
const RECORDED: &str = include_str!("recorded.csv");

/// Calls `answer` with the number of samples so far, the class and the logit at the end of each window.
fn stream(text: &str, mut answer: impl FnMut(u32, usize, i32)) -> Result<(), Box<dyn Error>> {
    let model = MOVEMENTS.model()?;
    let session = || MOVEMENTS.session(&model);
    let mut sessions: [Session<'_, Movements>; 2] = [session()?, session()?];
    for (count, line) in (0..).zip(text.lines()) {
        let sample: Result<Vec<i16>, _> = line.split(',').map(str::parse).collect();
        let sample = sample?;
        for (start, session) in [0, HOP].into_iter().zip(&mut sessions) {
            // The second session starts later, half a window after the first.
            if count < start {
                continue;
            }
            session.push(&sample)?;
            if session.steps() == WINDOW {
                let logit = session.logits().next().ok_or("a model without outputs")?;
                answer(count + 1, session.class(), logit);
                session.reset();
            }
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    stream(RECORDED, |count, class, logit| {
        let name = MOVEMENTS.class_name(class);
        println!("after {count} samples: {name} (logit {logit})");
    })
}

/// The answers that ship with the model stand in the middle of those of overlapping windows.
#[test]
fn every_second_answer_is_that_of_a_recorded_window() {
    let mut answers = Vec::new();
    stream(RECORDED, |count, class, logit| {
        answers.push((count, class, logit))
    })
    .unwrap();
    let counts: Vec<_> = answers.iter().map(|answer| answer.0).collect();
    assert_eq!(counts, [128, 192, 256, 320, 384, 448, 512]);
    let recorded: Vec<_> = answers
        .iter()
        .step_by(2)
        .map(|&(_, class, logit)| (class, logit))
        .collect();
    assert_eq!(recorded, [(0, -279), (1, 502), (1, 3897), (0, -2591)]);
}
