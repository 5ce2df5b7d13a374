//! The second layer, and what drives it: `b + r * M max(h, 0)`, `M` a matrix of signs.
//!
//! A **dense** `M` goes by the method of four Russians: four states have sixteen signed sums; they are made once, with 30
//! additions, and then every row of `M` needs one look-up and one addition for four of its columns. So a product takes
//! `n1 n2 / 4 + 7.5 n1` additions, and the signs are read in the order in which they are stored.
//!
//! A **Hadamard** `M = diag(a) H diag(c)` takes `n log2(n)` additions.
//!
//! Every sum is of at most `n1` states below `2^(w-1)`, whatever the order: within 32 bits as the model's proof says.

use crate::arch;
#[cfg(feature = "encode")]
use crate::bounds::proven;
use crate::bounds::{larger, shifted};
use crate::codegen::keep_rolled;
use crate::format::{BinaryMatrixKind, Second, Sections};
use crate::gain::Gain;
use crate::hadamard::{butterflies8, strided_stages};
use crate::layer::Layer;

/// A second layer: driven by the rectified states of the first through a binary matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SecondLayer<'a> {
    pub(crate) layer: Layer<'a>,
    pub(crate) mixing: BinaryMatrixKind,
    pub(crate) multiplier: i32,
    /// The binary matrix; see [`Sections`](crate::format::Sections).
    pub(crate) matrix: &'a [u32],
    pub(crate) bias: &'a [u32],
}

impl<'a> SecondLayer<'a> {
    pub(crate) const fn new(header: &Second, sections: &Sections<'a>) -> Self {
        let layer = Layer {
            hidden_size: header.hidden_size as usize,
            log2_block: header.log2_block as u32,
            state_bits: header.state_bits as u32,
            driven_rows: 1usize.wrapping_shl(header.log2_block as u32),
            layer_input_shift: 0,
            gain_shift: header.gain_shift as u32,
            gain: Gain::new(header.log2_block, header.gain_shift, header.leak),
            signs: sections.second_signs,
            layer_input_bound: 0,
            lanes_hold_layer_input: false,
            fast_path: false,
        };
        Self {
            layer,
            mixing: header.mixing,
            multiplier: header.multiplier as i32,
            matrix: sections.mixing,
            bias: sections.second_bias,
        }
    }

    /// Its recurrence.
    pub const fn layer(&self) -> &Layer<'a> {
        &self.layer
    }

    /// Kind of the matrix between the layers.
    pub const fn mixing(&self) -> BinaryMatrixKind {
        self.mixing
    }

    /// Bound on every sum before the right shift, for a first layer of `units` units of `bits` bits: `S'`.
    pub(crate) const fn bound(&self, units: usize, bits: u32) -> u32 {
        let layer_input = product_bound(units, bits, self.multiplier, self.bias);
        self.layer.step_bound(layer_input)
    }

    /// The bound that a model with such a second layer must state, or none where a sum could overflow: for exporters.
    ///
    /// `bias` holds the biases as their section does. The first layer has `units` units of `bits` bits.
    #[cfg(feature = "encode")]
    #[must_use]
    pub fn prove(header: &Second, bias: &'a [u32], units: usize, bits: u32) -> Option<i32> {
        let sections = Sections {
            second_bias: bias,
            ..Sections::EMPTY
        };
        proven(Self::new(header, &sections).bound(units, bits))
    }
}

/// Writes what drives the second layer to `rows`, one word a row. `pairs` are the first layer's states.
pub(crate) fn layer_input(
    second: &SecondLayer<'_>,
    pairs: impl Iterator<Item = [i32; 2]>,
    rows: &mut [i32],
) {
    match second.mixing {
        BinaryMatrixKind::Dense => {
            dense(second.matrix, pairs, rows);
            with_biases(rows, second.bias, |row, bias| {
                row.wrapping_mul(second.multiplier).wrapping_add(bias)
            });
        }
        BinaryMatrixKind::Hadamard => hadamard(second, pairs, rows),
    }
}

/// `M max(h, 0)` for a dense `M`: one word a row of the matrix, as many rows as `rows` has, a multiple of eight.
pub(crate) fn dense(
    mut matrix: &[u32],
    mut pairs: impl Iterator<Item = [i32; 2]>,
    rows: &mut [i32],
) {
    rows.fill(0);
    let words = rows.len() / 8;
    // Eight columns at a time: layers have a multiple of that.
    while let Some(states) = next_states(&mut pairs) {
        let Some((nibbles, rest)) = matrix.split_at_checked(words.wrapping_mul(2)) else {
            break;
        };
        matrix = rest;
        if !arch::add_columns(&states, nibbles, rows)
            && let (Some((low, high)), [first, second]) =
                (nibbles.split_at_checked(words), states.as_chunks::<4>().0)
        {
            add_columns(&signed_sums(first), low, rows);
            add_columns(&signed_sums(second), high, rows);
        }
    }
}

