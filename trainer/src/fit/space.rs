//! Candidates: the recipe of the task, and what differs from it.

mod shrink;

use std::collections::BTreeMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::config::{Keep, RunConfig};
use crate::data::Holdout;
use crate::nn::{HiddenReadout, ReadoutKind};
use crate::usage::make_hop_whole;

/// Fewest steps of a window.
const LEAST_STEPS: usize = 8;
/// State bits plus the logarithm of a block that the packed kernel takes.
const PACKED_BITS: usize = 19;
/// Draws for each candidate before smaller ones are looked for.
const DRAWS: usize = 150;
/// Draws for each candidate, and in all, that are then made smaller until they fit.
const SHRUNK_DRAWS: (usize, usize) = (8, 64);
/// Decimations that divide the hop, from which on there are enough of them.
const DIVIDING: usize = 3;
/// Inputs from which on narrower ones are tried: more do not fit a lane.
const MANY_INPUTS: usize = 16;

/// A configuration to try.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The configuration, without the user's holdout.
    pub config: RunConfig,
    /// Steps of a window.
    pub steps: usize,
    /// What tells it from others, in a few words.
    pub name: String,
}

/// What candidates are drawn from.
#[derive(Clone, Debug)]
pub struct Space {
    /// The configuration that all start from.
    pub base: RunConfig,
    /// Samples of a window of the sensor, for the benchmarks. The user's own recordings are cut as the configuration says.
    pub samples: usize,
    /// Values of a sample.
    pub channels: usize,
    /// Samples a second, where a sample is one of time.
    pub rate_hz: Option<f32>,
}

impl Space {
    /// Candidates, at most `count`, of those that `fits` accepts: first the recipe at several sample rates and sizes, then random
    /// ones, and where too few of these fit, smaller forms of others. The same for the same seed. Where there is none, `fits` was
    /// asked about the smallest ones, too.
    pub fn candidates(
        &self,
        count: usize,
        seed: u64,
        mut fits: impl FnMut(&Candidate) -> bool,
    ) -> Vec<Candidate> {
        // Whether those that were asked about fit.
        let (mut found, mut seen) = (Vec::new(), BTreeMap::new());
        let mut fits_anew = |candidate: &Candidate, seen: &mut BTreeMap<String, bool>| {
            if seen.contains_key(&candidate.name) {
                return false;
            }
            let it_fits = fits(candidate);
            seen.insert(candidate.name.clone(), it_fits);
            it_fits
        };
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut anchors = self.anchors();
        anchors.retain(|candidate| fits_anew(candidate, &mut seen));
        // The recipe's own kind has half of the places.
        while anchors.len() > count.div_ceil(2) {
            anchors.remove(random.random_range(0..anchors.len()));
        }
        found.extend(anchors);
        for _ in 0..DRAWS * count {
            if found.len() >= count {
                break;
            }
            let Some(candidate) = self.draw(&mut random) else {
                continue;
            };
            if fits_anew(&candidate, &mut seen) {
                found.push(candidate);
            }
        }
        for _ in 0..SHRUNK_DRAWS.0 * count + SHRUNK_DRAWS.1 {
            if found.len() >= count {
                break;
            }
            let mut next = self.draw(&mut random);
            while let Some(candidate) = next {
                if fits_anew(&candidate, &mut seen) {
                    found.push(candidate);
                    break;
                }
                if seen.get(&candidate.name) == Some(&true) {
                    break;
                }
                next = self.smaller(&candidate, &mut random);
            }
        }
        found
    }

    /// A candidate that is smaller in one respect, at random; none of the smallest.
    fn smaller(&self, candidate: &Candidate, random: &mut ChaCha8Rng) -> Option<Candidate> {
        let mut steps = shrink::steps(&candidate.config);
        let samples = self.window_samples(&candidate.config);
        let decimation = candidate.config.preparation.decimation;
        let slower = self.decimations(samples, hop(&candidate.config));
        if let Some(next) = slower.into_iter().find(|&it| it > decimation) {
            let mut config = candidate.config.clone();
            config.preparation.decimation = next;
            steps.push(config);
        }
        while !steps.is_empty() {
            let config = steps.swap_remove(random.random_range(0..steps.len()));
            // Not all sizes go together.
            let smaller = self.as_small_as_told(config);
            if smaller.is_some() {
                return smaller;
            }
        }
        self.as_small_as_told(shrink::last_step(&candidate.config)?)
    }

