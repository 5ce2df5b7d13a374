//! Random changes of training windows that do not change their class.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::config::Augmentation;
use crate::data::{Sequences, Values};

/// Axes of a triaxial sensor, the unit that rotations act on.
const AXES: usize = 3;

/// An orthogonal matrix of determinant 1, row by row.
type Rotation = [[f32; AXES]; AXES];

/// Changes every window of a batch; the same `(seed, step)` gives the same changes.
///
/// `triads` are the channels x, y and z of each sensor, which are rotated together. `deviation` is the standard deviation of
/// each channel: noise is measured in it.
pub(super) fn augment(
    windows: &mut Sequences,
    config: &Augmentation,
    triads: &[[usize; AXES]],
    deviation: &[f32],
    seed: u64,
    step: u64,
) {
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x6175_676d_656e_7421);
    random.set_stream(step);
    let channels = windows.channels;
    let size = channels * windows.steps;
    let values = match &mut windows.values {
        Values::Numbers(values) => values.packed_mut(),
        Values::Tokens { ids, .. } => return drop_tokens(ids, config.token_dropout, &mut random),
    };
    for window in values.chunks_exact_mut(size) {
        if !triads.is_empty() {
            let rotations = rotations(AXES * triads.len(), config, &mut random);
            for sample in window.chunks_exact_mut(channels) {
                for (triad, rotation) in triads.iter().zip(&rotations) {
                    rotate(sample, triad, rotation);
                }
            }
        }
        let factor = (normal(&mut random) * config.scale).exp();
        for sample in window.chunks_exact_mut(channels) {
            for (value, deviation) in sample.iter_mut().zip(deviation) {
                let noise = if config.noise > 0.0 {
                    config.noise * normal(&mut random)
                } else {
                    0.0
                };
                *value = *value * factor + noise * deviation;
            }
        }
    }
}

/// Windows of every `decimation`-th sample of each of `windows`, as many steps as decimation leaves of it; where each begins and how fast
/// time runs is drawn. The same `(seed, step)` gives the same windows. Tokens are decimated only.
pub(super) fn cut_anew(
    windows: &Sequences,
    decimation: usize,
    config: &Augmentation,
    seed: u64,
    step: u64,
) -> Sequences {
    let mut cut = windows.decimated(decimation);
    let (channels, steps) = (cut.channels, cut.steps);
    let Values::Numbers(values) = &mut cut.values else {
        return cut;
    };
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x7465_6d70_6f21_2121);
    random.set_stream(step);
    let targets = values.packed_mut().chunks_exact_mut(channels * steps);
    for (target, window) in targets.zip(windows.windows()) {
        let samples: Vec<&[f32]> = window.chunks_exact(channels).collect();
        let tempo = (normal(&mut random) * config.tempo).exp();
        let stride = tempo * decimation as f32;
        let room = (samples.len() - 1) as f32 - stride * (steps - 1) as f32;
        let first = match (config.phases && room > 0.0, config.tempo > 0.0) {
            (true, true) => random.random_range(0.0..room),
            (true, false) => random.random_range(0..=room as usize) as f32,
            (false, _) => 0.0,
        };
        for (t, target) in target.chunks_exact_mut(channels).enumerate() {
            between(&samples, first + stride * t as f32, target);
        }
    }
    cut
}

/// The sample at `time`, in samples from the first one, in a straight line between its neighbours; beyond the last one, time runs back.
pub(super) fn between(samples: &[&[f32]], time: f32, target: &mut [f32]) {
    let last = samples.len() - 1;
    let end = last as f32;
    let time = if time > end {
        (2.0 * end - time).max(0.0)
    } else {
        time
    };
    let before = (time as usize).min(last);
    let part = time - before as f32;
    let (before, after) = (samples[before], samples[(before + 1).min(last)]);
    for ((target, before), after) in target.iter_mut().zip(before).zip(after) {
        *target = before + (after - before) * part;
    }
}

/// Makes padding of each token with this probability.
fn drop_tokens(ids: &mut [u16], probability: f32, random: &mut ChaCha8Rng) {
    for id in ids.iter_mut().filter(|id| **id != 0) {
        if random.random::<f32>() < probability {
            *id = 0;
        }
    }
}

/// The rotation of each triad of a window: one draw for all triads of a unit. The last of each unit, its magnetometer, is
/// first turned with the field, which is the same for all units.
fn rotations(channels: usize, config: &Augmentation, random: &mut ChaCha8Rng) -> Vec<Rotation> {
    let unit = match config.unit {
        0 => channels,
        unit => unit,
    };
    let (triads, in_unit) = (channels / AXES, unit.div_ceil(AXES));
    let field = (config.magnetometer > 0.0).then(|| random_rotation(config.magnetometer, random));
    let mut rotations = Vec::with_capacity(triads);
    while rotations.len() < triads {
        let worn = random_rotation(config.rotation, random);
        rotations.resize((rotations.len() + in_unit).min(triads), worn);
        if let (Some(field), Some(last)) = (field, rotations.last_mut()) {
            *last = product(&worn, &field);
        }
    }
    rotations
}

