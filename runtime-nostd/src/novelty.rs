//! "None of these": how far an input is from all that a model was trained on.
//!
//! The vector `x` that the readout reads, of `n` values in `0..=32767`, is projected on a few dimensions, and its place there
//! compared with a centre for each class:
//!
//! ```text
//! z_d    = sat16((sum_i P[d][i] x_i + half) >> e_d)
//! D_c    = sum_d clamp(z_d - m_cd, -8192, 8191)^2
//! q_c    = min(D_c >> k, 65535)
//! score  = max(a min_c q_c, min_c a_c q_c)
//! ```
//!
//! So an input is known that is near some class by a measure that all share, and near some class by the class's own.
//!
//! A metric may have more dimensions, which no score looks at: those in which classes are [taught](crate::taught). They have the
//! whole spread within classes, so that what tells a new class apart is among them.
//!
//! No sum overflows, whatever the words are: codes of `P` have six bits and a model has at most 1024 units, so a projection is
//! at most `2^10 2^5 (2^15 - 1)`, and `half` at most `2^29`; a distance is at most `24 * 8192^2`; a score at most `65535^2`.

use crate::arch;
use crate::codegen::keep_rolled;
use crate::format::{ModelError, part};
use crate::lanes;
use crate::limits;
use crate::model::Model;
use crate::pool;

/// Dimensions that a metric has in groups of.
pub const DIMENSIONS_OF_GROUP: usize = limits::METRIC_DIMENSIONS_OF_GROUP;
pub(crate) const GROUP: usize = DIMENSIONS_OF_GROUP;
/// Words of the codes of a group, for two units.
const WORDS: usize = GROUP / 2;
/// Most dimensions of a metric, those for teaching included.
pub const DIMENSIONS: usize = GROUP * (limits::METRIC_GROUPS.max + limits::TEACHING_GROUPS.max);
/// Bits of a code of the projection.
const CODE_BITS: u32 = 6;
/// Bits of a difference from a centre, in one dimension: beyond them it counts as the largest or smallest.
const FAR: u32 = 14;
/// The same, in one of the dimensions for teaching.
const FAR_TAUGHT: u32 = 13;
/// Right shift of distances in these.
const SHIFT_TAUGHT: u32 = 4;
/// Largest quotient of a distance.
const MOST: u32 = 0xFFFF;

const _: () = {
    let projection = limits::HIDDEN_SIZE.max as i64 * (1 << (CODE_BITS - 1)) * 0x7FFF;
    let half = 1 << (limits::METRIC_SHIFT.max - 1);
    assert!(projection + half <= i32::MAX as i64);
    let (scored, taught) = (limits::METRIC_GROUPS.max, limits::TEACHING_GROUPS.max);
    assert!(((GROUP * scored) as i64) << (2 * (FAR - 1)) <= i32::MAX as i64);
    assert!(((GROUP * taught) as i64) << (2 * (FAR_TAUGHT - 1)) <= i32::MAX as i64);
    assert!(MOST as u64 * MOST as u64 <= u32::MAX as u64);
};

/// The metric of a model that has one: the part [`part::METRIC`] of its file.
#[derive(Clone, Copy, Debug)]
pub struct Metric<'a> {
    /// Units that are read.
    units: usize,
    /// Groups of dimensions that the score looks at; those behind are for teaching.
    groups: usize,
    /// Right shift of distances, `k`.
    shift: u32,
    /// The factor `a`.
    factor: u32,
    threshold: u32,
    /// Right shifts `e`, a word for each group of dimensions.
    shifts: &'a [u32],
    /// Codes, group by group, three words for each two units.
    projection: &'a [u32],
    /// For each class its factor and its centre.
    centres: &'a [u32],
}

/// Most dimensions that a score looks at.
pub(crate) const SCORED: usize = GROUP * limits::METRIC_GROUPS.max;

/// A place in the space of a metric: `z`, with zeros behind the dimensions that the metric has.
pub type Place = [i32; DIMENSIONS];

