//! A second, plain statement of what a model was taught, in 64-bit integers.

use crate::metric::PlainMetric;

/// An entry as plain numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainEntry {
    /// The class.
    pub class: usize,
    /// Windows that the centre is the mean of.
    pub windows: i64,
    /// The factor `a_t`.
    pub factor: i64,
    /// The centre, one number a dimension.
    pub centre: Vec<i64>,
}

/// What a model of `trained` classes was taught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainTaught {
    /// Classes of the network.
    pub trained: usize,
    /// Entries, by rising classes.
    pub entries: Vec<PlainEntry>,
    /// Names of the new classes.
    pub labels: Vec<String>,
}

impl PlainTaught {
    /// Class and score of a place whose network answers `class`.
    pub fn judge(&self, metric: &PlainMetric, place: &[i64], class: usize) -> (usize, i64) {
        let quotient = |centre: &[i64]| (metric.distance(centre, place) >> metric.shift).min(65535);
        let trained: Vec<i64> = (metric.classes.iter())
            .map(|(_, centre)| quotient(centre))
            .collect();
        let taught: Vec<i64> = (self.entries.iter())
            .map(|entry| quotient(&entry.centre))
            .collect();
        let near: Vec<i64> = (self.entries.iter())
            .map(|entry| metric.taught_quotient(&entry.centre, place))
            .collect();
        let own = metric.classes.get(class);
        let own = own.map(|(_, centre)| metric.taught_quotient(centre, place));
        let of_class = (self.entries.iter().zip(&near))
            .filter(|(entry, _)| entry.class == class)
            .map(|(_, q)| *q)
            .chain(own)
            .min()
            .unwrap_or(65535);
        let weights: Vec<i64> = (self.entries.iter().zip(&near))
            .map(|(entry, q)| q * entry.factor)
            .collect();
        if let Some(&least) = weights
            .iter()
            .min()
            .filter(|&&least| least < 256 * of_class)
        {
            let first = weights
                .iter()
                .position(|&weight| weight == least)
                .expect("it is there");
            return (self.entries[first].class, metric.factor * taught[first]);
        }
        let nearest = trained.iter().chain(&taught).min().expect("a class") * metric.factor;
        let own = trained
            .iter()
            .zip(&metric.classes)
            .map(|(q, (factor, _))| q * factor);
        let own = own.chain(taught.iter().map(|q| q * metric.factor)).min();
        (class, nearest.max(own.expect("a class")))
    }

    /// The same after windows of a class were shown at these places.
    pub fn shown(mut self, class: usize, label: &str, places: &[Vec<i64>]) -> Self {
        if class == self.trained + self.labels.len() {
            self.labels.push(label.into());
        }
        let at = match self.entries.iter().rposition(|entry| entry.class == class) {
            Some(at) => at,
            None => {
                let at = self
                    .entries
                    .iter()
                    .filter(|entry| entry.class < class)
                    .count();
                let centre = vec![0; places[0].len()];
                self.entries.insert(
                    at,
                    PlainEntry {
                        class,
                        windows: 0,
                        factor: 256,
                        centre,
                    },
                );
                at
            }
        };
        let entry = &mut self.entries[at];
        let all = entry.windows + places.len() as i64;
        for (i, m) in entry.centre.iter_mut().enumerate() {
            let sum: i64 = *m * entry.windows + places.iter().map(|place| place[i]).sum::<i64>();
            *m = (sum + all / 2).div_euclid(all);
        }
        entry.windows = all;
        self
    }

    /// The words of the part, by the table of `docs/FORMAT.md`.
    pub fn words(&self) -> Vec<u32> {
        let mut words = vec![(self.entries.len() | self.labels.len() << 8) as u32];
        for entry in &self.entries {
            words.push(entry.class as u32 | (entry.windows as u32) << 16);
            words.push(entry.factor as u32);
            for pair in entry.centre.chunks(2) {
                let halves = pair.iter().enumerate();
                let halves = halves.map(|(j, m)| ((m + 65536) % 65536) << (16 * j));
                words.push(halves.sum::<i64>() as u32);
            }
        }
        for label in &self.labels {
            let mut bytes = label.clone().into_bytes();
            bytes.resize(32, 0);
            words.extend(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|four| u32::from_le_bytes(*four)),
            );
        }
        words
    }
}
