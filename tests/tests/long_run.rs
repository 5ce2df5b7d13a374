//! Runs without a reset: what rounding does to states in millions of steps, against what is proven and estimated of it.

use std::path::Path;

use hadamrnn::board::{FirmwareFolder, Request, run_endless};
use hadamrnn::integer::{Answer, KernelName, ModelFile};
use hadamrnn::long_run::{LayerRun, LongRun, SHARE, Stretch};
use hadamrnn_device::windows::WindowFileHeader;
use hadamrnn_firmware_support::boards::Board;
use hadamrnn_runtime::digest::StateHash;
use hadamrnn_runtime::kernel::{Fwht, FwhtPacked, XnorPopcount};
use hadamrnn_runtime::{Model, RoomOf, Session};
use hadamrnn_tests::models::{Widths, encode_plain};
use hadamrnn_tests::oracle::{PlainInput, PlainLayer, PlainModel, PlainReadout};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

type Net<'m> = Session<'m, RoomOf<FwhtPacked, 128, 1>>;

const STATE_BITS: u32 = 12;
const GAIN_SHIFT: u32 = 15;
const INPUT_SHIFT: u32 = 13;

/// A layer in which one input of ten bits drives all units with codes of four bits: by up to 896 units of the state.
fn plain(units: usize, block: usize, leak: u32, seed: u64) -> PlainModel {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut signs = |_| 1 - 2 * i32::from(random.random::<bool>());
    let signs: Vec<i32> = (0..units).map(&mut signs).collect();
    let mut code = |_| vec![random.random_range(-7..=7)];
    PlainModel {
        input: PlainInput::Numbers {
            channels: vec![(0, 2)],
            copies: vec![false],
            weights: (0..units).map(&mut code).collect(),
            bits: 10,
            shift: 1,
        },
        driven_rows: block,
        bias: vec![0; units],
        layer_input_shift: INPUT_SHIFT,
        layer: PlainLayer {
            hidden_size: units,
            block_size: block,
            signs,
            leak,
            state_bits: STATE_BITS,
            gain_shift: GAIN_SHIFT,
        },
        second: None,
        readout_kind: PlainReadout::LastState,
        hidden: None,
        readout: vec![vec![1; units]],
        readout_bias: vec![0],
    }
}

fn file(plain: &PlainModel) -> ModelFile {
    let widths = Widths {
        input: 4,
        readout: 4,
    };
    ModelFile::new(&encode_plain(plain, widths))
}

fn layer_run(model: &Model<'_>) -> LayerRun {
    let [layer] = LongRun::of(model).layers[..] else {
        panic!("one layer");
    };
    layer
}

/// The recurrence in real numbers: with the gains and the saturation of the integers, without their rounding.
struct Exact<'p> {
    plain: &'p PlainModel,
    h: Vec<f64>,
    phase: i64,
}

impl<'p> Exact<'p> {
    fn new(plain: &'p PlainModel) -> Self {
        let h = vec![0.0; plain.layer.hidden_size];
        Self { plain, h, phase: 0 }
    }

    fn step(&mut self, raw: i16) {
        let layer = &self.plain.layer;
        let PlainInput::Numbers { weights, .. } = &self.plain.input else {
            panic!("numbers");
        };
        let (floor, fraction) = layer.gain();
        self.phase += fraction;
        let gain = (floor + (self.phase >> 16)) as f64 / f64::from(1 << GAIN_SHIFT);
        self.phase &= 0xFFFF;
        for block in self.h.chunks_mut(layer.block_size) {
            transform(block);
        }
        let x = i32::from(raw.clamp(-512, 511));
        let most = f64::from(1 << (STATE_BITS - 1));
        for (i, h) in self.h.iter_mut().enumerate() {
            let driven = f64::from((weights[i][0] * x + self.plain.bias[i]) << INPUT_SHIFT);
            let driven = driven / f64::from(1 << GAIN_SHIFT);
            *h = (driven + f64::from(layer.signs[i]) * gain * *h).clamp(-most, most - 1.0);
        }
    }

    /// How far the states of a session are from these.
    fn error(&self, session: &Net<'_>) -> f64 {
        let errors = session.states().zip(&self.h);
        rms(errors.map(|(state, exact)| f64::from(state) - exact))
    }
}

/// The Walsh-Hadamard transform, half by half.
fn transform(block: &mut [f64]) {
    if block.len() == 1 {
        return;
    }
    let (low, high) = block.split_at_mut(block.len() / 2);
    for (a, b) in low.iter_mut().zip(&mut *high) {
        (*a, *b) = (*a + *b, *a - *b);
    }
    transform(low);
    transform(high);
}

fn rms(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    (values.map(|value| value * value).sum::<f64>() / count).sqrt()
}

fn rms_state(session: &Net<'_>) -> f64 {
    rms(session.states().map(f64::from))
}

