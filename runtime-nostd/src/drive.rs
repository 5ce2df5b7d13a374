//! What drives the state: standardised inputs times U, plus bias.

use crate::fields::FieldWidth;
use crate::kernel::{keep_rolled, opaque};
use crate::model::{Channel, Model};

/// Maps a raw sensor count to the model's input units.
///
/// `clamp(((raw - offset) * multiplier + half) >> shift)` with `half = 2^(shift-1)`, so it rounds to nearest, halves
/// up, and saturates at `-2^(bits-1)` and `2^(bits-1) - 1`. With `multiplier <= 32767` and `shift` in `1..=17` no
/// intermediate leaves 32 bits: `65535 * 32767 + 2^16 < 2^31`.
pub const fn standardise(raw: i16, channel: Channel, shift: u32, bits: u32) -> i16 {
    let half = 1i32.wrapping_shl(shift.wrapping_sub(1));
    let limit = 1i32.wrapping_shl(bits.wrapping_sub(1));
    saturate(scale(raw, channel, half, shift), limit) as i16
}

#[inline(always)]
const fn scale(raw: i16, channel: Channel, half: i32, shift: u32) -> i32 {
    (raw as i32 - channel.offset as i32)
        .wrapping_mul(channel.multiplier as i32)
        .wrapping_add(half)
        .wrapping_shr(shift)
}

#[inline(always)]
const fn saturate(scaled: i32, limit: i32) -> i32 {
    if scaled < limit.wrapping_neg() {
        limit.wrapping_neg()
    } else if scaled > limit.wrapping_sub(1) {
        limit.wrapping_sub(1)
    } else {
        scaled
    }
}

/// The inputs of a sample: each channel standardised, and again with other constants where it has a copy.
pub(crate) fn standardise_all(model: &Model<'_>, sample: &[i16], inputs: &mut [i32]) {
    let limit = 1i32.wrapping_shl(u32::from(model.header().input_bits).wrapping_sub(1));
    // A constant limit makes one saturating instruction.
    match limit {
        512 => standardise_to(model, sample, inputs, 512),
        _ => standardise_to(model, sample, inputs, limit),
    }
}

#[inline(always)]
fn standardise_to(model: &Model<'_>, sample: &[i16], inputs: &mut [i32], limit: i32) {
    let shift = u32::from(model.header().input_shift);
    let half = 1i32.wrapping_shl(shift.wrapping_sub(1));
    let mut counts = sample.iter();
    let mut raw = 0;
    for (input, word) in inputs.iter_mut().zip(model.sections.channels) {
        keep_rolled();
        // The top bit marks an input that reads the count of the one before.
        if word >> 31 == 0 {
            raw = counts.next().copied().unwrap_or(0);
        }
        *input = saturate(scale(raw, Channel::of_word(*word), half, shift), limit);
    }
}

/// Rows that are driven and finished together: as many as a word has row signs.
pub(crate) const TILE: usize = 32;

/// `U x + b` of a tile: as pairs of lanes in its first half, or one word a row; see [`Drive::next_tile`].
pub(crate) type Driven = [u32; TILE];

/// The product `U x + b` of one time step, computed tile by tile.
///
/// A tile goes through memory: no Cortex-M has the registers to make and use the sums in one loop.
#[derive(Clone, Copy)]
pub(crate) struct Drive<'a> {
    width: FieldWidth,
    in_lanes: bool,
    /// The columns of `U` that are still to come: in each group of rows, one word a channel.
    pub columns: &'a [u32],
    pub bias: &'a [u32],
    pub x: &'a [i32],
    /// What the sum of unsigned fields of a driven row lacks: `-2^(width-1) * sum(x)`.
    pub correction: i32,
    /// The row within its block that comes next.
    row: usize,
    /// Rows of each block that are driven, and the block less one.
    driven_rows: usize,
    block_mask: usize,
}

impl<'a> Drive<'a> {
    /// `x` are the standardised inputs, one a channel, and `columns` the words of `U`: or a token's row of the table and
    /// its multiplier, which are a `U` of one column and its input.
    pub fn new(model: &Model<'a>, columns: &'a [u32], x: &'a [i32]) -> Self {
        let sum = x.iter().fold(0i32, |sum, &x| {
            keep_rolled();
            sum.wrapping_add(x)
        });
        Self {
            width: model.input_width,
            in_lanes: model.layer().lanes_hold_drive,
            columns,
            bias: model.sections.bias,
            x,
            correction: sum.wrapping_mul(model.input_width.offset()).wrapping_neg(),
            row: 0,
            driven_rows: model.layer().driven_rows,
            block_mask: model.layer().block_size().wrapping_sub(1),
        }
    }

    /// The columns of the next `rows` rows, one word a channel, and what their sums of fields lack: nothing of either where
    /// no input drives them. Rows that share words are driven together.
    #[inline(always)]
    fn next_columns(&mut self, rows: usize) -> (&'a [u32], i32) {
        let driven = self.row < self.driven_rows;
        self.row = self.row.wrapping_add(rows) & self.block_mask;
        if !driven {
            return (&[], 0);
        }
        let (columns, rest) = (self.columns.split_at_checked(self.x.len())).unwrap_or((&[], &[]));
        self.columns = rest;
        (columns, self.correction)
    }

