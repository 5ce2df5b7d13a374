//! Products of small row-major matrices on slices.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

/// `data` as rows of `columns` numbers.
pub(super) fn matrix(data: &[f32], columns: usize) -> ArrayView2<'_, f32> {
    let shape = (data.len() / columns, columns);
    ArrayView2::from_shape(shape, data).expect("whole rows")
}

/// `out = a b`, or `out += a b`; `out` has rows as long as `b`'s.
pub(super) fn product(a: ArrayView2<f32>, b: ArrayView2<f32>, out: &mut [f32], add: bool) {
    let shape = (a.nrows(), b.ncols());
    let mut out = ArrayViewMut2::from_shape(shape, out).expect("an output of the product's shape");
    general_mat_mul(1.0, &a, &b, if add { 1.0 } else { 0.0 }, &mut out);
}
