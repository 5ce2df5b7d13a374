//! Stamps that are not in the order of time.

/// Steps from row to row by which stamps are judged.
const ENOUGH_STEPS: usize = 16;
/// One of so many steps leads back, at least, where rows are out of order: fewer are clocks that were set.
const BACK: usize = 20;
/// Steps between sorted stamps that are alike, as multiples of the median, and their share in a hundred.
const ALIKE: std::ops::Range<f64> = 0.5..1.5;
const MOST: usize = 90;

/// The first row, as the number of its run and the row within, whose stamp is before that of the row above, if stamps often run back
/// and are those of a time nevertheless: sorted, they are evenly apart.
pub(in crate::data) fn runs_back(runs: &[&[f64]]) -> Option<(usize, usize)> {
    let pairs = || {
        let numbered = runs.iter().enumerate();
        numbered.flat_map(|(number, run)| {
            (run.windows(2).zip(1..)).map(move |(pair, at)| (number, at, pair[1] - pair[0]))
        })
    };
    let steps = pairs().count();
    let back = pairs().filter(|(_, _, step)| *step < 0.0).count();
    if steps < ENOUGH_STEPS || back * BACK < steps {
        return None;
    }
    let mut sorted_steps = Vec::with_capacity(steps);
    for run in runs {
        let mut stamps = run.to_vec();
        stamps.sort_unstable_by(f64::total_cmp);
        sorted_steps.extend(stamps.windows(2).map(|pair| pair[1] - pair[0]));
    }
    sorted_steps.sort_unstable_by(f64::total_cmp);
    let median = *sorted_steps.get(sorted_steps.len() / 2)?;
    let alike = (sorted_steps.iter()).filter(|&&step| ALIKE.contains(&(step / median)));
    let is_time = median > 0.0 && alike.count() * 100 >= sorted_steps.len() * MOST;
    let first = pairs().find(|(_, _, step)| *step < 0.0);
    first
        .filter(|_| is_time)
        .map(|(number, at, _)| (number, at))
}

/// A message about a column of time that runs back at a row, which `place` tells.
pub(in crate::data) fn out_of_order(column: &str, place: &str) -> String {
    format!(
        "{}: the time in column {} runs back there and elsewhere, so rows are not in its order. Sort the rows by it; if rows of several \
         devices or recordings are mixed, give each a file of its own, or a column recording that names it",
        crate::visible::name(place),
        crate::visible::name(column)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_out_of_order_are_told_from_values_that_are_no_times() {
        let of = |at: &dyn Fn(i32) -> i32| {
            let stamps: Vec<f64> = (0..200).map(|i| f64::from(at(i))).collect();
            runs_back(&[&stamps])
        };
        assert_eq!(of(&|i| 20 * i), None);
        assert_eq!(of(&|i| 4000 - 20 * i), Some((0, 1)));
        assert_eq!(of(&|i| 20 * (i * 77 % 200)), Some((0, 3)));
        // Packets of ten that come in pairs, the second one first.
        assert_eq!(of(&|i| 20 * (i / 20 * 20 + (i + 10) % 20)), Some((0, 10)));
        // A clock that starts again, twice and with every gesture; a temperature.
        assert_eq!(of(&|i| 20 * (i % 70)), None);
        assert_eq!(of(&|i| 20 * (i % 10)), None);
        assert_eq!(of(&|i| 200 + (i * 77 % 13) % 5), None);
    }
}
