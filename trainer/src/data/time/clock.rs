//! The clock of a column of stamps: unit, rate and gaps, measured by its steps.

use super::grid::Grid;
use super::unit::Unit;
use super::{Kind, RATE_TOLERANCE};

/// Steps from row to row from which on a rate is measured.
const ENOUGH_STEPS: usize = 3;
/// Share of the steps that are no gaps, in a hundred.
const USUAL: usize = 95;
/// A gap is longer than the usual step by this factor.
const GAP: f64 = 1.5;
/// Steps of this many medians are no pauses but unsteady.
const UNSTEADY: f64 = 2.5;
/// One of so many steps is zero where stamps are coarse.
const SHARED: usize = 4;
/// Whole periods between coarse stamps from which on a rate is measured.
const ENOUGH_PERIODS: usize = 3;
/// Rates of sensors, in samples a second, by which units are told apart: three decades, as units are.
const RATES: std::ops::Range<f64> = 1.9..1900.0;
/// Rates that a unit in a column's name may give.
const RATES_OF_NAMED: std::ops::Range<f64> = 0.01..1e6;
/// Periods, in seconds, of samples whose stamps stand for one of our years.
const PERIODS: std::ops::Range<f64> = 1e-5..2.0;
/// Stamps of the years 2000 to 2096, in the days that spreadsheets count.
const SERIAL_DAYS: std::ops::Range<f64> = 36_526.0..71_955.0;
/// Stamps of the years 2001 to 2096, in seconds since 1970.
const SINCE_1970: std::ops::Range<f64> = 1e9..4e9;

/// Stamps of the years 2001 to 2096, in ticks of 100 ns since 1601, as Windows files have them.
const SINCE_1601: std::ops::Range<f64> = 1.262e17..1.563e17;
/// Stamps of the years 2001 to 2096, in ticks of 100 ns since the year 1, as .NET has them.
const SINCE_1: std::ops::Range<f64> = 6.311e17..6.613e17;

/// A column of stamps, as its name and its first stamps tell.
#[derive(Clone, Copy, Debug)]
pub(in crate::data) struct Column<'a> {
    pub name: &'a str,
    /// Whether the stamps are dates or times of day, which are in seconds.
    pub is_date: bool,
}

impl<'a> Column<'a> {
    pub fn new(name: &'a str, kind: Kind) -> Self {
        Self {
            name,
            is_date: kind != Kind::Number,
        }
    }

    /// Stamps that are in seconds already.
    pub const SECONDS: Column<'static> = Column {
        name: "",
        is_date: true,
    };
}

/// A column of stamps, measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::data) struct Clock {
    pub unit: Unit,
    /// Samples a second; none where the column counts samples, or has too few stamps for the samples that share them.
    pub rate_hz: Option<f64>,
    /// Whether many samples share a stamp.
    pub is_coarse: bool,
    /// Whether samples come in packets, so that their stamps are those of the packets.
    pub are_packets: bool,
    /// Share of the samples that are missing, one by one; 0 where the stamps do not tell.
    pub lost: f64,
    /// The largest step, in the column's unit, that is no gap.
    longest: f64,
}

impl Clock {
    /// Whether samples are missing in a step from one stamp to the next; or the time runs backwards.
    pub fn is_gap(&self, step: f64) -> bool {
        match self.unit {
            Unit::Samples => step != 1.0,
            _ => !(0.0..=self.longest).contains(&step),
        }
    }

    /// The same where samples that were lost one by one are made up.
    pub fn is_long_gap(&self, step: f64) -> bool {
        self.is_gap(step)
            && !(self.lost > 0.0 && (0.0..=self.longest * UNSTEADY / GAP).contains(&step))
    }

    /// Measures a column by its stamps, row of samples by row of samples; `stated` is the rate that the user says it has, in
    /// samples a second. None where there are too few steps, all are zero, or some run backwards.
    pub fn measure(column: Column<'_>, runs: &[&[f64]], stated: Option<f64>) -> Option<Self> {
        let all = || runs.iter().flat_map(|run| run.windows(2));
        let count = all().count();
        let mut steps: Vec<f64> = Vec::with_capacity(count);
        steps.extend(all().map(|pair| pair[1] - pair[0]));
        steps.retain(|&step| step >= 0.0);
        // A column that often falls is no time, whatever its name.
        if steps.len() < ENOUGH_STEPS || steps.len() * 100 < count * USUAL {
            return None;
        }
        steps.sort_unstable_by(f64::total_cmp);
        let zeros = steps.partition_point(|&step| step <= 0.0);
        let positive = &steps[zeros..];
        let most = |steps: &[f64]| Some(*steps.get(steps.len().checked_sub(1)? * USUAL / 100)?);
        let median = *positive.get(positive.len() / 2)?;
        let is_coarse = zeros * SHARED >= steps.len();
        let first = runs.iter().find_map(|run| run.first().copied());
        let of = |longest: f64| {
            let usual = &steps[..steps.partition_point(|&step| step <= longest)];
            let period = usual.iter().sum::<f64>() / usual.len() as f64;
            if !(period > 0.0 && longest.is_finite()) {
                return None;
            }
            let whole = is_coarse.then(|| whole_periods(runs, longest));
            let period = whole.flatten().unwrap_or(period);
            let ones = usual.iter().filter(|&&step| step == 1.0).count();
            let counts = ones * 100 >= usual.len() * USUAL;
            let unit = match column.is_date {
                true => Unit::Seconds,
                false => unit_of(column.name, first, period, counts, stated),
            };
            let is_measured = whole.is_none_or(|period| period.is_some());
            let rate_hz = unit.seconds().map(|_| unit.rate(period));
            Some(Self {
                unit,
                rate_hz: rate_hz.filter(|rate| is_measured && rate.is_finite()),
                is_coarse,
                are_packets: false,
                lost: 0.0,
                longest,
            })
        };
        let unsteady = &positive[..positive.partition_point(|&step| step <= UNSTEADY * median)];
        let grid = (!is_coarse).then(|| Grid::of(positive, runs)).flatten();
        let by_pauses = match grid {
            None => of(GAP * most(unsteady)?),
            Some(Grid { step, lost }) => of(GAP * step).map(|clock| Self { lost, ..clock }),
        };
        // Samples that come in packets look like samples with pauses: only a stated rate tells them apart.
        let by_packets = || {
            let clock = of(GAP * most(positive)?)?;
            Some(Self {
                are_packets: true,
                ..clock
            })
        };
        match stated {
            Some(stated) if !by_pauses.is_some_and(|clock| clock.has(stated)) => {
                by_packets().filter(|clock| clock.has(stated)).or(by_pauses)
            }
            _ => by_pauses,
        }
    }