/// The next eight states, rectified.
#[inline(always)]
fn next_states(pairs: &mut impl Iterator<Item = [i32; 2]>) -> Option<[i32; 8]> {
    let mut states = [[0; 2]; 4];
    for to in &mut states {
        *to = pairs.next()?.map(|state| state.max(0));
    }
    let [[a, b], [c, d], [e, f], [g, h]] = states;
    Some([a, b, c, d, e, f, g, h])
}

/// Entry `k` is the sum of the four values, those negated whose bit is set in `k`.
#[inline(never)]
fn signed_sums(values: &[i32; 4]) -> [i32; 16] {
    let mut sums = [0i32; 16];
    // The entries of the values so far; the next value is added to them, and subtracted for as many more.
    for (bit, value) in values.iter().enumerate() {
        let known = 1usize << bit;
        for k in 0..known {
            let sum = sums[k & 15];
            sums[(k | known) & 15] = sum.wrapping_sub(*value);
            sums[k & 15] = sum.wrapping_add(*value);
        }
    }
    sums
}

/// Adds to each row the entry that its nibble names.
#[inline(never)]
fn add_columns(sums: &[i32; 16], nibbles: &[u32], rows: &mut [i32]) {
    for (rows, word) in rows.as_chunks_mut::<8>().0.iter_mut().zip(nibbles) {
        keep_rolled();
        let mut word = *word;
        for row in rows {
            *row = row.wrapping_add(sums[(word & 15) as usize]);
            word >>= 4;
        }
    }
}

fn hadamard(second: &SecondLayer<'_>, pairs: impl Iterator<Item = [i32; 2]>, rows: &mut [i32]) {
    let words = rows.len().div_ceil(32);
    let Some((a, c)) = second.matrix.split_at_checked(words) else {
        return;
    };
    rectify(pairs, c, rows);
    strided_stages::<i32, 8, 32>(rows, rows.len() / 2);
    let mut biases = second.bias.as_chunks().0.iter();
    for (rows, word) in rows.chunks_mut(32).zip(a) {
        let mut signs = *word;
        for rows in rows.as_chunks_mut().0 {
            keep_rolled();
            let bias = biases.next().unwrap_or(&[0; 8]);
            scale(rows, bias, signs, second.multiplier);
            signs >>= 8;
        }
    }
}

/// Writes `diag(c) max(h, 0)`.
#[inline(always)]
fn rectify(mut pairs: impl Iterator<Item = [i32; 2]>, c: &[u32], rows: &mut [i32]) {
    for (rows, word) in rows.chunks_mut(32).zip(c) {
        let mut signs = *word;
        for (rows, states) in rows.as_chunks_mut::<2>().0.iter_mut().zip(&mut pairs) {
            keep_rolled();
            let [even, odd] = states.map(|state| state.max(0));
            *rows = [negate(even, signs), negate(odd, signs >> 1)];
            signs >>= 2;
        }
    }
}

/// The last three stages on eight rows, signs, multiplier and biases.
#[inline(never)]
fn scale(rows: &mut [i32; 8], bias: &[u32; 8], signs: u32, multiplier: i32) {
    let &mut [a, b, c, d, e, f, g, h] = rows;
    let [[a, b], [c, d], [e, f], [g, h]] = butterflies8::<3>([[a, b], [c, d], [e, f], [g, h]]);
    *rows = [a, b, c, d, e, f, g, h];
    for (index, (row, bias)) in rows.iter_mut().zip(bias).enumerate() {
        let factor = negate(multiplier, signs >> index);
        *row = row.wrapping_mul(factor).wrapping_add(*bias as i32);
    }
}

/// `value`, negated if the lowest bit of `signs` is set.
#[inline(always)]
const fn negate(value: i32, signs: u32) -> i32 {
    let mask = ((signs & 1) as i32).wrapping_neg();
    (value ^ mask).wrapping_sub(mask)
}

/// Replaces each row by what `f` makes of it and of its bias: zero in a layer that has none.
#[inline(always)]
pub(crate) fn with_biases(rows: &mut [i32], stored: &[u32], f: impl Fn(i32, i32) -> i32) {
    // Two loops, so that neither tests which one it is.
    if stored.is_empty() {
        for row in rows {
            keep_rolled();
            *row = f(*row, 0);
        }
    } else {
        for (row, bias) in rows.iter_mut().zip(stored) {
            keep_rolled();
            *row = f(*row, *bias as i32);
        }
    }
}

/// Bound on every `|r M max(h, 0) + b|` for `units` states of `bits` bits, in whatever order it is summed.
#[inline(never)]
pub(crate) const fn product_bound(units: usize, bits: u32, multiplier: i32, stored: &[u32]) -> u32 {
    let (mut bias, mut rest) = (0, stored);
    while let Some((word, others)) = rest.split_first() {
        bias = larger(bias, (*word as i32).unsigned_abs());
        rest = others;
    }
    shifted(units as u32, bits.wrapping_sub(1))
        .saturating_mul(multiplier as u32)
        .saturating_add(bias)
}
