//! What drives the state: standardised inputs times U, plus bias.

use crate::fields::FieldWidth;
use crate::model::{Channel, Model};

/// Maps a raw sensor count to the model's input units.
///
/// `clamp(((raw - offset) * multiplier + half) >> shift)` with `half = 2^(shift-1)`, so it rounds to nearest, halves
/// up, and saturates at `-2^(bits-1)` and `2^(bits-1) - 1`. With `multiplier <= 32767` and `shift` in `1..=17` no
/// intermediate leaves 32 bits: `65535 * 32767 + 2^16 < 2^31`.
pub const fn standardise(raw: i16, channel: Channel, shift: u32, bits: u32) -> i16 {
    let centred = raw as i32 - channel.offset as i32;
    let half = 1i32.wrapping_shl(shift.wrapping_sub(1));
    let scaled = centred
        .wrapping_mul(channel.multiplier as i32)
        .wrapping_add(half)
        .wrapping_shr(shift);
    let limit = 1i32.wrapping_shl(bits.wrapping_sub(1));
    if scaled < -limit {
        (-limit) as i16
    } else if scaled > limit - 1 {
        (limit - 1) as i16
    } else {
        scaled as i16
    }
}

/// The product `U x + b` of one time step, computed on demand for eight rows at a time.
#[derive(Clone, Copy)]
pub(crate) struct Drive<'a> {
    model: &'a Model<'a>,
    x: &'a [i16],
    /// What every row's sum of unsigned fields has too much: `-2^(width-1) * sum(x) - 32768` (the stored bias is
    /// offset by 32768).
    correction: i32,
}

impl<'a> Drive<'a> {
    /// `x` are the standardised inputs, one a channel.
    pub fn new(model: &'a Model<'a>, x: &'a [i16]) -> Self {
        let sum = x
            .iter()
            .fold(0i32, |sum, &x| sum.wrapping_add(i32::from(x)));
        let correction = sum
            .wrapping_mul(model.input_width.offset())
            .wrapping_neg()
            .wrapping_sub(1 << 15);
        Self {
            model,
            x,
            correction,
        }
    }

    /// Rows `8 * group ..` of `U x + b`, exact.
    #[inline(always)]
    pub fn rows8(&self, group: usize) -> [i32; 8] {
        let bias = words(self.model.sections.bias, group.wrapping_mul(4));
        if self.model.lanes_hold_drive {
            self.in_lanes(group, bias)
        } else {
            self.in_words(group, bias)
        }
    }

    /// The columns of `U` that hold the rows of `group`: one word a channel.
    #[inline(always)]
    fn columns(&self, block: usize) -> &'a [u32] {
        let channels = self.x.len();
        let start = block.wrapping_mul(channels);
        self.model
            .sections
            .input
            .get(start..start.wrapping_add(channels))
            .unwrap_or(&[])
    }

    /// Two rows per 32-bit accumulator; see [`crate::fields`]. Exact while every row's sum fits 16 bits, which
    /// [`Model::from_bytes`] has established: sums in between may wrap, the total cannot.
    #[inline(always)]
    fn in_lanes(&self, group: usize, bias: [u32; 4]) -> [i32; 8] {
        let both = (self.correction as u32).wrapping_mul(0x0001_0001);
        let mut pairs = bias.map(|bias| bias.wrapping_add(both));
        match self.model.input_width {
            FieldWidth::Two => {
                // A word holds two groups: pairs 0-3 and pairs 4-7.
                let first = (group % 2) as u32 * 8;
                for (word, x) in self.columns(group / 2).iter().zip(self.x) {
                    accumulate::<2, 4>(&mut pairs, word >> first, *x);
                }
            }
            FieldWidth::Four => {
                for (word, x) in self.columns(group).iter().zip(self.x) {
                    accumulate::<4, 4>(&mut pairs, *word, *x);
                }
            }
            FieldWidth::Eight => {
                let [p0, p1, p2, p3] = pairs;
                let (mut low, mut high) = ([p0, p1], [p2, p3]);
                let block = group.wrapping_mul(2);
                let both = self
                    .columns(block)
                    .iter()
                    .zip(self.columns(block.wrapping_add(1)));
                for ((a, b), x) in both.zip(self.x) {
                    accumulate::<8, 2>(&mut low, *a, *x);
                    accumulate::<8, 2>(&mut high, *b, *x);
                }
                pairs = [low[0], low[1], high[0], high[1]];
            }
        }
        let mut rows = [0; 8];
        for (two, pair) in rows.chunks_exact_mut(2).zip(pairs) {
            if let [low, high] = two {
                (*low, *high) = unpack(pair);
            }
        }
        rows
    }

    /// One row per accumulator, for rows whose sums need more than 16 bits.
    fn in_words(&self, group: usize, bias: [u32; 4]) -> [i32; 8] {
        let width = self.model.input_width;
        let mut rows = [0i32; 8];
        let first = group.wrapping_mul(8);
        for (k, row) in rows.iter_mut().enumerate() {
            let index = first.wrapping_add(k);
            let stored = bias
                .get(k / 2)
                .map_or(0, |word| word >> (16 * (k as u32 % 2)));
            let start = (stored & 0xFFFF) as i32 - (1 << 15);
            let columns = self.columns(index / width.per_word());
            *row = columns.iter().zip(self.x).fold(start, |sum, (word, x)| {
                sum.wrapping_add(width.get(*word, index).wrapping_mul(i32::from(*x)))
            });
        }
        rows
    }
}

/// Adds to each of `N` pairs the pair of fields at its position, times `x`.
#[inline(always)]
fn accumulate<const WIDTH: u32, const N: usize>(pairs: &mut [u32; N], word: u32, x: i16) {
    let mask = 0x0001_0001u32.wrapping_mul((1 << WIDTH) - 1);
    for (k, pair) in pairs.iter_mut().enumerate() {
        let fields = word.wrapping_shr(WIDTH * k as u32) & mask;
        *pair = pair.wrapping_add(fields.wrapping_mul(i32::from(x) as u32));
    }
}

/// The two lanes of `low + high * 65536`, both within 16 bits.
#[inline(always)]
pub(crate) const fn unpack(pair: u32) -> (i32, i32) {
    let low = pair as i16 as i32;
    (low, (pair.wrapping_sub(low as u32) as i32) >> 16)
}

/// Inverse of [`unpack`].
#[inline(always)]
pub(crate) const fn pack(low: i32, high: i32) -> u32 {
    (low as u32).wrapping_add((high as u32) << 16)
}

/// Four words from `start`, zeros beyond the end.
#[inline(always)]
fn words(section: &[u32], start: usize) -> [u32; 4] {
    match section
        .get(start..)
        .and_then(|rest| rest.first_chunk::<4>())
    {
        Some(words) => *words,
        None => [0; 4],
    }
}
