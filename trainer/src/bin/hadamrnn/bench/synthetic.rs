//! Models with random weights in the shape of the shipped one: for costs, not for accuracy.

use anyhow::{Context, Result};
use hadamrnn::integer::ModelFile;
use hadamrnn_runtime::Model;
use hadamrnn_runtime::format::{Header, SectionLengths, encode};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Raw counts of a sample are within this.
const RAW: i16 = 2048;

/// A model of `hidden` units in one block, with the inputs, outputs and widths of `base`; the same for the same size.
///
/// States have 12 bits, or what the packed kernel still takes.
pub fn model(base: &Model<'_>, hidden: u16) -> Result<ModelFile> {
    let log2_block = hidden.ilog2() as u8;
    let header = Header {
        name: "bench",
        hidden_size: hidden,
        log2_block,
        state_bits: 12.min(19 - log2_block),
        ..*base.header()
    };
    let lengths = SectionLengths::of(&header).context("the shipped model has unknown widths")?;
    let mut random = ChaCha8Rng::seed_from_u64(hidden.into());
    let mut words = Vec::with_capacity(lengths.total());
    for (section, length) in lengths.0.into_iter().enumerate() {
        words.extend((0..length).map(|_| word(section, &mut random)));
    }
    let mut bytes = vec![0; 256 + 4 * words.len()];
    let length = encode(&header, &words, &mut bytes).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(ModelFile::new(&bytes[..length]))
}

/// A random word of a weight section, by the order of `docs/FORMAT.md`.
fn word(section: usize, random: &mut ChaCha8Rng) -> u32 {
    let mut half = |range: std::ops::Range<u32>| random.random_range(range);
    match section {
        // No offset, the largest multiplier: inputs use their whole range.
        0 => 0x7FFF << 16,
        // 4-bit fields, codes -7 to 7.
        1 | 4 => (0..8).fold(0, |word, _| word << 4 | half(1..16)),
        2 => half(32_268..33_268) | half(32_268..33_268) << 16,
        3 => half(0..1 << 16) | half(0..1 << 16) << 16,
        _ => 0,
    }
}

/// So many random samples of `inputs` channels.
pub fn samples(inputs: usize, steps: usize) -> Vec<i16> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    (0..inputs * steps)
        .map(|_| random.random_range(-RAW..=RAW))
        .collect()
}
