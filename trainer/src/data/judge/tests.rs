use super::*;

/// Noise without a period that a test could fall into.
fn noise(i: i64) -> i16 {
    ((i * 7919 + (i * i) % 1009 * 31) % 2001 - 1000) as i16
}

#[test]
fn counters_and_marks_are_told_from_signals() {
    let mut judge = Judge::new(8);
    for recording in 0..4_i64 {
        let rows = (0..300_i64).flat_map(|i| {
            [
                (i + 1000 * recording) as i16,
                (i % 256) as i16,
                (-3 * i) as i16,
                (10 + recording) as i16,
                noise(i + 977 * recording),
                7,
                ((i as f64 / 40.0).sin() * 900.0) as i16,
                (i / 100) as i16,
            ]
        });
        judge.add(&rows.collect::<Vec<_>>());
    }
    let counts = Some(NoChannel::Counts);
    assert_eq!(
        judge.verdict(),
        [
            counts,
            counts,
            counts,
            Some(NoChannel::TellsApart),
            None,
            // A channel that never moved is one: it gets no weight, and is named.
            None,
            None,
            counts,
        ]
    );
}

/// Takes values row by row, as [`Judge::add`] is defined.
fn add_naively(judge: &mut Judge, values: &[f64]) {
    let columns = judge.courses.len();
    let rows: Vec<&[f64]> = values.chunks_exact(columns).collect();
    let Some(first) = rows.first() else { return };
    judge.steps += rows.len() as u64 - 1;
    for (column, course) in judge.courses.iter_mut().enumerate() {
        let of = |row: &&[f64]| row[column];
        let steps: Vec<f64> = (rows.windows(2).map(|pair| of(&pair[1]) - of(&pair[0]))).collect();
        let kept = KEPT_STEPS - course.steps.len();
        course.steps.extend(steps.iter().take(kept));
        let rises = steps.iter().filter(|step| **step > 0.0);
        let falls = steps.iter().filter(|step| **step < 0.0);
        course.add(&Stretch {
            first: first[column],
            last: rows.last().map_or(0.0, of),
            least: rows.iter().map(of).fold(f64::INFINITY, f64::min),
            most: rows.iter().map(of).fold(f64::NEG_INFINITY, f64::max),
            rises: rises.clone().count() as u64,
            falls: falls.clone().count() as u64,
            smallest_rise: rises.copied().fold(f64::INFINITY, f64::min),
            smallest_fall: falls.map(|step| -step).fold(f64::INFINITY, f64::min),
        });
    }
}

#[test]
fn runs_are_judged_together_as_one_after_the_other() {
    for seed in 0..60_i64 {
        let columns = 1 + (seed % 4) as usize;
        let runs: Vec<Vec<f64>> = (0..1 + seed % 7)
            .map(|run| {
                // Now and then a row that is cut off, and a value that is no number.
                let count = (noise(seed * 31 + run).unsigned_abs() as i64 * (1 + seed % 5)) % 4000;
                let value = |i: i64| match (seed % 3, noise(i + seed)) {
                    (0, value) if value % 50 == 0 => f64::NAN,
                    (1, value) => f64::from(value % 3),
                    (_, value) => f64::from(value),
                };
                (0..count).map(value).collect()
            })
            .collect();
        let mut naive = Judge::new(columns);
        runs.iter().for_each(|run| add_naively(&mut naive, run));
        let mut together = Judge::new(columns);
        together.add_all(&runs.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let mut each = Judge::new(columns);
        runs.iter().for_each(|run| each.add(run));
        for judge in [together, each] {
            let shown = |judge: &Judge| format!("{} {:?}", judge.steps, judge.courses);
            assert_eq!(shown(&judge), shown(&naive), "seed {seed}");
        }
    }
}

#[test]
fn times_with_some_stamps_out_of_order_are_no_signals() {
    let mut judge = Judge::new(5);
    for recording in 0..3_i64 {
        let mut jittered = 0.0;
        let rows = (0..400_i64).flat_map(|i| {
            jittered += 20.0 + f64::from(noise(i)) / 100.0;
            let late = if i % 50 == 49 { 70.0 } else { 0.0 };
            let swing = ((i as f64) / 9.0).sin();
            [
                jittered - late,
                // A sawtooth that wraps, with a stamp as before now and then.
                (i * 10 % 1000 - if i % 40 == 39 { 30 } else { 0 }) as f64,
                // A drift with noise, which falls in a third of the rows.
                i as f64 + f64::from(noise(i)) / 500.0,
                // A swing.
                swing * 100.0,
                // Nanoseconds since 1970, as far as 32 bits hold them.
                f64::from((1.7e18 + 6e13 * recording as f64) as f32),
            ]
        });
        judge.add(&rows.collect::<Vec<f64>>());
    }
    let rises = Some(NoChannel::Rises);
    let years = Some(NoChannel::Counts);
    assert_eq!(judge.verdict(), [rises, rises, None, None, years]);
}