/// Words of a class: its factor, and two coordinates a word.
const fn words_of_class(groups: usize) -> usize {
    WORDS.wrapping_mul(groups).wrapping_add(1)
}

impl<'a> Metric<'a> {
    /// The metric of `model`, if it has one.
    ///
    /// # Errors
    /// [`ModelError::Metric`]: it has numbers out of range, or is not of the length that they and the model call for.
    pub const fn of(model: &Model<'a>) -> Result<Option<Self>, ModelError> {
        let Some(words) = model.parts().get(part::METRIC) else {
            return Ok(None);
        };
        match Self::new(words, model.top().hidden_size) {
            Ok(metric) => Ok(Some(metric)),
            Err(error) => Err(error),
        }
    }

    /// The metric of the words of a part, for a model that reads `units` units.
    ///
    /// # Errors
    /// [`ModelError::Metric`], as in [`of`](Self::of).
    pub const fn new(words: &'a [u32], units: usize) -> Result<Self, ModelError> {
        if !limits::HIDDEN_SIZE.holds(units) || !units.is_multiple_of(2) {
            return Err(ModelError::Metric);
        }
        match Self::read(words, units) {
            Some(metric) => Ok(metric),
            None => Err(ModelError::Metric),
        }
    }

    /// The metric of the words of a part, for `units` units; none where it is not valid.
    const fn read(words: &'a [u32], units: usize) -> Option<Self> {
        let Some((&[sizes, factor, threshold], words)) = words.split_first_chunk() else {
            return None;
        };
        let groups = (sizes & 0xFF) as usize;
        let classes = (sizes >> 8 & 0xFF) as usize;
        let shift = sizes >> 16 & 0xFF;
        let teaching = (sizes >> 24) as usize;
        if !limits::METRIC_GROUPS.holds(groups)
            || !limits::TEACHING_GROUPS.holds(teaching)
            || classes == 0
            || !limits::METRIC_SHIFT.holds(shift as usize)
            || factor > MOST
        {
            return None;
        }
        let all = groups.wrapping_add(teaching);
        let Some((shifts, words)) = words.split_at_checked(all) else {
            return None;
        };
        let pairs = units / 2;
        let codes = all.wrapping_mul(WORDS).wrapping_mul(pairs);
        let Some((projection, centres)) = words.split_at_checked(codes) else {
            return None;
        };
        if centres.len() != classes.wrapping_mul(words_of_class(all)) {
            return None;
        }
        let metric = Self {
            units,
            groups,
            shift,
            factor,
            threshold,
            shifts,
            projection,
            centres,
        };
        if metric.has_valid_shifts() && metric.has_valid_codes() && metric.has_valid_centres() {
            Some(metric)
        } else {
            None
        }
    }

    const fn has_valid_shifts(&self) -> bool {
        let mut rest = self.shifts;
        while let Some((word, others)) = rest.split_first() {
            let (mut word, mut left) = (*word, GROUP);
            while left > 0 {
                if !limits::METRIC_SHIFT.holds((word & 31) as usize) {
                    return false;
                }
                word >>= 5;
                left = left.wrapping_sub(1);
            }
            if word != 0 {
                return false;
            }
            rest = others;
        }
        true
    }

    /// Whether each byte is a code of [`CODE_BITS`] in two's complement.
    const fn has_valid_codes(&self) -> bool {
        let mut rest = self.projection;
        while let Some((word, others)) = rest.split_first() {
            // Above a code its sign is repeated: bits 7, 6 and 5 of a byte are equal.
            let differ = (*word ^ word.wrapping_shl(1)) | (*word ^ word.wrapping_shl(2));
            if differ & 0x8080_8080 != 0 {
                return false;
            }
            rest = others;
        }
        true
    }

    /// Whether factors have 16 bits.
    const fn has_valid_centres(&self) -> bool {
        let words = words_of_class(self.shifts.len());
        let mut rest = self.centres;
        while let Some((centre, others)) = rest.split_at_checked(words) {
            let Some((factor, _)) = centre.split_first() else {
                return true;
            };
            if *factor > MOST {
                return false;
            }
            rest = others;
        }
        true
    }

