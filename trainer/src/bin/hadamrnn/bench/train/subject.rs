//! Subjects of which a training step is measured: a shape, or the task of a task file.

use std::str::FromStr;

use anyhow::{Result, bail, ensure};
use burn::tensor::{Device, Distribution, Tensor};
use clap::ValueEnum;
use hadamrnn::data::Split;
use hadamrnn::nn::{HadamRnnConfig, Input, Inputs};
use hadamrnn::pipeline::{ConfigOptions, RunData, TaskArgument};

use super::shapes::{Batch, Shape};
use crate::progress::Terminal;

/// A shape or a task, as the command line names it.
#[derive(Clone, Debug)]
pub enum Subject {
    Shape(Shape),
    Task(TaskArgument),
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(shape) = Shape::from_str(text, false) {
            return Ok(Self::Shape(shape));
        }
        match text.parse() {
            Ok(task @ TaskArgument::File(_)) => Ok(Self::Task(task)),
            _ => Err(format!(
                "it is none of the shapes {}, and no task file",
                Shape::ALL.map(Shape::name).join(", ")
            )),
        }
    }
}

/// A network and a batch, ready to be measured.
pub struct Case {
    pub name: String,
    pub what: String,
    pub config: HadamRnnConfig,
    pub batch: Batch,
}

impl Subject {
    /// The network and a batch, whose values do not matter.
    pub fn case(&self, train_signs: bool, device: &Device) -> Result<Case> {
        match self {
            Self::Shape(shape) => Ok(Case {
                name: shape.name().into(),
                what: shape.describe(),
                config: shape.config(train_signs),
                batch: shape.batch(device),
            }),
            Self::Task(task) => of_task(task, train_signs, device),
        }
    }
}

fn of_task(task: &TaskArgument, train_signs: bool, device: &Device) -> Result<Case> {
    let mut terminal = Terminal::default();
    let setup = ConfigOptions::of(task.clone()).read(&mut terminal)?;
    let place = setup.data_dir(None)?;
    let data = RunData::load(&setup.config, place.as_deref(), &mut terminal)?.task;
    let train = data.split(Split::Train).len();
    ensure!(train > 0, "{task}: the training split is empty");
    let Input::Numbers(width) = data.input() else {
        bail!("{task}: its steps are tokens, not samples")
    };
    let steps = data.steps();
    let batch = setup.config.training.batch_size.min(train);
    let mut config = setup.config.network(data.input(), data.outputs());
    config.train_signs |= train_signs;
    let x = Tensor::random([batch, steps, width], Distribution::Default, device);
    Ok(Case {
        name: setup.name,
        what: format!("n {}, T {steps}, batch {batch}", config.network.hidden_size),
        config,
        batch: Batch {
            inputs: Inputs::Numbers(x),
            step_targets: None,
        },
    })
}