/// A rotation about a random axis by an angle of this standard deviation.
fn random_rotation(degrees: f32, random: &mut ChaCha8Rng) -> Rotation {
    let angle = normal(random) * degrees.to_radians();
    rotation(angle, [(); AXES].map(|()| normal(random)))
}

/// The rotation by `first`, then by `then`.
fn product(then: &Rotation, first: &Rotation) -> Rotation {
    std::array::from_fn(|i| {
        std::array::from_fn(|j| (0..AXES).map(|k| then[i][k] * first[k][j]).sum())
    })
}

/// A standard normal number, by Box and Muller's transform.
pub(super) fn normal(random: &mut ChaCha8Rng) -> f32 {
    let (u, v): (f32, f32) = (random.random(), random.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f32::consts::TAU * v).cos()
}

/// The rotation matrix by `angle` about `axis` (Rodrigues' formula); the identity for a zero axis.
fn rotation(angle: f32, axis: [f32; AXES]) -> Rotation {
    let length = axis.iter().map(|a| a * a).sum::<f32>().sqrt();
    let [x, y, z] = if length > 0.0 {
        axis.map(|a| a / length)
    } else {
        [0.0; AXES]
    };
    let (sin, cos) = if length > 0.0 {
        angle.sin_cos()
    } else {
        (0.0, 1.0)
    };
    let t = 1.0 - cos;
    [
        [cos + x * x * t, x * y * t - z * sin, x * z * t + y * sin],
        [y * x * t + z * sin, cos + y * y * t, y * z * t - x * sin],
        [z * x * t - y * sin, z * y * t + x * sin, cos + z * z * t],
    ]
}

