//! Steps of Adam: groups of weights at their own rates, and signs that move when they may.

use anyhow::Result;
use burn::grad_clipping::GradientClippingConfig;
use burn::module::ParamId;
use burn::optim::{AdamConfig, AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::Gradients;

use super::{clip, records};
use crate::checkpoint::{Checkpoint, Position};
use crate::config::{Signs, TrainingConfig};
use crate::nn::{Group, HadamRnn};

/// Adam's epsilon, as in the reference's framework.
const ADAM_EPSILON: f32 = 1e-8;

/// The optimisers of a run.
pub(super) struct Optimisers {
    config: TrainingConfig,
    weights: ModuleOptimizer,
    signs: Option<ModuleOptimizer>,
}

impl Optimisers {
    pub fn new(config: &TrainingConfig) -> Self {
        let adam = AdamConfig::new()
            .with_epsilon(ADAM_EPSILON)
            .with_beta_2(config.beta_2);
        let clipping =
            (config.clip_norm > 0.0).then_some(GradientClippingConfig::Norm(config.clip_norm));
        let adam = adam.with_grad_clipping(clipping.clone());
        let weights = match config.weight_decay {
            0.0 => adam.init(),
            decay => AdamWConfig::new()
                .with_epsilon(ADAM_EPSILON)
                .with_beta_2(config.beta_2)
                .with_weight_decay(decay)
                .with_grad_clipping(clipping)
                .init(),
        };
        Self {
            config: config.clone(),
            weights,
            signs: matches!(config.signs, Signs::Trained(_)).then(|| adam.init()),
        }
    }

    /// `network` after one step at `factor` times the configured rates; counts flips of signs in `position`.
    pub fn step(
        &mut self,
        mut network: HadamRnn,
        mut gradients: Gradients,
        factor: f64,
        position: &mut Position,
    ) -> HadamRnn {
        let rate = self.config.learning_rate * factor;
        let longest = self.config.clip_total_norm;
        let shortened = match longest > 0.0 {
            true => clip::factor(&network, &gradients, longest),
            false => None,
        };
        for (group, ids) in self.groups(&network) {
            let mut of_group = GradientsParams::from_params(&mut gradients, &network, &ids);
            if let Some(shortened) = &shortened {
                clip::scale(&network, &mut of_group, shortened.clone());
            }
            network = self.weights.step(rate * group, network, of_group);
        }
        let (Some(optimiser), Signs::Trained(rate)) = (&mut self.signs, self.config.signs) else {
            return network;
        };
        let schedule = &self.config.sign_schedule;
        let limit = schedule.flips_per_epoch;
        let may_move = position.epoch >= schedule.start_epoch
            && position.batch.is_multiple_of(schedule.every)
            && limit.is_none_or(|limit| (position.flips as usize) < limit);
        if !may_move {
            return network;
        }
        let before = limit.map(|_| network.signs_on_host());
        let ids = network.sign_ids();
        let mut of_signs = GradientsParams::from_params(&mut gradients, &network, &ids);
        if let Some(shortened) = shortened {
            clip::scale(&network, &mut of_signs, shortened);
        }
        let network = optimiser.step(rate * factor, network, of_signs);
        if let Some(before) = before {
            let signs = before.iter().zip(network.signs_on_host());
            position.flips += signs.filter(|(before, after)| *before != after).count() as u32;
        }
        network
    }

    /// Weights but the recurrent signs, by the factors on their rate; those that are frozen are left out.
    fn groups(&self, network: &HadamRnn) -> Vec<(f64, Vec<ParamId>)> {
        let rates = &self.config.rates;
        let rate = |group| match group {
            Group::Input => rates.input,
            Group::Embedding => rates.embedding,
            Group::Bias => rates.bias,
            Group::Mixing => rates.mixing,
            Group::Readout => rates.readout,
        };
        let members = network.groups().into_iter();
        let members = members.map(|(group, id)| (rate(group), id));
        let mut groups: Vec<(f64, Vec<ParamId>)> = Vec::new();
        for (rate, id) in members.filter(|&(rate, _)| rate > 0.0) {
            match groups.iter_mut().find(|(group, _)| *group == rate) {
                Some((_, ids)) => ids.push(id),
                None => groups.push((rate, vec![id])),
            }
        }
        groups
    }

    /// Moments of the weights and of the signs, the latter empty where they are frozen.
    pub fn bytes(&self) -> Result<[Vec<u8>; 2]> {
        let signs = self.signs.as_ref();
        Ok([
            records::optimizer_bytes(&self.weights)?,
            signs.map_or(Ok(Vec::new()), records::optimizer_bytes)?,
        ])
    }

    /// Takes the moments of a checkpoint.
    pub fn load(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        let fresh = Self::new(&self.config);
        self.weights = records::load_optimizer(fresh.weights, &checkpoint.optimizer)?;
        if let Some(signs) = fresh.signs {
            self.signs = Some(records::load_optimizer(signs, &checkpoint.signs_optimizer)?);
        }
        Ok(())
    }
}
