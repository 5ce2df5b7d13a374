//! The exported integer model against the float network it came from: logits within a stated bound.

use burn::tensor::Device;
use hadamrnn::checkpoint::Checkpoint;
use hadamrnn::config::{ExportConfig, RunConfig, Signs, Stretch};
use hadamrnn::data::{Source, Split, Task, counts};
use hadamrnn::export::{self, export};
use hadamrnn::integer::{KernelName, ModelFile, answers};
use hadamrnn::observer::{EpochRecord, Silent};
use hadamrnn::recipe::Recipe;
use hadamrnn::task_data::TaskData;
use hadamrnn::train::{Outcome, Store, Trainer, chosen_network};
use hadamrnn::{config::windows, evaluate, metrics, nn::HadamRnn};

/// Keeps nothing of a run.
struct Nowhere;

impl Store for Nowhere {
    fn record(&mut self, _: &EpochRecord) -> anyhow::Result<()> {
        Ok(())
    }
    fn save(&mut self, _: &Checkpoint) -> anyhow::Result<()> {
        Ok(())
    }
}

/// One layer, read at the last state: the paper's form.
fn paper(hidden_size: usize, log2_block: usize) -> RunConfig {
    let mut config = Recipe::Paper.config(Task::Har6);
    config.network.resize(hidden_size);
    config.network.log2_block = log2_block;
    config.training.signs = Signs::Frozen;
    config
}

fn trained(mut config: RunConfig) -> (TaskData, Checkpoint, HadamRnn) {
    config.training.epochs = 6;
    let data = TaskData::load(&config, Some(&Source::Sample)).expect("the shipped sample");
    let mut trainer = Trainer::new(config, &data, &Device::flex()).expect("valid");
    let outcome = trainer.run(&mut Nowhere, &mut Silent);
    assert_eq!(outcome.expect("trains"), Outcome::Finished);
    let checkpoint = trainer.checkpoint().expect("a checkpoint");
    let network = chosen_network(&checkpoint, &Device::flex()).expect("weights");
    (data, checkpoint, network)
}

/// Root mean square error of the integer logits, relative to that of the float logits about their mean.
fn relative_error(
    data: &TaskData,
    checkpoint: &Checkpoint,
    network: &HadamRnn,
    widths: &ExportConfig,
) -> f64 {
    let (weights, calibration) = (network.weights(), data.calibration());
    let source = export::Source {
        name: "har6",
        weights: &weights,
        standardisation: &checkpoint.task.standardisation,
        input_lsb: &checkpoint.task.input_lsb,
        calibration: &calibration,
    };
    let (file, _) = export(source, widths).expect("exports");
    let model = file.model().expect("valid");
    let test = data.split(Split::Test);
    let float = evaluate::float_logits(
        network,
        &test,
        &checkpoint.task.standardisation,
        &Device::flex(),
    );
    let integer = answers(
        &model,
        KernelName::best_for(&model),
        &test,
        &data.input_lsb(),
    )
    .expect("runs");
    let scale = f64::from(model.header().logit_scale);
    let float: Vec<f64> = float.into_iter().flatten().collect();
    let integer: Vec<f64> = integer
        .iter()
        .flat_map(|answer| &answer.logits)
        .map(|&logit| f64::from(logit) * scale)
        .collect();
    let mean = float.iter().sum::<f64>() / float.len() as f64;
    let error: f64 = float
        .iter()
        .zip(&integer)
        .map(|(a, b)| (a - b).powi(2))
        .sum();
    let signal: f64 = float.iter().map(|a| (a - mean).powi(2)).sum();
    (error / signal).sqrt()
}

#[test]
fn integer_logits_follow_float_logits() {
    // The last two have a leak, copies of channels, saturating inputs and a pooled readout.
    let fast = Recipe::Fast.config(Task::Har6);
    for config in [
        paper(64, 6),
        paper(128, 7),
        paper(128, 3),
        fast,
        fading(Task::Har6),
    ] {
        let what = format!("{:?}", config.network);
        let (data, checkpoint, network) = trained(config);
        let error = |state_bits, input_bits| {
            relative_error(
                &data,
                &checkpoint,
                &network,
                &ExportConfig {
                    state_bits: Some(state_bits),
                    input_bits,
                    ..ExportConfig::default()
                },
            )
        };
        let (coarse, normal, fine) = (error(8, 8), error(12, 10), error(16, 14));
        assert!(normal < 0.04, "{what}: 12-bit states err by {normal}");
        assert!(fine < 0.004, "{what}: 16-bit states err by {fine}");
        assert!(fine < normal && normal < coarse, "{fine} {normal} {coarse}");
    }
}

