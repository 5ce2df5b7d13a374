//! RISC-V, 32 bits: the step of the [fast path](crate::Model::has_fast_path) eight rows at a time, in Rust.
//!
//! Thirty-one registers hold everything of eight rows, so nothing but the state goes through memory, where the portable
//! code has tiles on the stack. Compiled Rust uses the registers well: there is no assembly here, and nothing unsafe.
//!
//! 1. **Input projection.** The fields of a word of `U` are `w = w0 + 16 w1 + 256 w2 + 4096 w3`, each `wk` a pair of fields in two
//!    lanes. Instead of `w0 x` the sum of `w x` is accumulated, which saves a mask and a shift; the other three sums,
//!    shifted and subtracted, leave that of `w0`. All of it is arithmetic modulo 2^32, so nothing is lost.
//! 2. **Transform.** The last three stages need more than 16 bits and are done on eight unpacked values.
//! 3. **Finish.** Rows are packed before they are tested for saturation, which so takes one test and one branch for all
//!    eight. This needs the sums below 2^30 of the fast path: a row, shifted, fits 16 bits.

use super::fast_path::GAIN_SHIFT;
use super::plan::{Geometry, Shaped};
use super::step::OwnStep;
use crate::codegen::keep_rolled;
use crate::hadamard::{butterflies8, strided_stages};
use crate::lanes;

/// Constants that follow from the sizes of a model. This backend needs none.
pub(crate) type Constants<'a> = NoConstants;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NoConstants;

impl NoConstants {
    pub const fn new(_: &Geometry, _: &[u32]) -> Self {
        Self
    }
}

/// Advances a state in the first of the `words` if the model has the fast path; returns whether it has.
#[inline(never)]
pub(crate) fn step(words: &mut [u32], step: &OwnStep<'_>) -> bool {
    let Some(mut shaped) = Shaped::new(words, step) else {
        return false;
    };
    let block = shaped.blocks.block();
    strided_stages::<_, 4, 16>(shaped.blocks.h(), block / 2);
    finish(&mut shaped);
    true
}

/// Drives the rows, does the last three stages and finishes, group by group.
fn finish(shaped: &mut Shaped<'_>) {
    let geometry = shaped.geometry();
    let finisher = Finisher::new(
        shaped.gain(),
        geometry.state_bits(),
        geometry.layer_input_shift(),
    );
    // Low lanes: offset. High lanes: offset, and without what stored biases have too much; they lend to no low lane.
    let [start, other_start] = [shaped.correction(), 0].map(|correction| {
        let offset = correction.wrapping_add(geometry.rounding());
        let low = offset.wrapping_sub(1 << 15);
        lanes::pack(low, low)
    });
    let signs: &[u8] = bytemuck::cast_slice(shaped.signs());
    let (mut columns, x, biases) = (shaped.u(), shaped.x(), shaped.bias());
    let (driven, block) = (geometry.driven() / 4, geometry.block() / 4);
    let mut group = 0usize;
    let rows = shaped.blocks.h().as_chunks_mut::<4>().0.iter_mut();
    for ((rows, bias), signs) in rows.zip(biases.as_chunks::<4>().0).zip(signs) {
        keep_rolled();
        // The first groups of each block are driven, the others have a bias at most.
        let driven = if group < driven {
            let Some((words, rest)) = columns.split_at_checked(x.len()) else {
                return;
            };
            columns = rest;
            layer_input(words, x, bias.map(|bias| bias.wrapping_add(start)))
        } else {
            bias.map(|bias| bias.wrapping_add(other_start))
        };
        group = group.wrapping_add(1) & block.wrapping_sub(1);
        let products = butterflies8::<3>(rows.map(|pair| lanes::unpack(pair).into()));
        if finisher.finish(products, driven, (*signs).into(), rows) {
            saturate(rows, finisher.limit);
        }
    }
}