fn saturated(session: &Net<'_>) -> usize {
    let ends = |state: &i16| [-2048, 2047].contains(state);
    let counted = session.states().filter(ends).count();
    assert_eq!(session.saturated(), counted);
    counted
}

#[test]
fn rounding_stays_within_its_bound_whatever_comes() {
    let mut at_limit = 0;
    for (units, block, leak, seed) in [
        (16, 16, 1, 1),
        (16, 4, 3, 2),
        (32, 32, 2, 3),
        (32, 8, 5, 4),
        (64, 64, 6, 5),
        (128, 128, 3, 6),
        (16, 2, 8, 7),
    ] {
        let plain = plain(units, block, leak, seed);
        let file = file(&plain);
        let model = file.model().expect("a model");
        let bound = layer_run(&model).bound.expect("a leak");
        // For a gain that is the same in every step it is 2^(leak - 1).
        assert!(
            (bound / 2f64.powi(leak as i32 - 1) - 1.0).abs() < 0.01,
            "{bound}"
        );
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let (mut session, mut exact) = (Net::new(&model).expect("room"), Exact::new(&plain));
        let mut largest = 0.0f64;
        for step in 0..4000 {
            // Noise that saturates states, a tone, a constant, silence.
            let raw = match step / 500 % 4 {
                0 => random.random_range(-512..512),
                1 => (300.0 * f64::from(step).sin()) as i16,
                2 => 77,
                _ => 0,
            };
            session.push(&[raw]).expect("a sample");
            exact.step(raw);
            largest = largest.max(exact.error(&session));
            at_limit += saturated(&session);
        }
        assert!(largest <= bound + 1e-6, "{largest} of {bound}: {plain:?}");
        assert!(largest > 0.04 * bound, "{largest} of {bound}");
    }
    assert!(at_limit > 1000, "{at_limit} units were saturated");
}

#[test]
fn a_leak_forgets_in_the_steps_that_are_stated() {
    for (block, leak) in [(16, 1), (32, 3), (64, 5), (128, 7)] {
        let plain = plain(128, block, leak, 11);
        let file = file(&plain);
        let model = file.model().expect("a model");
        let layer = layer_run(&model);
        let (bound, forgets) = (layer.bound.expect("a leak"), layer.forgets.expect("a leak"));
        let mut random = ChaCha8Rng::seed_from_u64(12);
        let [mut loud, mut quiet] = [(); 2].map(|()| Net::new(&model).expect("room"));
        for _ in 0..100 {
            loud.push(&[random.random_range(-512..512)])
                .expect("a sample");
            quiet.push(&[0]).expect("a sample");
        }
        assert!(rms_state(&loud) > 100.0);
        for _ in 0..forgets {
            let raw = random.random_range(-50..50);
            loud.push(&[raw]).expect("a sample");
            quiet.push(&[raw]).expect("a sample");
        }
        let apart = rms(loud
            .states()
            .zip(quiet.states())
            .map(|(a, b)| f64::from(a) - f64::from(b)));
        assert!(apart <= 2.0 * bound + 2.0, "{apart} after {forgets} steps");
    }
}

#[test]
fn ten_million_steps_with_a_leak_are_bounded_and_fall_silent() {
    const ROUNDS: usize = 5000;
    let plain = plain(16, 16, 3, 21);
    let file = file(&plain);
    let model = file.model().expect("a model");
    let layer = layer_run(&model);
    let (bound, forgets) = (layer.bound.expect("a leak"), layer.forgets.expect("a leak"));
    assert_eq!(layer.steps, None);
    let mut random = ChaCha8Rng::seed_from_u64(22);
    let mut session = Net::new(&model).expect("room");
    let (mut at_limit, mut loudest, mut silence) = (0, 0.0f64, 0.0f64);
    for _ in 0..ROUNDS {
        for _ in 0..1000 {
            session
                .push(&[random.random_range(-512..512)])
                .expect("a sample");
        }
        (at_limit, loudest) = (
            at_limit + saturated(&session),
            loudest.max(rms_state(&session)),
        );
        for step in 0..1000 {
            session.push(&[0]).expect("a sample");
            // In silence the exact states fall below one unit, so that is what rounding leaves.
            if step == forgets || step == 999 {
                assert_eq!(saturated(&session), 0);
                silence = silence.max(rms_state(&session));
            }
        }
    }
    assert_eq!(session.steps(), 10_000_000);
    println!(
        "10^7 steps: loudest {loudest:.0}, {at_limit} units saturated, after silence {silence:.1} of {bound:.1}"
    );
    assert!(silence <= bound + 1.0, "{silence} of {bound}");
    assert!(at_limit > 0 && loudest > 500.0, "{at_limit} {loudest}");
}

