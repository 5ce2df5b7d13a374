//! Random models of every kind that estimates cover: what they are fitted to and tested with.

use anyhow::{Context, Result};
use hadamrnn_runtime::format::{Fading, Header, SectionLengths};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::Shape;
use crate::export::proven_file;
use crate::integer::ModelFile;

/// Name of these models.
const NAME: &str = "cost";
/// Steps of a sample's window.
const STEPS: usize = 16;
/// Longest model that the emulated firmware has room for, in bytes.
const LONGEST: usize = 6 << 10;
/// Largest sums of absolute weights for which the inputs of so many bits fit a lane, with room for a bias.
const fn largest_row(input_bits: u8) -> usize {
    (i16::MAX as usize - 1024) >> (input_bits - 1)
}

/// A model with random weights, its shape, and a window to run it over.
#[derive(Clone, Debug)]
pub struct SampleModel {
    /// The shape.
    pub shape: Shape,
    /// The model.
    pub file: ModelFile,
    /// Raw samples `[T][D]`.
    pub window: Vec<i16>,
}

/// So many random models; the same ones for the same seed. Their kinds take turns, so that each has its share.
///
/// # Errors
/// None but for faults of this program.
pub fn sample_models(count: usize, seed: u64) -> Result<Vec<SampleModel>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut models = Vec::with_capacity(count);
    while models.len() < count {
        let kind = Kind::ALL[models.len() % Kind::ALL.len()];
        models.extend(kind.draw(&mut random)?);
    }
    Ok(models)
}

/// Models of the assembly with one block of all sizes, the same ones for the same seed: the largest are seldom drawn.
///
/// # Errors
/// None but for faults of this program.
pub fn full_blocks(seed: u64) -> Result<Vec<SampleModel>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut models = Vec::new();
    for log2_block in 5..=9 {
        for channels in [5, 9, 12] {
            let shape = Shape {
                hidden: 1 << log2_block,
                log2_block,
                driven_rows: 1 << log2_block,
                channels,
                copies: 0,
                outputs: 1,
                input_field: 4,
                readout_field: 4,
                input_bits: 10,
                state_bits: (19 - log2_block).min(12) as u8,
                leak: false,
                pooled: false,
                read: 0,
                read_bias: false,
                fits_lanes: true,
                fast: true,
                name: NAME.len(),
                pool_steps: 0,
                fading: None,
            };
            models.extend(model(&shape, &mut random)?);
        }
    }
    Ok(models)
}

/// The same model with sums that fade, the same window; none where the sums of its states have no room for it.
///
/// # Errors
/// None but for faults of this program.
pub fn faded(sample: &SampleModel, fading: Fading) -> Result<Option<SampleModel>> {
    let model = sample.file.model()?;
    let mut header = *model.header();
    header.addition.fading = Some(fading);
    let words = model.sections().all().concat();
    let Some(file) = proven_file(header, &words)? else {
        return Ok(None);
    };
    Ok(Some(SampleModel {
        shape: Shape::of(&file.model()?)?,
        file,
        window: sample.window.clone(),
    }))
}

/// A way through a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fast,
    /// Portable code for fields of so many bits, whose sums fit a lane or do not.
    Portable(u8, bool),
}

impl Kind {
    /// The fast path twice, as it is what most models take.
    const ALL: [Self; 8] = [
        Self::Fast,
        Self::Portable(2, true),
        Self::Portable(4, true),
        Self::Portable(8, true),
        Self::Fast,
        Self::Portable(2, false),
        Self::Portable(4, false),
        Self::Portable(8, false),
    ];