    /// Dimensions, at most [`DIMENSIONS`].
    pub const fn dimensions(&self) -> usize {
        GROUP.wrapping_mul(self.shifts.len())
    }

    /// Whether it has dimensions for teaching.
    pub const fn teaches(&self) -> bool {
        self.shifts.len() > self.groups
    }

    /// The score above which an input is none of the classes, as it was calibrated.
    pub const fn threshold(&self) -> u32 {
        self.threshold
    }

    /// Where a vector is that [`Session::read`](crate::Session::read) gave.
    pub fn place_of(&self, read: &[i16]) -> Place {
        self.place(|| {
            read.as_chunks::<2>()
                .0
                .iter()
                .map(|pair| pair.map(i32::from))
        })
    }

    /// Where a vector is, in all [`DIMENSIONS`] or in the [`SCORED`] that the score looks at: `read` gives it anew each time, two units
    /// at once.
    pub(crate) fn place<const N: usize, I: Iterator<Item = [i32; 2]>>(
        &self,
        read: impl Fn() -> I,
    ) -> [i32; N] {
        self.place_by(|codes| project(codes, read()))
    }

    /// Where the vector of a pooled readout is, of its sums and their right shift.
    pub(crate) fn place_of_pool<const N: usize>(&self, sums: &[u32], shift: u32) -> [i32; N] {
        self.place_by(|codes| {
            arch::project_pooled(codes, sums, shift)
                .unwrap_or_else(|| project(codes, pool::scaled(sums, shift)))
        })
    }

    /// Where a vector is whose products with the codes of a group `project` gives.
    fn place_by<const N: usize>(&self, project: impl Fn(&[u32]) -> [i32; GROUP]) -> [i32; N] {
        let mut place = [0; N];
        let shifts = match N {
            SCORED => self.shifts.get(..self.groups).unwrap_or_default(),
            _ => self.shifts,
        };
        let (groups, _) = place.as_chunks_mut::<GROUP>();
        let words = WORDS.wrapping_mul(self.units / 2);
        let mut rest = self.projection;
        for (group, shifts) in groups.iter_mut().zip(shifts) {
            // Cannot fail: `read` has checked the length.
            let Some((codes, others)) = rest.split_at_checked(words) else {
                break;
            };
            rest = others;
            *group = project(codes);
            let mut shifts = *shifts;
            for sum in group {
                let shift = shifts & 31;
                let half = 1i32.wrapping_shl(shift) >> 1;
                *sum = sum.wrapping_add(half).wrapping_shr(shift);
                *sum = (*sum).clamp(-0x8000, 0x7FFF);
                shifts >>= 5;
            }
        }
        place
    }

    /// The square of the distance of each class's centre from a place, at most `24 * 8192^2`.
    pub fn distances(&self, place: &Place) -> impl Iterator<Item = u32> {
        (self.classes()).map(|(_, centre)| self.squared_distance(centre, place))
    }

