//! The input projection of the first layer: standardised inputs times U, plus bias.

use crate::arch;
use crate::codegen::{keep_rolled, opaque};
use crate::fields::FieldWidth;
use crate::layer::Layer;

/// Rows that are driven and finished together: as many as a word has row signs.
pub(crate) const TILE: usize = 32;

/// `U x + b` of a tile: as pairs of lanes in its first half, or one word a row; see [`Rows::next_tile`].
pub(crate) type InputTile = [u32; TILE];

/// Weights and widths of the product `U x + b`. They are the same in every step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weights<'a> {
    /// Width of the fields of U.
    pub width: FieldWidth,
    /// The layer that is driven.
    pub layer: Layer<'a>,
    /// Two biases a word; see [`Sections`](crate::format::Sections).
    pub bias: &'a [u32],
    /// Width of an input; none for tokens.
    pub input_bits: Option<u8>,
}

/// The product `U x + b` of one time step.
#[derive(Clone, Copy)]
pub(crate) struct InputProjection<'a> {
    weights: &'a Weights<'a>,
    /// The words of `U`, group of rows by group of rows, one a channel; or a token's row.
    columns: &'a [u32],
    x: &'a [i32],
    /// Correction of the sum of a driven row: its fields are stored as unsigned numbers, so it is
    /// `-2^(width-1) * sum(x)`.
    correction: i32,
}

impl<'a> InputProjection<'a> {
    /// `x` are the standardised inputs, one a channel, and `sum` their sum; or the multiplier of a token's row.
    pub fn new(weights: &'a Weights<'a>, columns: &'a [u32], x: &'a [i32], sum: i32) -> Self {
        let correction = sum.wrapping_mul(weights.width.offset()).wrapping_neg();
        Self {
            weights,
            columns,
            x,
            correction,
        }
    }
}

/// The rows of a [`InputProjection`], computed tile by tile.
///
/// A tile goes through memory: no Cortex-M has the registers to make and use the sums in one loop.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    width: FieldWidth,
    in_lanes: bool,
    /// Columns of the rows still to come; `bias` likewise.
    columns: &'a [u32],
    bias: &'a [u32],
    x: &'a [i32],
    correction: i32,
    /// Columns whose products fit a lane together, where not all do; 0 if none.
    segment: usize,
    /// The row within its block that comes next.
    row: usize,
    /// Rows of each block that are driven, and the block less one.
    driven_rows: usize,
    block_mask: usize,
}

impl<'a> Rows<'a> {
    pub fn new(layer_input: &InputProjection<'a>) -> Self {
        let Weights {
            width,
            ref layer,
            bias,
            input_bits,
        } = *layer_input.weights;
        Self {
            width,
            in_lanes: layer.lanes_hold_layer_input,
            columns: layer_input.columns,
            bias,
            x: layer_input.x,
            correction: layer_input.correction,
            segment: match input_bits {
                None => 0,
                Some(bits) => segment(width, bits),
            },
            row: 0,
            driven_rows: layer.driven_rows,
            block_mask: layer.block_size().wrapping_sub(1),
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
    pub fn next_tile(&mut self, tile: &mut InputTile) {
        match (self.in_lanes, self.width) {
            (true, FieldWidth::Two) => self.two(tile),
            (true, FieldWidth::Four) => self.four(tile),
            (true, FieldWidth::Eight) => self.eight(tile),
            (false, _) => self.words(tile),
        }
    }

    fn four(&mut self, tile: &mut InputTile) {
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
    fn two(&mut self, tile: &mut InputTile) {
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
    fn eight(&mut self, tile: &mut InputTile) {
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

    /// Rows whose sums need more than 16 bits, one a word. Products of a few columns fit the two halves of a word; then they are
    /// added to the rows.
    fn words(&mut self, tile: &mut InputTile) {
        let per_word = self.width.per_word();
        for rows in opaque(tile).chunks_mut(per_word) {
            keep_rolled();
            let (columns, correction) = self.next_columns(per_word);
            let (bias, rest) = (self.bias.split_at_checked(per_word / 2)).unwrap_or((&[], &[]));
            self.bias = rest;
            let start = correction.wrapping_sub(1 << 15) as u32;
            for ([even, odd], bias) in rows.as_chunks_mut::<2>().0.iter_mut().zip(bias) {
                keep_rolled();
                *even = (bias & 0xFFFF).wrapping_add(start);
                *odd = (bias >> 16).wrapping_add(start);
            }
            match (self.width, self.segment) {
                (FieldWidth::Four, _) if arch::add_products(rows, columns, self.x) => {}
                (_, 0) => self.add_one_by_one(rows, columns),
                (_, segment) => self.add_segments(rows, columns, segment),
            }
        }
    }

    /// Adds the products of unsigned fields, `segment` columns at a time.
    #[inline(always)]
    fn add_segments(&self, rows: &mut [u32], columns: &[u32], segment: usize) {
        for (columns, x) in columns.chunks(segment).zip(self.x.chunks(segment)) {
            keep_rolled();
            match self.width {
                FieldWidth::Two => {
                    if let [low, high] = rows.as_chunks_mut::<8>().0 {
                        add_lanes(low, accumulate::<2, 0, 4>([0; 4], columns, x));
                        add_lanes(high, accumulate::<2, 8, 4>([0; 4], columns, x));
                    }
                }
                FieldWidth::Four => {
                    if let [rows] = rows.as_chunks_mut::<8>().0 {
                        add_lanes(rows, accumulate::<4, 0, 4>([0; 4], columns, x));
                    }
                }
                FieldWidth::Eight => {
                    if let [rows] = rows.as_chunks_mut::<4>().0 {
                        add_lanes(rows, accumulate::<8, 0, 2>([0; 2], columns, x));
                    }
                }
            }
        }
    }

    /// Adds the products of unsigned fields one by one, where not even one product fits half a word.
    #[inline(never)]
    fn add_one_by_one(&self, rows: &mut [u32], columns: &[u32]) {
        let (width, offset) = (self.width, self.width.offset());
        for (index, row) in rows.iter_mut().enumerate() {
            for (word, x) in columns.iter().zip(self.x) {
                keep_rolled();
                let field = width.get(*word, index).wrapping_add(offset);
                *row = row.wrapping_add(field.wrapping_mul(*x) as u32);
            }
        }
    }
}

/// Columns whose products of unsigned fields fit a signed 16-bit lane together, for numbers of `input_bits` bits.
const fn segment(width: FieldWidth, input_bits: u8) -> usize {
    // How often the largest field goes into the largest lane.
    let largest: usize = match width {
        FieldWidth::Two => 32767 / 3,
        FieldWidth::Four => 32767 / 15,
        FieldWidth::Eight => 32767 / 255,
    };
    largest.wrapping_shr((input_bits as u32).wrapping_sub(1))
}

/// Adds pairs of lanes to rows, two to one.
#[inline(always)]
fn add_lanes<const ROWS: usize, const PAIRS: usize>(rows: &mut [u32; ROWS], pairs: [u32; PAIRS]) {
    for ([even, odd], pair) in rows.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
        let low = pair as i16 as u32;
        *even = even.wrapping_add(low);
        *odd = odd.wrapping_add((pair.wrapping_sub(low) as i32 >> 16) as u32);
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
fn lanes(tile: &mut InputTile) -> &mut [u32] {
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
