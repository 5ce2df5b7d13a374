//! Butterflies of the fast Walsh-Hadamard transform, in place.

use crate::codegen::keep_rolled;
use crate::lanes;

/// The last three (or fewer) butterfly stages, with strides 1, 2 and 4, on four pairs of neighbouring rows.
#[inline(always)]
pub(crate) fn butterflies8<const STAGES: u32>(v: [[i32; 2]; 4]) -> [[i32; 2]; 4] {
    let [[a, b], [c, d], [e, f], [g, h]] = v;
    let (a, b, c, d) = (a + b, a - b, c + d, c - d);
    let (e, f, g, h) = (e + f, e - f, g + h, g - h);
    if STAGES == 1 {
        return [[a, b], [c, d], [e, f], [g, h]];
    }
    let (a, b, c, d) = (a + c, b + d, a - c, b - d);
    let (e, f, g, h) = (e + g, f + h, e - g, f - h);
    if STAGES == 2 {
        return [[a, b], [c, d], [e, f], [g, h]];
    }
    [
        [a + e, b + f],
        [c + g, d + h],
        [a - e, b - f],
        [c - g, d - h],
    ]
}

/// Butterfly stages with strides `from`, `from / 2`, … down to `TO`, in place, on whole blocks of `2 * from` elements.
///
/// Strides are powers of two. Two stages at a time, so that each element is loaded and stored half as often; the last two
/// have constant distances, and `LAST` must be `4 * TO`.
#[inline(never)]
pub(crate) fn strided_stages<T: Lane, const TO: usize, const LAST: usize>(
    elements: &mut [T],
    from: usize,
) {
    let mut stride = from;
    if stride < TO {
        return;
    }
    if (stride / TO).trailing_zeros().is_multiple_of(2) {
        for_each_block(elements, stride * 2, |block| radix2(block, stride));
        stride /= 2;
    }
    while stride > 2 * TO {
        for_each_block(elements, stride * 2, |block| radix4(block, stride / 2));
        stride /= 4;
    }
    if stride > TO {
        for block in elements.as_chunks_mut::<LAST>().0 {
            keep_rolled();
            for k in 0..TO {
                if TO > 4 {
                    keep_rolled();
                }
                let (a, b, c, d) = (k, k + TO, k + 2 * TO, k + 3 * TO);
                [block[a], block[b], block[c], block[d]] =
                    butterflies4([block[a], block[b], block[c], block[d]]);
            }
        }
    }
}

/// Calls `f` on each whole block of `size` elements. (`chunks_exact_mut` would link a panic for a size of zero.)
#[inline(always)]
pub(crate) fn for_each_block<T>(mut elements: &mut [T], size: usize, mut f: impl FnMut(&mut [T])) {
    while let Some((block, rest)) = elements.split_at_mut_checked(size) {
        if block.is_empty() {
            return;
        }
        keep_rolled();
        f(block);
        elements = rest;
    }
}

#[inline(always)]
fn radix2<T: Lane>(block: &mut [T], stride: usize) {
    let Some((low, high)) = block.split_at_mut_checked(stride) else {
        return;
    };
    for (a, b) in low.iter_mut().zip(high) {
        keep_rolled();
        (*a, *b) = (a.plus(*b), a.minus(*b));
    }
}

#[inline(always)]
fn radix4<T: Lane>(block: &mut [T], quarter: usize) {
    let Some((low, high)) = block.split_at_mut_checked(quarter * 2) else {
        return;
    };
    let Some((first, second)) = low.split_at_mut_checked(quarter) else {
        return;
    };
    let Some((third, fourth)) = high.split_at_mut_checked(quarter) else {
        return;
    };
    for ((a, b), (c, d)) in (first.iter_mut().zip(second)).zip(third.iter_mut().zip(fourth)) {
        keep_rolled();
        [*a, *b, *c, *d] = butterflies4([*a, *b, *c, *d]);
    }
}

#[inline(always)]
fn butterflies4<T: Lane>([a, b, c, d]: [T; 4]) -> [T; 4] {
    let (ac, ca) = (a.plus(c), a.minus(c));
    let (bd, db) = (b.plus(d), b.minus(d));
    [ac.plus(bd), ac.minus(bd), ca.plus(db), ca.minus(db)]
}

/// An operand of butterflies: one 32-bit value, or two 16-bit lanes in one word.
pub(crate) trait Lane: Copy {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
}

impl Lane for i32 {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}

impl Lane for u32 {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        lanes::add(self, other)
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        lanes::sub(self, other)
    }
}
