//! Classifies windows of recorded samples by a model that is part of the program: `cargo run --example classify`.

use std::error::Error;

hadamrnn_runtime::model! {
    /// Sitting, lying or walking upstairs, against the rest, from a telephone at the waist: nine raw sensor values, 50 times a second.
    static MOVEMENTS: Movements = "har2.hdrn", classes = ["other", "resting or upstairs"];
}

/// Samples of a window: as many as the model was trained with.
const WINDOW: usize = 128;

/// Raw counts of the sensors, a sample a line: acceleration without gravity, rotation, acceleration; each x, y, z.
const RECORDED: &str = include_str!("recorded.csv");

fn samples(text: &str) -> Result<Vec<[i16; 9]>, Box<dyn Error>> {
    let sample = |line: &str| {
        let values: Result<Vec<i16>, _> = line.split(',').map(str::parse).collect();
        <[i16; 9]>::try_from(values?).map_err(|_| format!("not nine values: {line}").into())
    };
    text.lines().map(sample).collect()
}

/// The class of a window and its name.
fn classify(window: &[[i16; 9]]) -> Result<(usize, &'static str), Box<dyn Error>> {
    // Checks the model once, and proves that no input overflows its arithmetic.
    let model = MOVEMENTS.model()?;
    let mut session = MOVEMENTS.session(&model)?;
    for sample in window {
        session.push(sample)?;
    }
    let class = session.class();
    Ok((class, MOVEMENTS.class_name(class)))
}

fn main() -> Result<(), Box<dyn Error>> {
    for (i, window) in samples(RECORDED)?.chunks_exact(WINDOW).enumerate() {
        let (class, name) = classify(window)?;
        println!("window {i}: class {class}, {name}");
    }
    Ok(())
}

/// The answers that ship with the model.
#[test]
fn the_recorded_windows_are_told_apart() {
    let samples = samples(RECORDED).unwrap();
    let windows = samples.chunks_exact(WINDOW);
    let names: Vec<_> = windows.map(|window| classify(window).unwrap().1).collect();
    assert_eq!(
        names,
        [
            "other",
            "resting or upstairs",
            "resting or upstairs",
            "other"
        ]
    );
}