    fn as_small_as_told(&self, config: RunConfig) -> Option<Candidate> {
        let is_small = config.export.input_field_bits.is_none();
        self.candidate_of(config, is_small)
    }

    /// The recipe at other sample rates, sizes and hidden readout layers. A leak keeps its time: at half the rate it is twice as
    /// fast.
    fn anchors(&self) -> Vec<Candidate> {
        let mut all = Vec::new();
        let base = &self.base.network;
        let hidden = base.hidden_readout.map_or(0, |layer| layer.hidden_size);
        let before = self.base.preparation.decimation.max(1) as f64;
        for size in [base.hidden_size, base.hidden_size / 2, base.hidden_size / 4] {
            for read in [hidden, hidden / 2, hidden * 2] {
                for decimation in self.decimations(self.window_samples(&self.base), hop(&self.base))
                {
                    let mut config = self.base.clone();
                    config.network.resize(size);
                    config.preparation.decimation = decimation;
                    let faster = (decimation as f64 / before).log2().round() as i32;
                    config.network.leak = base
                        .leak
                        .map(|leak| (i32::from(leak) - faster).clamp(1, 15) as u8);
                    set_hidden(&mut config, read);
                    all.extend(self.candidate(config));
                }
            }
        }
        all
    }

    /// Samples of a window before decimation.
    fn window_samples(&self, config: &RunConfig) -> usize {
        config
            .recordings
            .as_ref()
            .map_or(self.samples, |cutting| cutting.steps)
    }

    /// Decimations that leave enough steps. Where enough of them divide the hop, there are no others: a hop of its own for each is a
    /// reading of the recordings for each.
    fn decimations(&self, samples: usize, hop: Option<usize>) -> Vec<usize> {
        let mut all = vec![1usize, 2, 3, 4, 5, 6, 8, 10];
        all.retain(|decimation| samples.div_ceil(*decimation) >= LEAST_STEPS);
        let dividing: Vec<usize> = (all.iter().copied())
            .filter(|&decimation| hop.is_none_or(|hop| hop.is_multiple_of(decimation)))
            .collect();
        match dividing.len() >= DIVIDING {
            true => dividing,
            false => all,
        }
    }

    /// A random candidate; none where its sizes do not go together.
    fn draw(&self, random: &mut ChaCha8Rng) -> Option<Candidate> {
        let mut config = self.base.clone();
        let mut pick = |choices: &[(usize, u32)]| {
            let total: u32 = choices.iter().map(|(_, weight)| weight).sum();
            let mut at = random.random_range(0..total.max(1));
            let chosen = choices.iter().find(|(_, weight)| {
                let is_this = at < *weight;
                at = at.saturating_sub(*weight);
                is_this
            });
            chosen.map_or(0, |(value, _)| *value)
        };
        let network = &mut config.network;
        network.hidden_size = pick(&[(16, 1), (32, 4), (64, 7), (128, 6), (256, 2)]);
        let full = network.hidden_size.ilog2() as usize;
        network.log2_block = pick(&[(full, 6), (full.min(5), 2), (full.min(6), 1)]);
        network.input_bits = Some(pick(&[(4, 5), (3, 2), (2, 3), (1, 1)]) as u8);
        network.readout_bits = Some(pick(&[(4, 6), (2, 1), (8, 2)]) as u8);
        network.readout = match pick(&[(0, 7), (1, 1)]) {
            0 => ReadoutKind::Pooled,
            _ => ReadoutKind::LastState,
        };
        network.leak = match pick(&[(0, 1), (1, 2), (2, 5), (3, 5), (4, 2)]) {
            0 => None,
            leak => Some(leak as u8),
        };
        network.input_rows = match pick(&[(4, 7), (3, 2), (2, 2), (1, 1)]) {
            4 => None,
            quarters => Some(network.hidden_size * quarters / 4),
        };
        let read = pick(&[(0, 1), (16, 1), (32, 2), (64, 4), (128, 5), (256, 1)]);
        // Two-bit fields take less room, and portable code.
        let is_small = pick(&[(0, 5), (1, 1)]) == 1;
        let narrow = pick(&[(0, 2), (1, 1)]) == 1;
        let all = self.decimations(self.window_samples(&config), hop(&config));
        let rates: Vec<(usize, u32)> = (all.into_iter())
            .map(|decimation| (decimation, self.weight_of(decimation)))
            .collect();
        config.preparation.decimation = pick(&rates).max(1);
        let half = pick(&[(0, 3), (1, 1)]) == 1;
        if let Some(cutting) = config.recordings.as_mut().filter(|_| half) {
            (cutting.steps, cutting.hop) = (cutting.steps.div_ceil(2), cutting.hop.div_ceil(2));
        }
        set_hidden(&mut config, read);
        let export = &mut config.export;
        if is_small {
            export.input_field_bits = None;
        }
        if narrow && self.channels + config.preparation.copies.len() >= MANY_INPUTS {
            export.input_bits = export.input_bits.min(8);
        }
        self.candidate_of(config, is_small)
    }

