//! Digests of rows of samples, by which equal samples are found anywhere, and those that an import keeps of samples that it resamples.

/// Name of the column by which an import that resamples tells what samples were before.
pub(in crate::data) const SOURCE: &str = "source_digest";
/// Samples of the shortest and of the longest row.
pub(in crate::data) const LENGTHS: [usize; 2] = [8, 16];
/// An odd factor of a polynomial in a row of samples.
pub(in crate::data) const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
/// Samples of a row of a file that is resampled.
const SOURCE_ROW: usize = LENGTHS[1];
/// Rows of which the one of the least digest is kept.
const SOURCE_REACH: usize = 8;
/// Bits of a digest that are kept.
const SOURCE_BITS: u32 = 40;

/// Digests of rows of samples, at the number of each row's first sample and 0 elsewhere, of `samples`, `[samples][channels]`, without
/// a gap: of each [`SOURCE_REACH`] rows that of the least digest ("winnowing"), so that the same rows are kept of all copies.
/// Values count to 13 bits: stamps that begin anew change the last ones of what was interpolated.
pub(in crate::data) fn sources_of(samples: &[f32], channels: usize) -> Vec<u64> {
    let of_sample = |sample: &[f32]| {
        let step = |digest: u64, &value: &f32| {
            let rounded = (value + 0.0).to_bits().wrapping_add(1 << 10) >> 11;
            mixed(digest ^ u64::from(rounded))
        };
        sample.iter().fold(FACTOR, step)
    };
    let channels = channels.max(1);
    let digests = samples.chunks_exact(channels).map(of_sample);
    let rows: Vec<u64> = of_rows(digests, SOURCE_ROW)
        .map(|row| row.map_or(u64::MAX, |digest| (digest >> (64 - SOURCE_BITS)).max(1)))
        .collect();
    let mut kept = vec![0; samples.len() / channels];
    for (from, window) in rows
        .windows(SOURCE_REACH.min(rows.len()).max(1))
        .enumerate()
    {
        let least = window.iter().enumerate().min_by_key(|(_, digest)| **digest);
        if let Some((at, &digest)) = least.filter(|(_, digest)| **digest != u64::MAX) {
            kept[from + at] = digest;
        }
    }
    kept
}

/// Gives the digest of the row of `length` samples that begins at each sample, in order, while there are so many; none for a row in
/// which little happens. Each sample is given by its own digest.
pub(in crate::data) fn of_rows(
    samples: impl Iterator<Item = u64>,
    length: usize,
) -> impl Iterator<Item = Option<u64>> {
    let mut row = Row::new(length);
    samples.filter_map(move |sample| {
        row.push(sample);
        row.digest()
    })
}

/// The last samples of a signal.
struct Row {
    samples: Vec<u64>,
    length: usize,
    /// Place of the oldest one, which is the next to go.
    oldest: usize,
    tags: Tags,
    /// Number of different ones among the last.
    distinct: usize,
    rolling: u64,
    /// The factor of the sample that leaves the row.
    first: u64,
}

impl Row {
    fn new(length: usize) -> Self {
        Self {
            samples: Vec::with_capacity(length),
            length,
            oldest: 0,
            tags: Tags(0),
            distinct: 0,
            rolling: 0,
            first: FACTOR.wrapping_pow(length as u32),
        }
    }

    fn push(&mut self, sample: u64) {
        self.rolling = self.rolling.wrapping_mul(FACTOR).wrapping_add(sample);
        let is_new = !self.holds(sample);
        self.tags.push(sample);
        if self.samples.len() < self.length {
            self.samples.push(sample);
            self.distinct += usize::from(is_new);
            return;
        }
        let gone = std::mem::replace(&mut self.samples[self.oldest], sample);
        self.oldest = if self.oldest + 1 == self.length {
            0
        } else {
            self.oldest + 1
        };
        if gone != sample {
            self.distinct += usize::from(is_new);
            self.distinct -= usize::from(!self.holds(gone));
        }
        self.rolling = self.rolling.wrapping_sub(gone.wrapping_mul(self.first));
    }

    /// Whether a sample is among the last.
    fn holds(&self, sample: u64) -> bool {
        let may_hold = self.length > Tags::COUNT || self.tags.may_hold(sample);
        may_hold && self.samples.contains(&sample)
    }

    /// None while there are too few samples; then the digest, or none where little happens.
    fn digest(&self) -> Option<Option<u64>> {
        let is_whole = self.samples.len() == self.length;
        let happens = 2 * self.distinct >= self.length;
        is_whole.then(|| happens.then(|| mixed(self.rolling)))
    }
}

/// The lowest byte of each of the last samples. Most samples are told from all of these by it.
struct Tags(u128);

impl Tags {
    /// Number of samples.
    const COUNT: usize = size_of::<u128>();
    /// The number 1 in each byte.
    const ONES: u128 = u128::MAX / 255;

    fn push(&mut self, sample: u64) {
        self.0 = (self.0 << 8) | u128::from(sample as u8);
    }

    /// Whether one of the bytes is that of `sample`.
    fn may_hold(&self, sample: u64) -> bool {
        let differences = self.0 ^ Self::ONES.wrapping_mul(u128::from(sample as u8));
        // A byte that is 0 borrows from its highest bit.
        differences.wrapping_sub(Self::ONES) & !differences & (Self::ONES << 7) != 0
    }
}

/// A number of which every bit depends on all of another's.
pub(in crate::data) fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of different samples, and the digest, by their definitions.
    #[test]
    fn rolling_digests_are_those_of_each_row_alone() {
        for length in [1, 5, 8, 16, 17, 40] {
            for of in [4, 30, 5000] {
                rolling_is_by_definition(length, of);
            }
        }
    }

    fn rolling_is_by_definition(length: usize, of: u64) {
        let samples: Vec<u64> = (0..400_u64).map(|i| mixed(i) % of + (i / 50) * 7).collect();
        let mut rolling = Row::new(length);
        for (end, &sample) in samples.iter().enumerate() {
            rolling.push(sample);
            let Some(row) = (end + 1)
                .checked_sub(length)
                .map(|from| &samples[from..=end])
            else {
                assert_eq!(rolling.digest(), None);
                continue;
            };
            let polynomial =
                |sum: u64, &sample: &u64| sum.wrapping_mul(FACTOR).wrapping_add(sample);
            let mut distinct = row.to_vec();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(rolling.distinct, distinct.len(), "{end}");
            let expected =
                (2 * distinct.len() >= length).then(|| mixed(row.iter().fold(0, polynomial)));
            assert_eq!(rolling.digest(), Some(expected), "{end}");
        }
    }
}