    /// The factor and the centre of each class.
    fn classes(&self) -> impl Iterator<Item = (u32, &'a [u32])> + use<'a> {
        let words = words_of_class(self.shifts.len());
        // There is at least a factor.
        (self.centres.chunks(words.max(1))).map(|class| match class.split_first() {
            Some((&factor, centre)) => (factor, centre),
            None => (0, &[][..]),
        })
    }

    /// The square of a place's distance from a centre that has the dimensions of this metric.
    pub(crate) fn squared_distance(&self, centre: &[u32], place: &[i32]) -> u32 {
        let scored = WORDS.wrapping_mul(self.groups);
        squared_distance::<FAR>(centre.get(..scored).unwrap_or_default(), place)
    }

    /// How far a place is from a centre as far as teaching goes, in 16 bits: by the dimensions for teaching, or by all where there are
    /// none.
    pub(crate) fn taught_quotient(&self, centre: &[u32], place: &[i32]) -> u32 {
        if !self.teaches() {
            return self.quotient(self.squared_distance(centre, place));
        }
        let scored = WORDS.wrapping_mul(self.groups);
        let centre = centre.get(scored..).unwrap_or_default();
        let place = place.get(scored.wrapping_mul(2)..).unwrap_or_default();
        let distance = squared_distance::<FAR_TAUGHT>(centre, place);
        distance.wrapping_shr(SHIFT_TAUGHT).min(MOST)
    }

    /// How far a place is from all classes: beyond the [threshold](Self::threshold) it is none of them.
    pub fn score(&self, place: &Place) -> u32 {
        self.score_at(place)
    }

    /// The same of a place that may lack the dimensions for teaching.
    pub(crate) fn score_at(&self, place: &[i32]) -> u32 {
        self.nearness(place, usize::MAX).score(self)
    }

    /// The least quotients of the classes, and that of `class`: the largest of all where there is no such class.
    pub(crate) fn nearness(&self, place: &[i32], class: usize) -> Nearness {
        let mut least = Nearness {
            nearest: MOST,
            own: u32::MAX,
            of_class: MOST,
        };
        for (number, (factor, centre)) in self.classes().enumerate() {
            let quotient = self.quotient(self.squared_distance(centre, place));
            least.nearest = least.nearest.min(quotient);
            least.own = least.own.min(quotient.wrapping_mul(factor));
            if number == class {
                least.of_class = self.taught_quotient(centre, place);
            }
        }
        least
    }

    /// `q` of a centre's distance, in 16 bits.
    pub(crate) const fn quotient(&self, distance: u32) -> u32 {
        let quotient = distance.wrapping_shr(self.shift);
        if quotient < MOST { quotient } else { MOST }
    }

    /// The factor `a` that all centres share, in 16 bits.
    pub(crate) const fn factor(&self) -> u32 {
        self.factor
    }
}

/// How near a place is to centres.
pub(crate) struct Nearness {
    /// Least quotient.
    pub nearest: u32,
    /// Least quotient times the factor of its class.
    pub own: u32,
    /// Quotient of one of the classes, as far as teaching goes.
    pub of_class: u32,
}

impl Nearness {
    /// The score of such a place.
    pub fn score(&self, metric: &Metric<'_>) -> u32 {
        self.own.max(self.nearest.wrapping_mul(metric.factor))
    }
}

/// The square of a place's distance from a centre, whose words have two coordinates each; differences count from `-2^(BITS - 1)` to
/// `2^(BITS - 1) - 1`.
fn squared_distance<const BITS: u32>(centre: &[u32], place: &[i32]) -> u32 {
    let mut sum = 0i32;
    for (word, pair) in centre.iter().zip(place.as_chunks().0) {
        keep_rolled();
        sum = lanes::add_squares::<BITS>(sum, *pair, *word);
    }
    sum as u32
}

/// Products of the codes of a group of dimensions and what is read, rectified.
#[inline(never)]
fn project(codes: &[u32], pairs: impl Iterator<Item = [i32; 2]>) -> [i32; GROUP] {
    let mut sums = [0; GROUP];
    for (codes, [even, odd]) in codes.as_chunks().0.iter().zip(pairs) {
        keep_rolled();
        sums = add(sums, *codes, lanes::pack(even.max(0), odd.max(0)));
    }
    sums
}

/// Adds the codes of two units times their values. Six sums by name: optimised for size, a loop over them would stay one over memory.
#[inline(always)]
fn add([a, b, c, d, e, f]: [i32; GROUP], [ab, cd, ef]: [u32; WORDS], values: u32) -> [i32; GROUP] {
    [
        lanes::add_products(a, lanes::even_bytes(ab), values),
        lanes::add_products(b, lanes::odd_bytes(ab), values),
        lanes::add_products(c, lanes::even_bytes(cd), values),
        lanes::add_products(d, lanes::odd_bytes(cd), values),
        lanes::add_products(e, lanes::even_bytes(ef), values),
        lanes::add_products(f, lanes::odd_bytes(ef), values),
    ]
}
