//! Time of one training step: forward, backward and Adam, on the default CPU backend.
//!
//! ```text
//! cargo run --release --example nn_bench [steps]
//! ```
//!
//! Prints, per task shape and with signs frozen and trained, the fastest and the median of `steps` (default 100) steps,
//! after a tenth as many to warm up. Inputs are noise: the arithmetic does not depend on them.

use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Distribution, Int, Tensor};
use hadamrnn::nn::{HadamRnn, HadamRnnConfig, Input, Readout};
use std::time::{Duration, Instant};

/// Sizes of a task.
struct Task {
    name: &'static str,
    hidden_size: usize,
    steps: usize,
    input_size: usize,
    output_size: usize,
    batch: usize,
    /// Outputs are read after every step.
    every_step: bool,
}

const TASKS: [Task; 3] = [
    Task {
        name: "HAR",
        hidden_size: 128,
        steps: 128,
        input_size: 9,
        output_size: 6,
        batch: 100,
        every_step: false,
    },
    Task {
        name: "pMNIST",
        hidden_size: 512,
        steps: 784,
        input_size: 1,
        output_size: 10,
        batch: 100,
        every_step: false,
    },
    Task {
        name: "copy",
        hidden_size: 128,
        steps: 1020,
        input_size: 10,
        output_size: 9,
        batch: 128,
        every_step: true,
    },
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let steps: usize = std::env::args()
        .nth(1)
        .map_or(Ok(100), |steps| steps.parse())?;
    let device = Device::default().autodiff();
    println!(
        "{:8} {:8} {:>12} {:>12}",
        "task", "signs", "fastest, ms", "median, ms"
    );
    for task in &TASKS {
        for (signs, train_signs) in [("frozen", false), ("trained", true)] {
            let times = step_times(task, train_signs, steps.max(1), &device)?;
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            let (fastest, median) = (ms(times[0]), ms(times[times.len() / 2]));
            println!("{:8} {signs:8} {fastest:12.2} {median:12.2}", task.name);
        }
    }
    Ok(())
}

/// Times of `steps` steps of `task`, at least one, in rising order.
fn step_times(
    task: &Task,
    train_signs: bool,
    steps: usize,
    device: &Device,
) -> Result<Vec<Duration>, Box<dyn std::error::Error>> {
    let mut model = task.config(train_signs).init(0, device)?;
    let mut optimizer = AdamConfig::new().init();
    let dims = [task.batch, task.steps, task.input_size];
    let x = Tensor::<3>::random(dims, Distribution::Default, device);
    let mut times = Vec::with_capacity(steps);
    for step in 0..steps + steps / 10 {
        let start = Instant::now();
        model = task.train(model, &mut optimizer, x.clone());
        if step >= steps / 10 {
            times.push(start.elapsed());
        }
    }
    times.sort();
    Ok(times)
}

impl Task {
    fn config(&self, train_signs: bool) -> HadamRnnConfig {
        HadamRnnConfig {
            input: Input::Numbers(self.input_size),
            hidden_size: self.hidden_size,
            log2_block: self.hidden_size.ilog2() as usize,
            leak: None,
            second: None,
            readout: Readout::LastState,
            output_size: self.output_size,
            input_bits: Some(4),
            readout_bits: Some(4),
            train_signs,
        }
    }

    /// One step of Adam on the cross-entropy with class 0.
    fn train(&self, model: HadamRnn, optimizer: &mut ModuleOptimizer, x: Tensor<3>) -> HadamRnn {
        let logits = match self.every_step {
            true => {
                let logits = model.all_logits(x);
                logits.reshape([self.batch * self.steps, self.output_size])
            }
            false => model.last_logits(HadamRnn::augment(x), self.steps),
        };
        let rows = logits.dims()[0];
        let targets = Tensor::<2, Int>::zeros([rows, 1], &logits.device());
        let loss = log_softmax(logits, 1).gather(1, targets).mean().neg();
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        optimizer.step(1e-3, model, grads)
    }
}