/// Adds the products of eight rows to `start`, as four pairs of lanes.
#[inline(always)]
fn layer_input(columns: &[u32], x: &[i32], start: [u32; 4]) -> [u32; 4] {
    const MASK: u32 = 0x000F_000F;
    let mut sums = [0u32; 4];
    let mut add = |word: u32, x: i32| {
        let fields = [
            word,
            (word >> 4) & MASK,
            (word >> 8) & MASK,
            (word >> 12) & MASK,
        ];
        for (sum, fields) in sums.iter_mut().zip(fields) {
            *sum = sum.wrapping_add(fields.wrapping_mul(x as u32));
        }
    };
    // Sensors have three axes.
    let (threes, rest) = columns.as_chunks::<3>();
    let (x_threes, x_rest) = x.as_chunks::<3>();
    for (words, x) in threes.iter().zip(x_threes) {
        keep_rolled();
        for (word, x) in words.iter().zip(x) {
            add(*word, *x);
        }
    }
    for (word, x) in rest.iter().zip(x_rest) {
        keep_rolled();
        add(*word, *x);
    }
    let [all, second, third, fourth] = sums;
    let others = (second << 4)
        .wrapping_add(third << 8)
        .wrapping_add(fourth << 12);
    let [a, b, c, d] = start;
    [
        a.wrapping_add(all.wrapping_sub(others)),
        b.wrapping_add(second),
        c.wrapping_add(third),
        d.wrapping_add(fourth),
    ]
}

/// Constants of the element-wise end.
struct Finisher {
    /// Gains of two neighbouring rows for each pattern of their two sign bits.
    gains: [[i32; 2]; 4],
    /// `16 - k`: what takes a layer input in the upper half of a word to its place.
    layer_input_shift: u32,
    /// The limit of the state in both lanes.
    limits: u32,
    /// Bits that are clear in both lanes of a state plus the limit, if it does not saturate.
    beyond: u32,
    limit: i32,
}

impl Finisher {
    #[inline(always)]
    fn new(gain: i32, state_bits: u32, layer_input_shift: u32) -> Self {
        let (plus, minus) = (gain, gain.wrapping_neg());
        let limit = 1i32.wrapping_shl(state_bits.wrapping_sub(1));
        Self {
            gains: [[plus, plus], [minus, plus], [plus, minus], [minus, minus]],
            layer_input_shift: 16u32.wrapping_sub(layer_input_shift),
            limits: lanes::pack(limit, limit),
            beyond: !lanes::pack(limit, limit)
                .wrapping_mul(2)
                .wrapping_sub(0x0001_0001),
            limit,
        }
    }

    /// The new states of eight rows, but not saturated; whether one is beyond the limit. Bit `i` of `signs` is set where row
    /// `i` has the sign -1.
    #[inline(always)]
    fn finish(
        &self,
        products: [[i32; 2]; 4],
        driven: [u32; 4],
        signs: usize,
        rows: &mut [u32; 4],
    ) -> bool {
        let mut beyond = 0;
        for (k, ([even, odd], driven)) in products.into_iter().zip(driven).enumerate() {
            let [gain_even, gain_odd] = self.gains[(signs >> (2 * k)) & 3];
            let low = ((driven << 16) as i32).wrapping_shr(self.layer_input_shift);
            // Rounded, so that what the low lane has borrowed comes back.
            let high = (driven.wrapping_add(1 << 15) & 0xFFFF_0000) as i32;
            let high = high.wrapping_shr(self.layer_input_shift);
            let even = even.wrapping_mul(gain_even).wrapping_add(low) >> GAIN_SHIFT;
            let odd = odd.wrapping_mul(gain_odd).wrapping_add(high) >> GAIN_SHIFT;
            rows[k] = lanes::pack(even, odd);
            beyond |= rows[k].wrapping_add(self.limits);
        }
        beyond & self.beyond != 0
    }
}

/// Saturates rows of which some are beyond the limit: rare in a model that was exported for its data.
#[cold]
#[inline(never)]
fn saturate(rows: &mut [u32; 4], limit: i32) {
    // `Ord::clamp` would link its assertion.
    let clamp = |row: i32| row.max(limit.wrapping_neg()).min(limit.wrapping_sub(1));
    for pair in rows {
        let (even, odd) = lanes::unpack(*pair);
        *pair = lanes::pack(clamp(even), clamp(odd));
    }
}
