//! Every backend on an emulated core of its own against the oracle: random models, up to the edges of every range.

use std::path::Path;

use hadamrnn::board::{Case, FirmwareFolder, run_cases};
use hadamrnn::integer::{Answer, KernelName, ModelFile};
use hadamrnn_runtime::Model;
use hadamrnn_runtime::digest::StateHash;
use hadamrnn_runtime::kernel::FwhtPacked;
use hadamrnn_tests::fast_path::{fast_path_models, second_layer_models, wide_models};
use hadamrnn_tests::models::{Widths, encode_plain, plain_models, samples};
use hadamrnn_tests::oracle::PlainModel;
use hadamrnn_tests::readout_models::readout_models;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

const STEPS: usize = 6;
/// Models of the fast path, for the assembly, models outside of it, for what it leaves to portable code, models of two
/// layers, models with a pooled or a hidden readout, and models of the fast path with many inputs.
const MODELS: [usize; 5] = [80, 40, 40, 40, 16];
/// Longest model that the firmware has room for.
const LONGEST: usize = 6 << 10;

/// A model, its file and the raw samples it is run over.
type Sampled = (PlainModel, Vec<u8>, Vec<Vec<i16>>);

fn sampled(models: impl Strategy<Value = (PlainModel, Widths)>) -> impl Strategy<Value = Sampled> {
    models.prop_flat_map(|(model, widths)| {
        samples(&model, STEPS).prop_map(move |samples| {
            let file = encode_plain(&model, widths);
            (model.clone(), file, samples)
        })
    })
}

/// Draws `count` models that fit the firmware and the packed kernel; the same ones on every run.
fn draw(count: usize, models: impl Strategy<Value = Sampled>) -> Vec<Sampled> {
    let mut runner = TestRunner::deterministic();
    let fits = |sampled: &Sampled| {
        let file = ModelFile::new(&sampled.1);
        let takes = |model: &Model<'_>| model.runs_on::<FwhtPacked>();
        sampled.1.len() <= LONGEST && file.model().is_ok_and(|model| takes(&model))
    };
    let mut drawn = Vec::new();
    while drawn.len() < count {
        let sampled = models.new_tree(&mut runner).expect("a model").current();
        if fits(&sampled) {
            drawn.push(sampled);
        }
    }
    drawn
}

/// Fails unless the models drawn go through every part of the assembly.
fn assert_coverage(sampled: &[Sampled]) {
    let at_least = |least: usize, what: &str, has: fn(&PlainModel, &Model<'_>) -> bool| {
        let count = (sampled.iter())
            .filter(|(plain, file, _)| {
                has(plain, &ModelFile::new(file).model().expect("it was drawn"))
            })
            .count();
        assert!(count >= least, "{count} of {least} models with {what}");
    };
    at_least(20, "the fast path", |_, model| model.has_fast_path());
    at_least(4, "rows that are not driven", |plain, model| {
        model.has_fast_path() && plain.driven_rows < plain.layer.block_size
    });
    at_least(2, "one column", |plain, model| {
        model.has_fast_path() && plain.input_size() == 1
    });
    at_least(4, "more than one round of eight columns", |plain, model| {
        model.has_fast_path() && plain.input_size() >= 10
    });
    at_least(
        4,
        "more than one round of sixteen columns",
        |plain, model| model.has_fast_path() && plain.input_size() > 17,
    );
    at_least(4, "copies of ten bits", |plain, model| {
        let copies = plain.input_size() > plain.sample_size();
        model.has_fast_path() && copies && model.header().input_bits == 10
    });
    at_least(
        4,
        "ten bits and no copies, of an odd number",
        |plain, model| {
            let odd = plain.input_size() == plain.sample_size() && plain.input_size() % 2 == 1;
            model.has_fast_path() && odd && model.header().input_bits == 10
        },
    );
    at_least(10, "a pooled readout", |plain, _| {
        plain.readout_kind.is_pooled()
    });
    at_least(3, "a fading pool", |_, model| model.fading().is_some());
    at_least(10, "a hidden readout layer", |plain, _| {
        plain.hidden.is_some()
    });
    at_least(4, "a hidden readout layer of sums", |plain, _| {
        plain.readout_kind.is_pooled() && plain.hidden.is_some()
    });
    at_least(4, "a hidden layer at the limit of 32 bits", |_, model| {
        model.bounds().hidden == i32::MAX
    });
    at_least(4, "4-bit U and sums beyond a lane", |_, model| {
        model.header().input_weight_bits == 4 && model.bounds().layer_input > i32::from(i16::MAX)
    });
    at_least(4, "a second layer of large blocks", |plain, _| {
        (plain.second.as_ref()).is_some_and(|second| second.layer.block_size >= 32)
    });
}

/// The oracle's answer.
fn expected((plain, _, inputs): &Sampled) -> Answer {
    let mut state = plain.start();
    let mut hash = StateHash::new();
    for sample in inputs {
        plain.step(&mut state, sample);
        let states = state.h.iter().chain(&state.second);
        hash.update(states.map(|&h| i16::try_from(h).expect("16 bits")));
    }
    let logits: Vec<i32> = (plain.logits(&state).iter())
        .map(|&logit| i32::try_from(logit).expect("32 bits"))
        .collect();
    let class = match logits[..] {
        [logit] => usize::from(logit > 0),
        _ => (0..logits.len())
            .rev()
            .max_by_key(|&i| logits[i])
            .unwrap_or(0),
    };
    Answer {
        class,
        logits,
        state_hash: hash.finish(),
    }
}

#[test]
fn every_backend_equals_the_oracle_on_its_core() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let folder = FirmwareFolder::locate(Some(&root.join("firmware-examples")))
        .expect("the firmware sources");
    let mut sampled = draw(MODELS[0], sampled(fast_path_models(4..=9)));
    sampled.extend(draw(MODELS[1], self::sampled(plain_models(4..=8))));
    sampled.extend(draw(MODELS[2], self::sampled(second_layer_models(4..=8))));
    sampled.extend(draw(MODELS[3], self::sampled(readout_models(4..=7))));
    sampled.extend(draw(MODELS[4], self::sampled(wide_models(5..=8))));
    assert_coverage(&sampled);
    let cases: Vec<Case> = (sampled.iter())
        .map(|(_, file, inputs)| Case {
            model: ModelFile::new(file),
            window: inputs.concat(),
        })
        .collect();
    let expected: Vec<Answer> = sampled.iter().map(expected).collect();
    // One board for each backend.
    for name in ["qemu-m0", "qemu-m3", "qemu-m4", "qemu-rv32"] {
        let board = folder.board(name).expect("in the registry");
        let scratch = tempfile::tempdir().expect("a folder");
        let runs = run_cases(
            &folder,
            &board,
            KernelName::FwhtPacked,
            &cases,
            scratch.path(),
        )
        .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        for (i, (run, expected)) in runs.iter().zip(&expected).enumerate() {
            assert_eq!(
                run.answer, *expected,
                "{name}: case {i}: {:?}",
                sampled[i].0
            );
        }
    }
}