    /// A model of this kind; none where the sizes drawn have none, or no room.
    fn draw(self, random: &mut ChaCha8Rng) -> Result<Option<SampleModel>> {
        let mut pick = |values: &[usize]| values[random.random_range(0..values.len())];
        let (pooled, has_hidden) = (pick(&[0, 1]) == 1, pick(&[0, 1]) == 1);
        let sizes: &[usize] = match pooled || has_hidden {
            true => &[16, 32, 64, 128, 256],
            false => &[16, 32, 64, 128, 256, 512],
        };
        let hidden = pick(sizes);
        let field = match self {
            Self::Fast => 4,
            Self::Portable(field, _) => field,
        };
        let least = if self == Self::Fast { 5 } else { 1 };
        let blocks: Vec<usize> = (least..=hidden.ilog2() as usize).collect();
        if blocks.is_empty() {
            return Ok(None);
        }
        let log2_block = pick(&blocks);
        let per_word = 32 / usize::from(field);
        let words = (1 << log2_block) / per_word;
        // Half of them have all rows driven, the others some words of each block.
        let driven = match words > 1 && pick(&[0, 1]) == 1 {
            true => pick(&(1..=words).collect::<Vec<_>>()) * per_word,
            false => 1 << log2_block,
        };
        let channels = pick(&(1..=24).collect::<Vec<_>>()).max(pick(&[1, 1, 1, 45]));
        let copies = pick(&[0, 0, 1, channels / 2, channels]).min(48 - channels.min(48));
        let state_bits = pick(&[10, 11, 12, 12, 12, 12]).min(19 - log2_block);
        let shape = Shape {
            hidden,
            log2_block,
            driven_rows: driven * (hidden >> log2_block),
            channels,
            copies,
            outputs: pick(&[1, 1, 2, 3, 4, 6, 6, 8, 12, 19]),
            input_field: field,
            readout_field: pick(&[2, 4, 8]) as u8,
            input_bits: pick(&[10, 10, 10, 10, 8, 12]) as u8,
            state_bits: state_bits as u8,
            leak: pick(&[0, 1, 1]) == 1,
            pooled,
            read: match has_hidden {
                true => 16 * pick(&[1, 2, 3, 4, 6, 8, 12, 16]),
                false => 0,
            },
            read_bias: pick(&[0, 1, 1]) == 1,
            fits_lanes: self != Self::Portable(field, false),
            fast: self == Self::Fast,
            name: NAME.len(),
            pool_steps: if pooled { STEPS as u32 } else { 0 },
            fading: None,
        };
        model(&shape, random)
    }
}

/// A model of this shape with random weights; none where the firmware has no room for it.
fn model(shape: &Shape, random: &mut ChaCha8Rng) -> Result<Option<SampleModel>> {
    let header = shape.header().context("sizes beyond the format")?;
    let header = Header {
        // A gain of another width than the assembly takes.
        gain_shift: if shape.fast || shape.log2_block < 5 {
            15
        } else {
            14
        },
        name: NAME,
        ..header
    };
    let lengths = SectionLengths::of(&header).context("unknown widths")?;
    if 4 * lengths.total() + 256 > LONGEST {
        return Ok(None);
    }
    let mut words = Vec::with_capacity(lengths.total());
    for (section, length) in lengths.0.into_iter().enumerate() {
        words.extend((0..length).map(|_| word(section, shape, random)));
    }
    for copy in 0..shape.copies {
        // Every second input, from the second on.
        words[2 * copy + 1] |= 1 << 31;
    }
    if !shape.fits_lanes {
        // One bias alone is beyond a lane.
        let first_bias = lengths.0[0] + lengths.0[1];
        words[first_bias] |= 0xFFFF;
    }
    let Some(file) = proven_file(header, &words)? else {
        return Ok(None);
    };
    let found = Shape::of(&file.model()?)?;
    let is_meant = (found.fast, found.fits_lanes) == (shape.fast, shape.fits_lanes);
    let samples = shape.channels * STEPS;
    let window = (0..samples)
        .map(|_| random.random_range(-1900..=1900))
        .collect();
    Ok(is_meant.then_some(SampleModel {
        shape: found,
        file,
        window,
    }))
}

/// A random word of a weight section, by the order of `docs/FORMAT.md`.
fn word(section: usize, shape: &Shape, random: &mut ChaCha8Rng) -> u32 {
    match section {
        // No offset; copies read the channel before them.
        0 => 0x7FFF << 16,
        1 => input_word(shape, random),
        2 => random.random_range(32_268..33_268) | random.random_range(32_268..33_268u32) << 16,
        8 | 10 => random.random_range(0..1000),
        _ => random.random_range(0..=u32::MAX),
    }
}

/// A word of U whose rows fit a lane, with codes as even as they can be.
fn input_word(shape: &Shape, random: &mut ChaCha8Rng) -> u32 {
    let width = u32::from(shape.input_field);
    let zero = 1u32 << (width - 1);
    let largest = largest_row(shape.input_bits) / shape.inputs();
    let largest = (largest as u32).clamp(1, zero - 1).min(8);
    (0..32 / width).fold(0, |word, _| {
        word << (width % 32) | random.random_range(zero - largest..=zero + largest)
    })
}