    /// The candidate of a configuration, with U in fields that are as narrow as can be where `is_small`.
    fn candidate_of(&self, config: RunConfig, is_small: bool) -> Option<Candidate> {
        let mut candidate = self.candidate(config)?;
        if is_small {
            candidate.config.export.input_field_bits = None;
            candidate.name = name(&candidate.config);
        }
        Some(candidate)
    }

    /// How often a decimation is drawn: most things that move are told at 8 to 25 samples a second.
    fn weight_of(&self, decimation: usize) -> u32 {
        match self.rate_hz.map(|rate| rate / decimation as f32) {
            Some(rate) if (8.0..=25.0).contains(&rate) => 5,
            Some(rate) if (5.0..8.0).contains(&rate) || (25.0..=50.0).contains(&rate) => 2,
            Some(_) => 1,
            None => 2,
        }
    }

    /// The candidate of a configuration, for the assembly of boards where it can have it; none where it is not valid.
    fn candidate(&self, mut config: RunConfig) -> Option<Candidate> {
        let network = &config.network;
        let packed = PACKED_BITS.saturating_sub(network.log2_block).min(12);
        if network.input_bits.is_some_and(|bits| bits <= 4) && network.log2_block >= 5 {
            config.export.input_field_bits = Some(4);
        }
        let state_bits = usize::from(config.export.state_bits.unwrap_or(12)).min(packed);
        config.export.state_bits = Some(state_bits as u8);
        if config.holdout == Holdout::None {
            config.holdout = Holdout::Standard;
        }
        // So that a board answers as often as the model is tested.
        make_hop_whole(&mut config);
        // Validation ranks candidates, it does not choose epochs.
        (config.training.keep, config.training.patience) = (Keep::Last, None);
        config.validate().ok()?;
        let samples = self.window_samples(&config);
        let steps = samples.div_ceil(config.preparation.decimation.max(1));
        (steps >= LEAST_STEPS.min(samples)).then(|| Candidate {
            name: name(&config),
            steps,
            config,
        })
    }
}

/// Samples from a window of the user's own recordings to the next.
fn hop(config: &RunConfig) -> Option<usize> {
    config.recordings.as_ref().map(|cutting| cutting.hop)
}

fn set_hidden(config: &mut RunConfig, units: usize) {
    config.network.hidden_readout = (units > 0).then(|| HiddenReadout {
        hidden_size: units.clamp(16, 1024),
        bias: true,
    });
}

