use std::time::Duration;

use hadamrnn::link::Told;
use hadamrnn::monitor::Unit;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;

const WARNING: &str = "warning: this is NOT the model of --model: classes are shown by number";

fn drawn(state: &State, heading: Heading<'_>, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| draw(frame, heading, state, Instant::now()))
        .unwrap();
    let buffer = terminal.backend().buffer().clone();
    let cells = buffer.content().chunks(width.into());
    let rows = cells.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>());
    rows.collect::<Vec<_>>().join("\n")
}

fn heading<'a>(warning: Option<&'a str>, recording: Option<&'a str>) -> Heading<'a> {
    Heading {
        title: "qemu-m4: har2 (slot 0), windows of 128 samples every 64",
        warning,
        recording,
    }
}

fn state(classes: usize) -> State {
    let names = ["walking", "sitting", "standing", "lying", "running"];
    let names: Vec<String> = (0..classes)
        .map(|i| match names.get(i) {
            Some(name) => (*name).into(),
            None => format!("class with a very long name {i}"),
        })
        .collect();
    let channels = ["acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"].map(String::from);
    let unit = |name: &str, lsb| {
        Some(Unit {
            name: name.into(),
            lsb,
        })
    };
    let g = unit("g", 1.0 / 8192.0);
    let units = vec![g.clone(), g.clone(), g, None, None, None];
    let mut state = State::new(&names, &channels).with_units(units);
    (state.stated_rate, state.logit_scale) = (Some(50.0), Some(1e-3));
    let start = Instant::now() - Duration::from_secs(2);
    for index in 0..101_u32 {
        let value = (index * 163) as i16 - 8192;
        let values = vec![value, 8192, -300, 100, 200, 300];
        state.take(&Told::Sample { index, values }, start);
    }
    for (index, class) in [(8, 0), (9, 1)] {
        let mut logits = vec![-2000; classes];
        if let Some(logit) = logits.get_mut(usize::from(class)) {
            *logit = 1000;
        }
        let told = Told::Class {
            index,
            class,
            logits,
        };
        state.take(&told, start);
    }
    state
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing:\n{text}");
    }
}

#[test]
fn eighty_columns_show_names_units_time_and_probabilities() {
    let recording = Some("recording walk: 3000 samples");
    let text = drawn(&state(2), heading(None, recording), (80, 24));
    let shown = [
        "qemu-m4: har2 (slot 0), windows of 128 samples every 64",
        "sitting  window 9",
        "95 %",
        "5 %",
        "softmax of logits, not calibrated",
        "before: walking",
        "acc_x acc_y acc_z in g",
        "gyro_x gyro_y gyro_z in counts",
        "-2.0 s",
        "0 s",
        "-1.0 ",
        "recording walk: 3000 samples",
        "q quit",
    ];
    has(&text, &shown);
    assert!(!text.contains("-2000"), "no raw logits:\n{text}");
}

#[test]
fn forty_columns_show_the_same_and_cut_no_warning() {
    let recording = Some("recording walk: 3000 samples");
    let text = drawn(&state(2), heading(Some(WARNING), recording), (40, 20));
    let shown = [
        "sitting  window 9",
        "95 %",
        "not calibrated",
        "acc_x acc_y acc_z in g",
        "-2.0 s",
        "recording walk: 3000 samples",
        "samples/s",
        "q quit",
    ];
    has(&text, &shown);
    let words: Vec<&str> = text.split_whitespace().collect();
    let warning: Vec<&str> = WARNING.split_whitespace().collect();
    assert_eq!(words[..warning.len()], warning, "{text}");
}

#[test]
fn many_classes_show_the_likeliest_and_tell_of_the_others() {
    for size in [(80, 24), (40, 20)] {
        let text = drawn(&state(60), heading(None, None), size);
        has(&text, &["sitting  window 9", "more"]);
        // Beside the timeline's legend.
        let row = text
            .lines()
            .filter(|row| row.contains("sitting") && !row.contains("2 sitting"));
        assert_eq!(row.count(), 2, "the answer is among the rows:\n{text}");
    }
}

#[test]
fn long_names_are_told_apart() {
    let mut state = state(20);
    let hands = ["left", "right"].map(|hand| format!("assembling the gearbox, {hand} hand"));
    state.classes[..2].clone_from_slice(&hands);
    for size in [(80, 34), (40, 50)] {
        let text = drawn(&state, heading(None, None), size);
        has(
            &text,
            &["left hand", "right hand", "51 %", "name 19", "name 18"],
        );
    }
}

#[test]
fn one_logit_is_of_two_classes() {
    let mut state = State::new(&["no".into(), "yes".into()], &[]);
    state.logit_scale = Some(1.0);
    let told = Told::Class {
        index: 0,
        class: 1,
        logits: vec![2],
    };
    state.take(&told, Instant::now());
    has(
        &drawn(&state, heading(None, None), (80, 24)),
        &["88 %", "12 %", "waiting for samples"],
    );
}