/// Rotates the channels of a triad in a sample.
fn rotate(sample: &mut [f32], triad: &[usize; AXES], rotation: &Rotation) {
    let before = triad.map(|channel| sample[channel]);
    for (&channel, row) in triad.iter().zip(rotation) {
        sample[channel] = row.iter().zip(&before).map(|(r, v)| r * v).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Targets;

    fn windows() -> Sequences {
        let values: Vec<f32> = (0..36).map(|v| (v as f32 * 0.7).sin()).collect();
        Sequences::new(9, 2, values, Targets::Class(vec![0, 1]), vec![]).unwrap()
    }

    #[test]
    fn tokens_are_dropped_as_often_as_asked() {
        let ids: Vec<u16> = (0..10_000).map(|i| i % 5).collect();
        let values = Values::Tokens {
            ids: ids.clone(),
            vocabulary: 5,
        };
        let mut tokens =
            Sequences::new(1, 10, values, Targets::Class(vec![0; 1000]), vec![]).unwrap();
        let config = Augmentation {
            token_dropout: 0.2,
            ..Augmentation::default()
        };
        augment(&mut tokens, &config, &[], &[0.0], 7, 1);
        let after = (0..1000).flat_map(|row| tokens.tokens(row).to_vec());
        let changed: Vec<(u16, u16)> = ids.into_iter().zip(after).filter(|(a, b)| a != b).collect();
        assert!(changed.iter().all(|&(_, after)| after == 0));
        // A fifth of 8,000 tokens, within five standard deviations.
        assert!((1420..=1780).contains(&changed.len()), "{}", changed.len());
    }

    fn augmented(config: Augmentation, step: u64) -> Vec<f32> {
        let mut windows = windows();
        let triads = [[0, 1, 2], [3, 4, 5], [6, 7, 8]];
        augment(&mut windows, &config, &triads, &[1.0; 9], 7, step);
        windows.values.numbers().to_vec()
    }

    /// Two windows of ten samples of two channels: ten times the sample, and its negative.
    fn ramps() -> Sequences {
        let values = (0..2).flat_map(|_| (0..10).flat_map(|t| [t as f32 * 10.0, t as f32 * -10.0]));
        let values: Vec<f32> = values.collect();
        Sequences::new(2, 10, values, Targets::Class(vec![0, 1]), vec![]).unwrap()
    }

    #[test]
    fn windows_begin_at_every_sample_that_leaves_them_whole() {
        let config = Augmentation {
            phases: true,
            ..Augmentation::default()
        };
        let mut firsts = std::collections::BTreeSet::new();
        for step in 0..50 {
            let cut = cut_anew(&ramps(), 4, &config, 7, step);
            assert_eq!((cut.steps, cut.len()), (3, 2));
            for window in cut.windows() {
                let first = window[0];
                firsts.insert(first as i32);
                assert_eq!(
                    window,
                    [
                        first,
                        -first,
                        first + 40.0,
                        -first - 40.0,
                        first + 80.0,
                        -first - 80.0
                    ]
                );
            }
        }
        // Samples 0, 4, 8 and 1, 5, 9: the tenth sample is the last.
        assert!(firsts.into_iter().eq([0, 10]));
        let still = cut_anew(&ramps(), 4, &Augmentation::default(), 7, 3);
        assert_eq!(still, ramps().decimated(4));
    }

    #[test]
    fn tempo_is_a_factor_on_time_of_the_stated_deviation() {
        let config = Augmentation {
            tempo: 0.2,
            ..Augmentation::default()
        };
        let mut logarithms = Vec::new();
        for step in 0..500 {
            for window in cut_anew(&ramps(), 2, &config, 7, step).windows() {
                assert_eq!(window[0], 0.0);
                let tempo = window[2] / 20.0;
                logarithms.push(tempo.ln());
                for (t, sample) in window.chunks(2).enumerate() {
                    let time = 2.0 * tempo * t as f32;
                    let time = if time > 9.0 { 18.0 - time } else { time };
                    assert!((sample[0] - 10.0 * time).abs() < 1e-3, "{window:?}");
                    assert_eq!(sample[1], -sample[0]);
                }
            }
        }
        let count = logarithms.len() as f32;
        let mean = logarithms.iter().sum::<f32>() / count;
        let deviation = (logarithms.iter().map(|l| l * l).sum::<f32>() / count).sqrt();
        assert!(
            mean.abs() < 0.03 && (deviation - 0.2).abs() < 0.02,
            "{mean} {deviation}"
        );
        assert_eq!(
            cut_anew(&ramps(), 2, &config, 7, 1),
            cut_anew(&ramps(), 2, &config, 7, 1)
        );
    }

    #[test]
    fn rotations_keep_lengths_and_are_the_same_for_all_sensors() {
        let rotated = augmented(
            Augmentation {
                rotation: 40.0,
                ..Augmentation::default()
            },
            0,
        );
        let original = windows().values.numbers().to_vec();
        assert_ne!(rotated, original);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        for (new, old) in rotated.chunks(9).zip(original.chunks(9)) {
            for (i, j) in [(0, 0), (3, 3), (0, 3), (0, 6)] {
                let (new, old) = (
                    dot(&new[i..i + 3], &new[j..j + 3]),
                    dot(&old[i..i + 3], &old[j..j + 3]),
                );
                assert!((new - old).abs() < 1e-5, "{new} {old}");
            }
        }
    }

    #[test]
    fn units_turn_by_themselves_and_magnetometers_once_more() {
        let config = Augmentation {
            rotation: 40.0,
            unit: 6,
            ..Augmentation::default()
        };
        let turn = |config| rotations(18, &config, &mut ChaCha8Rng::seed_from_u64(3));
        let turned = turn(config);
        assert_eq!(turned.len(), 6);
        assert!(turned.chunks(2).all(|unit| unit[0] == unit[1]));
        assert!(turned[0] != turned[2] && turned[2] != turned[4]);
        let turned = turn(Augmentation {
            magnetometer: 40.0,
            ..config
        });
        assert!(turned.chunks(2).all(|unit| unit[0] != unit[1]));
        // The field turns once for all units.
        let fields = turn(Augmentation {
            magnetometer: 40.0,
            rotation: 0.0,
            ..config
        });
        assert!(fields.chunks(2).all(|unit| unit == &fields[..2]));
        // Still rotations: orthogonal rows.
        for rotation in turned {
            let transposed = std::array::from_fn(|i| std::array::from_fn(|j| rotation[j][i]));
            let identity = product(&rotation, &transposed);
            for (i, row) in identity.iter().enumerate() {
                for (j, x) in row.iter().enumerate() {
                    assert!((x - f32::from(u8::from(i == j))).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn equal_seeds_and_steps_change_equally() {
        let config = Augmentation {
            rotation: 10.0,
            scale: 0.1,
            noise: 0.1,
            ..Augmentation::default()
        };
        assert_eq!(augmented(config, 3), augmented(config, 3));
        assert_ne!(augmented(config, 3), augmented(config, 4));
        assert_eq!(
            augmented(Augmentation::default(), 3),
            windows().values.numbers().to_vec()
        );
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let numbers: Vec<f32> = (0..20_000).map(|_| normal(&mut random)).collect();
        let mean = numbers.iter().sum::<f32>() / 20_000.0;
        let variance = numbers.iter().map(|v| v * v).sum::<f32>() / 20_000.0;
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05,
            "{mean} {variance}"
        );
    }
}