/// The fast recipe with a pool that fades, trained on stretches of streams.
fn fading(task: Task) -> RunConfig {
    let mut config = Recipe::Fast.config(task);
    config.network.fading = windows::fading(&config);
    config.training.stretch = Some(Stretch::default());
    config.training.batch_size = 32;
    config
}

/// The integer model of a network.
fn exported(data: &TaskData, checkpoint: &Checkpoint, network: &HadamRnn) -> ModelFile {
    let (weights, calibration) = (network.weights(), data.calibration());
    let source = export::Source {
        name: "har6",
        weights: &weights,
        standardisation: &checkpoint.task.standardisation,
        input_lsb: &checkpoint.task.input_lsb,
        calibration: &calibration,
    };
    let (file, _) = export(source, &ExportConfig::default()).expect("exports");
    file
}

/// The answers over streams without a reset: of the float network and of the integer model, whose answers in turn are those of a
/// session that is fed sample by sample.
#[test]
fn answers_over_streams_agree() {
    let (data, checkpoint, network) = trained(fading(Task::Har6));
    let (test, lsb) = (data.split(Split::Test), data.input_lsb());
    let standardisation = &checkpoint.task.standardisation;
    assert_eq!(test.streams.len(), 9);
    let file = exported(&data, &checkpoint, &network);
    let model = file.model().expect("valid");
    assert_eq!(
        model.fading(),
        checkpoint.run_config().expect("valid").network.fading
    );
    let mut told = Vec::new();
    let device = Device::flex();
    let float = evaluate::float_evaluation(&network, &test, standardisation, &device, &mut |n| {
        told.push(n)
    });
    assert_eq!(told.last(), Some(&test.len()));
    for kernel in KernelName::ALL {
        let silent = &mut |_| {};
        let integer = evaluate::integer_evaluation(&model, kernel, &test, &lsb, silent);
        let integer = integer.expect("runs");
        assert_eq!(integer.answers.len(), test.len());
        let pairs = integer.answers.iter().zip(&float.answers);
        let equal = pairs.filter(|(a, b)| a == b).count();
        assert!(100 * equal >= 97 * test.len(), "{equal} of {}", test.len());
        assert!((integer.metrics.accuracy - float.metrics.accuracy).abs() < 0.02);
    }
    // A window's answer comes from all of its stream before.
    let (stream, kernel) = (&test.streams[3], KernelName::best_for(&model));
    let end = stream.ends[stream.ends.len() / 2];
    let raw = counts(&stream.samples[..end.samples * stream.channels], &lsb);
    let logits = kernel.logits(&model, &raw, false).expect("runs");
    let logits: Vec<f64> = logits.into_iter().map(f64::from).collect();
    let all = evaluate::integer_evaluation(&model, kernel, &test, &lsb, &mut |_| {});
    let answer = all.expect("runs").answers[end.window];
    assert_eq!(answer as usize, metrics::class(&logits));
}

/// However many cores there are, and tells of every sequence once.
#[test]
fn evaluation_on_several_cores_gives_the_bits_of_one() {
    let (data, checkpoint, network) = trained(paper(64, 6));
    let few = data.split(Split::Test);
    // Several parts, the last of which is smaller.
    let indices: Vec<usize> = (0..1500).map(|i| i % few.len()).collect();
    let many = few.select(&indices);
    let standardisation = &checkpoint.task.standardisation;
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().expect("threads").install(|| {
            let mut told = Vec::new();
            let found = evaluate::float_evaluation(
                &network,
                &many,
                standardisation,
                &Device::flex(),
                &mut |done| told.push(done),
            );
            assert!(
                told.is_sorted() && told.len() > 2 && told.last() == Some(&1500),
                "{told:?}"
            );
            found
        })
    };
    let one = on(1);
    for threads in [2, 3, 8] {
        assert_eq!(on(threads), one, "{threads} threads");
    }
    let logits = evaluate::float_logits(&network, &many, standardisation, &Device::flex());
    assert_eq!(evaluate::score(&logits, &many), one.metrics);

    let file = exported(&data, &checkpoint, &network);
    let model = file.model().expect("valid");
    let (kernel, lsb) = (KernelName::best_for(&model), data.input_lsb());
    let mut told = Vec::new();
    let tell = &mut |done| told.push(done);
    let integer = evaluate::integer_evaluation(&model, kernel, &many, &lsb, tell).expect("runs");
    assert_eq!((integer.answers.len(), told.last()), (1500, Some(&1500)));
    assert!(told.is_sorted() && told.len() > 10, "{told:?}");
    let answers = answers(&model, kernel, &many, &lsb).expect("runs");
    let same =
        |(answer, &class): (&hadamrnn::integer::Answer, &u32)| answer.class == class as usize;
    assert!(answers.iter().zip(&integer.answers).all(same));
}