    fn has(&self, stated: f64) -> bool {
        self.rate_hz
            .is_some_and(|rate| agree(stated, rate, RATE_TOLERANCE))
    }
}

/// The time from sample to sample where many share a stamp, over whole periods from one stamp to the next; none where there
/// are too few: the first and the last stamp of a row of samples may lack some of theirs.
fn whole_periods(runs: &[&[f64]], longest: f64) -> Option<f64> {
    let (mut periods, mut samples, mut time) = (0, 0, 0.0);
    for run in runs {
        let mut last: Option<usize> = None;
        let steps = run.windows(2).map(|pair| pair[1] - pair[0]).enumerate();
        for (at, step) in steps.filter(|(_, step)| *step != 0.0) {
            let is_usual = step > 0.0 && step <= longest;
            if let Some(last) = last.filter(|_| is_usual) {
                periods += 1;
                samples += at - last;
                time += step;
            }
            last = is_usual.then_some(at);
        }
    }
    (periods >= ENOUGH_PERIODS).then(|| time / samples as f64)
}

/// The unit of a column whose first stamp is `first` and whose stamps are `period` apart; `counts` says whether they count one
/// by one.
fn unit_of(name: &str, first: Option<f64>, period: f64, counts: bool, stated: Option<f64>) -> Unit {
    let all = || Unit::TOLD_BY_STEPS.into_iter();
    let named = Unit::in_name(name);
    let has = |unit: Unit, rates: &std::ops::Range<f64>| rates.contains(&unit.rate(period));
    if let Some(unit) = named.filter(|&unit| has(unit, &RATES)) {
        return unit;
    }
    let is_of_our_years = |unit: &Unit| {
        let seconds = unit.seconds().unwrap_or(0.0);
        first.is_some_and(|first| SINCE_1970.contains(&(first * seconds)))
            && PERIODS.contains(&(period * seconds))
    };
    if let Some(unit) = all().find(is_of_our_years) {
        return unit;
    }
    let are_ticks = |first: f64| SINCE_1601.contains(&first) || SINCE_1.contains(&first);
    if first.is_some_and(are_ticks) && PERIODS.contains(&(period * 1e-7)) {
        return Unit::Ticks;
    }
    let are_days = first.is_some_and(|first| SERIAL_DAYS.contains(&first))
        && PERIODS.contains(&(period * 86_400.0))
        && !has(Unit::Seconds, &RATES);
    if are_days {
        return Unit::Days;
    }
    if let Some(unit) = named.filter(|&unit| has(unit, &RATES_OF_NAMED)) {
        return unit;
    }
    let is_as_stated =
        |unit: &Unit| stated.is_some_and(|stated| agree(unit.rate(period), stated, RATE_TOLERANCE));
    if let Some(unit) = all().find(is_as_stated) {
        return unit;
    }
    if counts {
        return Unit::Samples;
    }
    // The finest unit that is not too slow; faster than any sensor are seconds, slower than any nanoseconds.
    let fast_enough = |unit: &Unit| unit.rate(period) >= RATES.start;
    all().find(fast_enough).unwrap_or(Unit::Nanoseconds)
}

/// The unit of a column of stamps, measured, or named where there are too few to measure.
pub(in crate::data) fn unit(
    column: Column<'_>,
    runs: &[&[f64]],
    stated: Option<f64>,
) -> Option<Unit> {
    let measured = Clock::measure(column, runs, stated).map(|clock| clock.unit);
    measured.or_else(|| match column.is_date {
        true => Some(Unit::Seconds),
        false => Unit::in_name(column.name),
    })
}

/// Whether a rate is another one but for a share of it.
pub(in crate::data) fn agree(rate: f64, other: f64, tolerance: f64) -> bool {
    (rate - other).abs() <= tolerance * other.abs()
}

/// A rate to four digits: more is noise.
pub(in crate::data) fn rounded(rate: f64) -> f64 {
    let digits = 10f64.powi(3 - rate.log10().floor() as i32);
    let rounded = (rate * digits).round() / digits;
    if rounded.is_finite() { rounded } else { rate }
}