/// How far `steps` of silence take the states of a session from exact ones, after fifty steps of noise.
fn drift(plain: &PlainModel, steps: u64, mut after: impl FnMut(u64, &Net<'_>, &Exact<'_>)) -> f64 {
    let file = file(plain);
    let model = file.model().expect("a model");
    let mut random = ChaCha8Rng::seed_from_u64(31);
    let (mut session, mut exact) = (Net::new(&model).expect("room"), Exact::new(plain));
    for _ in 0..50 {
        let raw = random.random_range(-32..32);
        session.push(&[raw]).expect("a sample");
        exact.step(raw);
    }
    for step in 1..=steps {
        session.push(&[0]).expect("a sample");
        exact.step(0);
        after(step, &session, &exact);
    }
    exact.error(&session)
}

#[test]
fn without_a_leak_states_leave_the_exact_ones_as_fast_as_is_estimated() {
    let mut pushed = 0;
    for (block, seed) in [(4, 1), (16, 1), (16, 2), (16, 3), (16, 4), (32, 1), (64, 2)] {
        let plain = plain(64, block, 0, seed);
        let file = file(&plain);
        let layer = layer_run(&file.model().expect("a model"));
        assert_eq!((layer.bound, layer.forgets), (None, None));
        let steps = layer.steps.expect("no leak");
        let expected = SHARE * layer.largest_state;
        let found = drift(&plain, steps, |_, _, _| {});
        println!(
            "block {block}: push {:.4}, {found:.0} of {expected:.0} after {steps} steps",
            layer.push
        );
        assert!(
            (0.3..3.0).contains(&(found / expected)),
            "{found} of {expected} in {steps}"
        );
        pushed += usize::from(layer.push > 0.01);
    }
    assert!(pushed > 2, "{pushed} with a push");
}

#[test]
fn a_stream_without_a_leak_is_warned_of_and_the_leak_that_is_named_is_enough() {
    let run = |leak| {
        let file = file(&plain(64, 16, leak, 1));
        LongRun::of(&file.model().expect("a model"))
    };
    let without = run(0);
    let steps = without.steps().expect("no leak");
    assert_eq!(without.warning(Stretch::Window(steps as usize)), None);
    let window = without
        .warning(Stretch::Window(steps as usize + 1))
        .expect("too long");
    assert!(
        window.contains("--leak 8") && window.contains(&steps.to_string()),
        "{window}"
    );
    assert!(
        without
            .warning(Stretch::Endless)
            .expect("no leak")
            .contains("--leak 8")
    );
    for leak in [1, 3, 8] {
        assert_eq!(run(leak).warning(Stretch::Endless), None, "{leak}");
    }
    let slow = run(9).warning(Stretch::Endless).expect("too slow");
    assert!(slow.contains("its leak is so slow"), "{slow}");
    // A pool that fades is never reset.
    let mut plain = plain(64, 16, 0, 1);
    let stretch = |plain: &PlainModel| {
        let file = file(plain);
        Stretch::of(&file.model().expect("a model"), 100)
    };
    assert_eq!(stretch(&plain), Stretch::Window(100));
    plain.readout_kind = PlainReadout::Fading {
        shift: 4,
        loss: 5,
        interval: 2,
    };
    assert_eq!(stretch(&plain), Stretch::Endless);
}

#[test]
fn a_million_steps_without_a_reset_are_the_same_on_every_emulated_core() {
    const STEPS: u16 = 10_000;
    const ROUNDS: u32 = 100;
    let file = file(&plain(32, 32, 3, 41));
    let model = file.model().expect("a model");
    assert!(model.has_fast_path(), "the assembly is what is tested");
    let mut random = ChaCha8Rng::seed_from_u64(42);
    let header = WindowFileHeader {
        channels: 1,
        steps: STEPS,
        windows: 1,
    };
    // Noise, and silence.
    let window: Vec<i16> = (0..STEPS)
        .map(|step| {
            if step % 1000 < 700 {
                random.random_range(-512..512)
            } else {
                0
            }
        })
        .collect();
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend(window.iter().flat_map(|raw| raw.to_le_bytes()));
    let (mut session, mut hash) = (Net::new(&model).expect("room"), StateHash::new());
    let mut expected = Vec::new();
    for _ in 0..ROUNDS {
        for &raw in &window {
            session.push(&[raw]).expect("a sample");
            hash.update(session.states());
        }
        expected.push(Answer {
            class: session.class(),
            logits: session.logits().collect(),
            state_hash: hash.finish(),
        });
    }
    assert_eq!(session.steps(), 1_000_000);
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let folder = FirmwareFolder::locate(Some(&root.join("firmware-examples"))).expect("sources");
    let boards = folder.emulated_boards().expect("a registry");
    assert!(boards.len() >= 7);
    let run = |board: &Board| {
        let scratch = tempfile::tempdir().expect("a folder");
        let request = Request {
            folder: &folder,
            board,
            kernel: KernelName::FwhtPacked,
            model: &file,
            windows: &bytes,
            known: false,
        };
        let found = run_endless(&request, ROUNDS, scratch.path()).expect("a run");
        assert_eq!(found, expected, "{}", board.name);
    };
    std::thread::scope(|scope| {
        for boards in boards.chunks(boards.len().div_ceil(2)) {
            scope.spawn(|| boards.iter().for_each(run));
        }
    });
}