/// What tells a configuration from others of its task.
fn name(config: &RunConfig) -> String {
    let (network, export) = (&config.network, &config.export);
    let bits = |bits: Option<u8>| bits.map_or("full".into(), |bits| bits.to_string());
    let mut parts = vec![format!("n {}", network.hidden_size)];
    if network.blocks() > 1 {
        parts.push(format!("blocks of {}", 1 << network.log2_block));
    }
    parts.push(format!("U {} bits", bits(network.input_bits)));
    if export.input_field_bits.is_none_or(|field| field != 4) {
        parts.push("packed".into());
    }
    parts.push(format!("V {} bits", bits(network.readout_bits)));
    parts.push(match network.readout {
        ReadoutKind::Pooled => "pooled".into(),
        ReadoutKind::LastState => "last state".into(),
        ReadoutKind::EveryStep => "every step".into(),
    });
    if let Some(layer) = &network.hidden_readout {
        parts.push(format!("hidden readout {}", layer.hidden_size));
    }
    parts.push(match network.leak {
        Some(leak) => format!("leak {leak}"),
        None => "no leak".into(),
    });
    parts.push(format!("decimation {}", config.preparation.decimation));
    if let Some(cutting) = &config.recordings {
        parts.push(format!("window {}", cutting.steps));
    }
    if let Some(rows) = network.input_rows {
        parts.push(format!("{rows} driven rows"));
    }
    if export.input_bits != 10 {
        parts.push(format!("inputs of {} bits", export.input_bits));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::data::Task;

    impl Space {
        /// Candidates of all sizes.
        fn any(&self, count: usize, seed: u64) -> Vec<Candidate> {
            self.candidates(count, seed, |_| true)
        }
    }

    fn space(task: Task) -> Space {
        Space {
            base: RunConfig::for_task(task),
            samples: 128,
            channels: 9,
            rate_hz: Some(50.0),
        }
    }

    #[test]
    fn candidates_are_valid_distinct_and_the_same_again() {
        for task in [Task::Har2, Task::Dsa19, Task::Recordings] {
            let found = space(task).any(80, 1);
            assert_eq!(found.len(), 80);
            assert_eq!(found, space(task).any(80, 1));
            assert_ne!(found, space(task).any(80, 2));
            let names: BTreeSet<&String> = found.iter().map(|candidate| &candidate.name).collect();
            assert_eq!(names.len(), found.len());
            for candidate in &found {
                candidate.config.validate().expect("valid");
                assert!(candidate.steps >= LEAST_STEPS);
                assert_ne!(candidate.config.holdout, Holdout::None);
            }
        }
    }

    #[test]
    fn only_what_fits_is_returned() {
        let small = |candidate: &Candidate| candidate.config.network.hidden_size <= 32;
        let found = space(Task::Har2).candidates(30, 1, small);
        assert!(found.len() > 10 && found.iter().all(small));
        assert!(space(Task::Har2).candidates(30, 1, |_| false).is_empty());
    }

    #[test]
    fn small_ones_are_found_however_few_are_asked_for() {
        let smallest = |candidate: &Candidate| {
            let network = &candidate.config.network;
            network.hidden_size == 16
                && network.hidden_readout.is_none()
                && candidate.config.preparation.decimation == 10
                && candidate.config.export.input_field_bits.is_none()
        };
        for count in [1, 2, 5] {
            for seed in 0..5 {
                let found = space(Task::Har2).candidates(count, seed, smallest);
                assert!(!found.is_empty() && found.len() <= count, "{count} {seed}");
                assert!(found.iter().all(smallest));
            }
        }
    }

    /// A board's hop is a number of used samples.
    #[test]
    fn hops_of_own_recordings_are_whole_steps() {
        for hop in [64, 63, 25, 1] {
            let mut space = space(Task::Recordings);
            space.base.recordings.as_mut().expect("recordings").hop = hop;
            let found = space.any(60, 1);
            assert!(found.len() > 30, "{hop}");
            for candidate in found {
                let cutting = candidate.config.recordings.as_ref().expect("recordings");
                let decimation = candidate.config.preparation.decimation;
                assert!(cutting.hop.is_multiple_of(decimation) && cutting.hop > 0);
            }
        }
    }

    #[test]
    fn the_recipe_is_among_the_candidates_of_its_task() {
        let base = RunConfig::for_task(Task::Har2);
        let found = space(Task::Har2).anchors();
        assert!(
            found
                .iter()
                .any(|candidate| candidate.config.network == base.network
                    && candidate.config.preparation == base.preparation)
        );
    }
}