    /// The next rows of `U x + b`, exact.
    ///
    /// Two rows share a 32-bit accumulator where every row's total fits 16 bits, which [`Model::from_bytes`] has
    /// established: sums in between may wrap, the total cannot (see [`crate::fields`]). Biases are stored with an offset
    /// of 32768. It stays in the low lane, which is then never negative: so it borrows nothing from the high lane.
    #[inline(never)]
    pub fn next_tile(&mut self, tile: &mut Driven) {
        match (self.in_lanes, self.width) {
            (true, FieldWidth::Two) => self.two(tile),
            (true, FieldWidth::Four) => self.four(tile),
            (true, FieldWidth::Eight) => self.eight(tile),
            (false, _) => self.words(tile),
        }
    }

    fn four(&mut self, tile: &mut Driven) {
        for rows in lanes(tile).as_chunks_mut::<4>().0 {
            keep_rolled();
            let Some((bias, rest)) = self.bias.split_first_chunk() else {
                break;
            };
            self.bias = rest;
            let (columns, correction) = self.next_columns(8);
            *rows = accumulate::<4, 0, 4>(start(bias, correction), columns, self.x);
        }
    }

    /// A word holds two groups of four pairs.
    fn two(&mut self, tile: &mut Driven) {
        for rows in opaque(lanes(tile)).as_chunks_mut::<8>().0 {
            keep_rolled();
            let Some((bias, rest)) = self.bias.split_first_chunk::<8>() else {
                break;
            };
            self.bias = rest;
            let (columns, correction) = self.next_columns(16);
            if let ([low, high], [first, second]) = (bias.as_chunks().0, rows.as_chunks_mut().0) {
                *first = accumulate::<2, 0, 4>(start(low, correction), columns, self.x);
                *second = accumulate::<2, 8, 4>(start(high, correction), columns, self.x);
            }
        }
    }

    /// A word holds two pairs.
    fn eight(&mut self, tile: &mut Driven) {
        for rows in opaque(lanes(tile)).as_chunks_mut::<2>().0 {
            keep_rolled();
            let Some((bias, rest)) = self.bias.split_first_chunk() else {
                break;
            };
            self.bias = rest;
            let (columns, correction) = self.next_columns(4);
            *rows = accumulate::<8, 0, 2>(start(bias, correction), columns, self.x);
        }
    }

    /// One row per accumulator, for rows whose sums need more than 16 bits. Not made for speed.
    fn words(&mut self, tile: &mut Driven) {
        let width = self.width;
        let mut columns: &[u32] = &[];
        for (pair, rows) in tile.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            keep_rolled();
            let Some((bias, rest)) = self.bias.split_first() else {
                break;
            };
            self.bias = rest;
            let index = pair.wrapping_mul(2);
            if index.is_multiple_of(width.per_word()) {
                (columns, _) = self.next_columns(width.per_word());
            }
            let mut even = (bias & 0xFFFF) as i32 - (1 << 15);
            let mut odd = (bias >> 16) as i32 - (1 << 15);
            for (word, x) in columns.iter().zip(self.x) {
                keep_rolled();
                even = even.wrapping_add(width.get(*word, index).wrapping_mul(*x));
                odd = odd.wrapping_add(width.get(*word, index | 1).wrapping_mul(*x));
            }
            *rows = [even as u32, odd as u32];
        }
    }
}

/// Where the accumulators of pairs of rows start, which lack `correction`.
#[inline(always)]
fn start<const N: usize>(bias: &[u32; N], correction: i32) -> [u32; N] {
    let high = correction.wrapping_sub(1 << 15) as u32;
    let both = (high << 16).wrapping_add(correction as u32);
    bias.map(|bias| bias.wrapping_add(both))
}

/// The part of a tile that pairs of lanes take.
#[inline(always)]
fn lanes(tile: &mut Driven) -> &mut [u32] {
    tile.as_chunks_mut::<{ TILE / 2 }>()
        .0
        .first_mut()
        .map_or(&mut [], |pairs| pairs)
}

/// Adds to each of `N` pairs the pair of fields at its position from bit `FIRST`, times `x`, for every channel.
#[inline(always)]
fn accumulate<const WIDTH: u32, const FIRST: u32, const N: usize>(
    mut pairs: [u32; N],
    columns: &[u32],
    x: &[i32],
) -> [u32; N] {
    let mask = 0x0001_0001u32.wrapping_mul((1 << WIDTH) - 1);
    for (word, x) in columns.iter().zip(x) {
        keep_rolled();
        for (k, pair) in pairs.iter_mut().enumerate() {
            let fields = word.wrapping_shr(FIRST + WIDTH * k as u32) & mask;
            *pair = pair.wrapping_add(fields.wrapping_mul(*x as u32));
        }
    }
    pairs
}
