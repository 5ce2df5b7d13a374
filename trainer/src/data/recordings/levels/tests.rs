use super::*;

/// A recording: its class, unit and samples.
struct Recorded {
    class: usize,
    unit: usize,
    counts: Vec<i16>,
}

/// Noise in -1000..=1000, without a period that a test could fall into.
fn noise(seed: u64) -> f64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 40) % 2001) as f64 - 1000.0
}

/// Ten recordings of 1,500 samples, one after the other; `value` has class, recording, sample in the recording, and channel.
fn recorded(
    classes: [usize; 10],
    channels: usize,
    value: impl Fn(usize, usize, usize, usize) -> f64,
) -> Vec<Recorded> {
    (classes.into_iter().enumerate())
        .map(|(unit, class)| Recorded {
            class,
            unit,
            counts: (0..1500 * channels)
                .map(|i| value(class, unit, i / channels, i % channels) as i16)
                .collect(),
        })
        .collect()
}

fn doubts_of(channels: &[&str], recorded: &[Recorded]) -> Vec<String> {
    let channels: Vec<String> = channels.iter().map(ToString::to_string).collect();
    let stretches: Vec<Trained<'_>> = recorded
        .iter()
        .map(|it| Trained {
            counts: &it.counts,
            class: it.class,
            unit: it.unit,
        })
        .collect();
    doubts(&channels, 2, 100, &stretches)
}

const BLOCKS: [usize; 10] = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
const BY_TURNS: [usize; 10] = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1];

fn seed(unit: usize, i: usize, channel: usize) -> u64 {
    (unit * 1_000_000 + i * 10 + channel) as u64
}

#[test]
fn levels_and_drifts_of_a_session_are_told() {
    let time = |unit: usize, i: usize| (unit * 1500 + i) as f64 / 15_000.0;
    type Value<'a> = (&'a str, &'a dyn Fn(usize, usize, usize) -> f64, &'a str);
    let channels: [Value<'_>; 6] = [
        // Down by 150 mV in the session, in steps.
        (
            "battery",
            &|_, unit, i| (3700.0 - 150.0 * time(unit, i)).round(),
            "drifts",
        ),
        (
            "c3",
            &|_, unit, i| 2100.0 + 300.0 * time(unit, i) + noise(seed(unit, i, 5)) / 100.0,
            "drifts",
        ),
        // Noise on a baseline that drifts by four times its deviation.
        (
            "ay",
            &|_, unit, i| noise(seed(unit, i, 6)) + 3000.0 * time(unit, i),
            "drifts",
        ),
        // Up and down.
        (
            "hum",
            &|_, unit, i| {
                500.0 * (1.0 - 4.0 * (time(unit, i) - 0.7).powi(2)) + noise(seed(unit, i, 7)) / 20.0
            },
            "drifts",
        ),
        // One level in each recording, with noise.
        (
            "t1",
            &|class, unit, i| {
                2000.0 + 100.0 * class as f64 + unit as f64 + noise(seed(unit, i, 8)) / 400.0
            },
            "hardly changes",
        ),
        (
            "moving",
            &|class, unit, i| f64::from(noise(seed(unit, i, 9)) > [900.0, -900.0][class]),
            "values 0, 1",
        ),
    ];
    for (name, value, reason) in channels {
        let names = ["ax", name, "az"];
        let all = recorded(BLOCKS, 3, |class, unit, i, channel| match channel {
            1 => value(class, unit, i),
            _ => noise(seed(unit, i, channel)),
        });
        let found = doubts_of(&names, &all);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        for part in [name, reason, "--channels ax,az"] {
            assert!(found[0].contains(part), "{found:?}");
        }
    }
    // By turns, a drift tells no class.
    let all = recorded(BY_TURNS, 2, |_, unit, i, channel| match channel {
        1 => 3700.0 - 150.0 * time(unit, i),
        _ => noise(seed(unit, i, channel)),
    });
    assert_eq!(doubts_of(&["ax", "battery"], &all), [""; 0]);
}

#[test]
fn gravity_and_movement_are_signals() {
    // Two postures, with a little noise and a direction of its own in each recording.
    let posture = |class: usize, unit: usize, i: usize, channel: usize| {
        let angle = class as f64 * 1.2 + noise(unit as u64) / 5000.0;
        let axes = [8192.0 * angle.sin(), 300.0, 8192.0 * angle.cos()];
        axes[channel % 3] + noise(seed(unit, i, channel)) / 25.0
    };
    for names in [["ax", "ay", "az"], ["c0", "c1", "c2"]] {
        let all = recorded(BLOCKS, 3, posture);
        assert_eq!(doubts_of(&names, &all), [""; 0]);
    }
    // The hand tilts, slowly and each time the same way.
    let tilt = |class: usize, unit: usize, i: usize, channel: usize| {
        let angle = (i % 100) as f64 / 100.0 * [1.0, -1.0][class];
        [8192.0 * angle.sin(), 8192.0 * angle.cos()][channel] + noise(seed(unit, i, channel)) / 25.0
    };
    assert_eq!(
        doubts_of(&["ax", "az"], &recorded(BLOCKS, 2, tilt)),
        [""; 0]
    );
    // A class that moves more.
    let moves = |class: usize, unit: usize, i: usize, channel: usize| {
        noise(seed(unit, i, channel)) * [0.05, 1.0][class]
    };
    assert_eq!(
        doubts_of(&["ax", "s2"], &recorded(BLOCKS, 2, moves)),
        [""; 0]
    );
}
