//! Eigenvectors of symmetric matrices.

/// Sweeps over all pairs, at most: ten are enough for a thousand rows.
const SWEEPS: usize = 30;

/// Eigenvalues of the symmetric matrix `matrix`, `[n][n]`, from the largest on, each with its eigenvector of length 1: Jacobi's method.
pub(super) fn eigen(mut matrix: Vec<Vec<f64>>) -> Vec<(f64, Vec<f64>)> {
    let n = matrix.len();
    let unit = |i: usize| (0..n).map(|j| f64::from(i == j)).collect::<Vec<f64>>();
    let mut vectors: Vec<Vec<f64>> = (0..n).map(unit).collect();
    let total: f64 = matrix.iter().flatten().map(|value| value * value).sum();
    for _ in 0..SWEEPS {
        let off = |(i, row): (usize, &Vec<f64>)| row[..i].iter().map(|v| v * v).sum::<f64>();
        if matrix.iter().enumerate().map(off).sum::<f64>() <= 1e-24 * total {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut matrix, &mut vectors, p, q);
            }
        }
    }
    let values = (0..n).map(|i| matrix[i][i]);
    let mut found: Vec<(f64, Vec<f64>)> = values.zip(vectors).collect();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found
}

/// Turns the axes `p` and `q`, `p < q`, so that their entry becomes zero.
fn rotate(matrix: &mut [Vec<f64>], vectors: &mut [Vec<f64>], p: usize, q: usize) {
    let entry = matrix[p][q];
    if entry == 0.0 {
        return;
    }
    let half = (matrix[q][q] - matrix[p][p]) / (2.0 * entry);
    let tangent = half.signum() / (half.abs() + half.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    let turn = |a: &mut f64, b: &mut f64| {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    };
    for row in matrix.iter_mut() {
        let (before, after) = row.split_at_mut(q);
        turn(&mut before[p], &mut after[0]);
    }
    for rows in [matrix, vectors] {
        let (before, after) = rows.split_at_mut(q);
        for (a, b) in before[p].iter_mut().zip(&mut after[0]) {
            turn(a, b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_orthonormal_and_give_the_matrix_back() {
        let n = 12;
        let entry = |i: usize, j: usize| ((i * j + i + j) as f64).sin() + f64::from(i == j) * 3.0;
        let matrix: Vec<Vec<f64>> = (0..n)
            .map(|i| (0..n).map(|j| entry(i, j)).collect())
            .collect();
        let found = eigen(matrix.clone());
        assert!(found.is_sorted_by(|a, b| a.0 >= b.0));
        for i in 0..n {
            for j in 0..n {
                let of = |(value, vector): &(f64, Vec<f64>)| value * vector[i] * vector[j];
                let sum: f64 = found.iter().map(of).sum();
                assert!((sum - matrix[i][j]).abs() < 1e-10, "{i} {j}");
                let dot: f64 = (found[i].1.iter())
                    .zip(&found[j].1)
                    .map(|(a, b)| a * b)
                    .sum();
                assert!((dot - f64::from(i == j)).abs() < 1e-10, "{i} {j}");
            }
        }
    }

    #[test]
    fn a_diagonal_and_nothing_are_left_as_they_are() {
        let found = eigen(vec![vec![1.0, 0.0], vec![0.0, 2.0]]);
        assert_eq!(found, [(2.0, vec![0.0, 1.0]), (1.0, vec![1.0, 0.0])]);
        assert!(eigen(Vec::new()).is_empty());
    }
}