#[test]
fn without_the_model_logits_are_shown_as_such() {
    let mut state = state(2);
    state.logit_scale = None;
    let text = drawn(&state, heading(None, None), (80, 24));
    has(
        &text,
        &[
            "class, logit, windows",
            "1000",
            "-2000",
            "--model gives probabilities",
        ],
    );
    assert!(!text.contains('%'), "{text}");
}

#[test]
fn every_size_of_a_terminal_is_drawn() {
    let states = [state(2), state(60), state(0), deciding(), State::default()];
    for width in [1, 2, 3, 7, 20, 40, 46, 69, 70, 80, 250] {
        for height in [1, 2, 3, 4, 5, 10, 20, 24, 60] {
            for state in &states {
                drawn(
                    state,
                    heading(Some(WARNING), Some("recording")),
                    (width, height),
                );
                drawn(state, heading(None, None), (width, height));
            }
        }
    }
    let empty = drawn(&State::default(), heading(None, None), (100, 10));
    assert!(empty.contains("waiting"));
}

/// The names of the firmware's sensors are long, and the traces' panel is a part of the screen.
#[test]
fn units_of_traces_are_never_cut_off() {
    let names = [
        ["body_gyro_x", "body_gyro_y", "body_gyro_z"],
        [
            "angular velocity x",
            "angular velocity y",
            "angular velocity z",
        ],
        ["left front wheel", "right front wheel", "rear wheel of all"],
    ];
    for (names, titles) in names.into_iter().zip([
        [
            "body_gyro_x body_gyro_y body_gyro_z in °/s",
            "body_gyro_x y z in °/s",
        ],
        [
            "angular velocity y angular velocity z in °/s",
            "angular velocity x y z in °/s",
        ],
        ["rear wheel of all in °/s", "°/s: left front wheel"],
    ]) {
        let unit = Unit {
            name: "°/s".into(),
            lsb: 0.07,
        };
        let channels = names.map(String::from);
        let mut state = State::new(&[], &channels).with_units(vec![Some(unit); 3]);
        let told = Told::Sample {
            index: 0,
            values: vec![1, 2, 3],
        };
        state.take(&told, Instant::now());
        for (width, title) in [(120, titles[0]), (40, titles[1])] {
            has(
                &drawn(&state, heading(None, None), (width, 24)),
                &[title, "°/s"],
            );
        }
        for width in [40, 60, 80] {
            has(&drawn(&state, heading(None, None), (width, 24)), &["°/s"]);
        }
    }
}

/// Answers with decisions: five of the first class, three that are lost, four of the second.
fn deciding() -> State {
    let mut state = State::new(&["walking".into(), "sitting".into()], &["x".into()]);
    state.seconds_of_an_answer = Some(1.28);
    let answers = (0..5).map(|i| (i, 0)).chain((8..12).map(|i| (i, 1)));
    for (index, class) in answers {
        let told = Told::Class {
            index,
            class,
            logits: vec![0, 1],
        };
        state.take(&told, Instant::now());
        let told = Told::Decided {
            index,
            class: (![0, 8].contains(&index)).then_some(class),
            starts: [1, 9].contains(&index),
        };
        state.take(&told, Instant::now());
    }
    state
}

#[test]
fn the_timeline_has_the_decision_below_the_answers() {
    for size in [(80, 24), (40, 40)] {
        let text = drawn(&deciding(), heading(None, None), size);
        has(
            &text,
            &[
                "answered 11111   2222",
                "decided  ·1111   ·222",
                "· none decided  1 walking  2 sitting",
                "the last 15 s of answers",
                "2 events",
            ],
        );
    }
    // Without a decision there are answers alone; before the first answer nothing.
    let text = drawn(&state(2), heading(None, None), (80, 24));
    has(
        &text,
        &["answered 12", "1 walking  2 sitting", "the last 2 answers"],
    );
    assert!(!text.contains("decided"), "{text}");
    let text = drawn(&State::default(), heading(None, None), (80, 24));
    assert!(!text.contains("timeline"), "{text}");
}

#[test]
fn the_timeline_scrolls_and_leaves_room() {
    let mut state = deciding();
    for index in 12..2000 {
        let class = u16::try_from(index / 100 % 40).expect("few");
        let told = Told::Class {
            index,
            class,
            logits: vec![0, 1],
        };
        state.take(&told, Instant::now());
    }
    // 80 columns less the border and the row's name.
    let text = drawn(&state, heading(None, None), (80, 24));
    has(
        &text,
        &[&"k".repeat(69), "the last 88 s of answers", "k class 19"],
    );
    let text = drawn(&state, heading(None, None), (80, 12));
    assert!(!text.contains("timeline"), "{text}");
    drawn(&state, heading(None, None), (1000, 60));
}
