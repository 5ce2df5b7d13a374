//! The two operations from their definitions, in double precision: what the tests hold the fast ones to.

/// Entry of `(I ⊗ H) / sqrt(B)`.
fn block_hadamard(i: usize, j: usize, q: usize) -> f64 {
    let size = 1 << q;
    let sign = if ((i % size) & (j % size)).count_ones().is_multiple_of(2) {
        1.0
    } else {
        -1.0
    };
    if i / size == j / size {
        sign / (size as f64).sqrt()
    } else {
        0.0
    }
}

/// `γ W h`, from the definition.
fn turn(signs: &[f64], h: &[f64], q: usize, leak_factor: f64) -> Vec<f64> {
    let n = signs.len();
    let dot = |i| (0..n).map(|j| block_hadamard(i, j, q) * h[j]).sum::<f64>();
    (0..n).map(|i| leak_factor * signs[i] * dot(i)).collect()
}

/// [`kernel`](super::kernel) from its definition: each power of `W` applied on its own.
pub(super) fn dense_kernel(
    signs: &[f64],
    input: &[f64],
    q: usize,
    steps: usize,
    leak_factor: f64,
) -> Vec<f64> {
    let n = signs.len();
    let columns: Vec<&[f64]> = input.chunks_exact(n).collect();
    let power =
        |column: &[f64], m| (0..m).fold(column.to_vec(), |h, _| turn(signs, &h, q, leak_factor));
    let (bias, channels) = columns.split_last().expect("a bias");
    let mut rows = Vec::new();
    for t in 0..steps {
        channels
            .iter()
            .for_each(|column| rows.extend(power(column, steps - 1 - t)));
    }
    let mut sum = vec![0.0; n];
    for m in 0..steps {
        sum.iter_mut()
            .zip(power(bias, m))
            .for_each(|(sum, x)| *sum += x);
    }
    rows.extend(sum);
    rows
}

/// [`scan`](super::scan) of one or more sequences from its definition.
pub(super) fn dense_scan(
    signs: &[f64],
    layer_input: &[f64],
    q: usize,
    steps: usize,
    leak_factor: f64,
) -> Vec<f64> {
    let n = signs.len();
    let mut states = Vec::new();
    for sequence in layer_input.chunks_exact(steps * n) {
        let mut h = vec![0.0; n];
        for z in sequence.chunks_exact(n) {
            h = turn(signs, &h, q, leak_factor)
                .iter()
                .zip(z)
                .map(|(h, z)| h + z)
                .collect();
            states.extend_from_slice(&h);
        }
    }
    states
}
