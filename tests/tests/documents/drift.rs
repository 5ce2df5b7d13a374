//! The drift of the gain that `docs/ARITHMETIC.md` states, computed anew.

use hadamrnn_runtime::Gain;

const STEPS: usize = 10_000;

/// How far the product of the gains of a run has been from that of the exact gains, as logarithms.
#[derive(Clone, Copy, Default)]
struct Drift {
    lowest: f64,
    highest: f64,
}

impl Drift {
    fn of(q: u8, shift: u8, leak: u8) -> Self {
        let gain = Gain::new(q, shift, leak);
        let exact = exact(q, shift, leak);
        let mut phase = 0;
        let mut sum = 0.0;
        let mut drift = Self::default();
        for _ in 0..STEPS {
            sum += (f64::from(gain.next(&mut phase)) / exact).ln();
            drift.lowest = drift.lowest.min(sum);
            drift.highest = drift.highest.max(sum);
        }
        drift
    }

    /// The larger relative change since the first step, up or down.
    fn since_start(self) -> f64 {
        self.highest.exp_m1().max(-self.lowest.exp_m1())
    }

    /// Largest relative change between any two steps of the run.
    fn between_steps(self) -> f64 {
        (self.highest - self.lowest).exp_m1()
    }
}

fn exact(q: u8, shift: u8, leak: u8) -> f64 {
    let kept = match leak {
        0 => 1.0,
        leak => 1.0 - 2f64.powi(-i32::from(leak)),
    };
    2f64.powi(shift.into()) * kept / 2f64.powi(q.into()).sqrt()
}

/// The row of the document's table for exact gains of `least` and more.
fn row(least: f64) -> String {
    let all = (1..=10).flat_map(|q| (4..=15).map(move |shift| (q, shift)));
    let of_leaks = |leaks: std::ops::RangeInclusive<u8>| {
        let all = all
            .clone()
            .flat_map(move |(q, shift)| leaks.clone().map(move |leak| (q, shift, leak)));
        all.filter(|&(q, shift, leak)| exact(q, shift, leak) >= least)
            .map(|(q, shift, leak)| Drift::of(q, shift, leak))
            .collect::<Vec<_>>()
    };
    let percent = |of: fn(Drift) -> f64, drifts: &[Drift]| {
        // Stated bounds are rounded up.
        let largest = drifts.iter().copied().map(of).fold(0.0, f64::max);
        format!("{:.2} %", (largest * 10_000.0).ceil() / 100.0)
    };
    let (without, any) = (of_leaks(0..=0), of_leaks(0..=15));
    format!(
        "| {least} and more | {} | {} | {} |",
        percent(Drift::since_start, &without),
        percent(Drift::since_start, &any),
        percent(Drift::between_steps, &any)
    )
}

#[test]
fn the_documented_drift_is_the_largest_on_the_way() {
    let document = include_str!("../../../docs/ARITHMETIC.md");
    for least in [180.0, 45.0] {
        let row = row(least);
        assert!(document.lines().any(|line| line == row), "{row}");
    }
}