/// All kernels, step by step.
fn kernels_agree(rounds: u32) {
    let file = file(&plain(16, 16, 3, 51));
    let model = file.model().expect("a model");
    let mut random = ChaCha8Rng::seed_from_u64(52);
    let mut packed = Net::new(&model).expect("room");
    let mut fwht = Session::<RoomOf<Fwht, 16, 1>>::new(&model).expect("room");
    let mut xnor = Session::<RoomOf<XnorPopcount, 16, 1>>::new(&model).expect("room");
    let mut saturated = 0u64;
    for round in 0..rounds {
        for _ in 0..1000 {
            // Noise, and silence.
            let raw = match round % 3 {
                2 => 0,
                _ => random.random_range(-512..512),
            };
            packed.push(&[raw]).expect("a sample");
            fwht.push(&[raw]).expect("a sample");
            xnor.push(&[raw]).expect("a sample");
            let agree = packed.states().eq(fwht.states()) && fwht.states().eq(xnor.states());
            assert!(agree, "step {}", packed.steps());
        }
        saturated += packed.saturated() as u64;
    }
    assert!(packed.steps() == rounds * 1000 && saturated > 0);
    println!(
        "{} steps: {saturated} units at their limit, one step in a thousand looked at",
        packed.steps()
    );
}

#[test]
fn kernels_agree_over_a_million_steps() {
    kernels_agree(1000);
}

#[test]
#[ignore = "a minute: the figure of docs/TRUST.md"]
fn kernels_agree_over_a_hundred_million_steps() {
    kernels_agree(100_000);
}

#[test]
#[ignore = "a minute: the table of docs/ARITHMETIC.md"]
fn table() {
    println!(
        "rms of the states and, in brackets, of their error, after 10^2, 10^3, .. steps of silence; * where states are at their limit"
    );
    for (units, block, seed) in [(16, 16, 3), (64, 64, 3), (128, 16, 1), (128, 128, 1)] {
        for leak in [0, 3, 6, 8] {
            let plain = plain(units, block, leak, seed);
            let file = file(&plain);
            let layer = layer_run(&file.model().expect("a model"));
            let told = match (layer.bound, layer.steps) {
                (Some(bound), _) => format!("at most {bound:.1}"),
                (None, steps) => format!("128 in {} steps", steps.unwrap_or(0)),
            };
            print!("| {units} | {block} | {leak} | {told} |");
            drift(&plain, 1_000_000, |step, session, exact| {
                if step >= 100 && 10u64.pow(step.ilog10()) == step {
                    let limit = if saturated(session) > 0 { "*" } else { "" };
                    print!(
                        " {:.0}{limit} ({:.1}) |",
                        rms_state(session),
                        exact.error(session)
                    );
                }
            });
            println!();
        }
    }
}

#[test]
#[ignore = "a minute: other roundings in docs/ARITHMETIC.md"]
fn other_roundings() {
    type Round = fn(u64, f64) -> f64;
    let roundings: [(&str, Round); 5] = [
        ("halves up", |_, y| (y + 0.5).floor()),
        ("halves to even", |_, y| y.round_ties_even()),
        ("halves by the Rudin-Shapiro sequence", |step, y| {
            match (step & (step >> 1)).count_ones() % 2 {
                0 => (y + 0.5).floor(),
                _ => (y - 0.5).ceil(),
            }
        }),
        ("halves towards zero", |_, y| {
            (y.abs() - 0.5).ceil() * y.signum()
        }),
        ("towards zero", |_, y| y.trunc()),
    ];
    for (name, round) in roundings {
        for seed in 1..=3 {
            let layer = plain(128, 16, 0, seed).layer;
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let mut h: Vec<f64> = (0..128)
                .map(|_| f64::from(random.random_range(-520..=520)))
                .collect();
            print!("| {name} | {seed} | {:.0}", rms(h.iter().copied()));
            for step in 1..=1_000_000u64 {
                for block in h.chunks_mut(16) {
                    transform(block);
                }
                for (h, &sign) in h.iter_mut().zip(&layer.signs) {
                    *h = round(step, f64::from(sign) * *h / 4.0).clamp(-2048.0, 2047.0);
                }
                if step >= 100 && 10u64.pow(step.ilog10()) == step {
                    print!(" | {:.0}", rms(h.iter().copied()));
                }
            }
            println!(" |");
        }
    }
}
