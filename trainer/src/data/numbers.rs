//! Numbers of windows, which may share samples.

use std::borrow::Cow;

use anyhow::{Result, ensure};

/// Numbers of windows of one length, `[N][T][D]`. Windows that overlap may be held as places in their samples, which are there
/// once then.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    samples: Vec<f32>,
    places: Option<Places>,
}

/// Windows in samples.
#[derive(Clone, Debug, PartialEq)]
struct Places {
    starts: Vec<usize>,
    /// Numbers of a window.
    length: usize,
}

impl From<Vec<f32>> for Numbers {
    /// Windows one after the other.
    fn from(samples: Vec<f32>) -> Self {
        Self {
            samples,
            places: None,
        }
    }
}

impl Numbers {
    /// Windows of `length` numbers that begin at these numbers of `samples`.
    ///
    /// # Errors
    /// A window does not lie in the samples.
    pub fn overlapping(samples: Vec<f32>, starts: Vec<usize>, length: usize) -> Result<Self> {
        for &start in &starts {
            ensure!(
                start
                    .checked_add(length)
                    .is_some_and(|end| end <= samples.len()),
                "a window of {length} numbers from {start} on is not in {} numbers",
                samples.len()
            );
        }
        Ok(Self {
            samples,
            places: Some(Places { starts, length }),
        })
    }

    /// Numbers in all windows.
    pub fn len(&self) -> usize {
        match &self.places {
            Some(Places { starts, length }) => starts.len() * length,
            None => self.samples.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Window `i` of windows of `size` numbers.
    ///
    /// # Panics
    /// There is no such window.
    pub fn window(&self, i: usize, size: usize) -> &[f32] {
        match &self.places {
            Some(Places { starts, length }) => &self.samples[starts[i]..starts[i] + length],
            None => &self.samples[i * size..(i + 1) * size],
        }
    }

    /// All windows one after the other; a copy where they share samples.
    pub fn packed(&self) -> Cow<'_, [f32]> {
        match &self.places {
            Some(Places { starts, length }) => (starts.iter())
                .flat_map(|&start| &self.samples[start..start + length])
                .copied()
                .collect(),
            None => Cow::Borrowed(&self.samples),
        }
    }

    /// All windows one after the other, to be changed.
    pub fn packed_mut(&mut self) -> &mut [f32] {
        if self.places.is_some() {
            self.samples = self.packed().into_owned();
            self.places = None;
        }
        &mut self.samples
    }

    /// Every sample once, to be changed in the same way in all windows that it is in.
    pub fn samples_mut(&mut self) -> &mut [f32] {
        &mut self.samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_share_samples_are_like_copies() {
        let samples: Vec<f32> = (0..10).map(|i| i as f32).collect();
        let mut shared = Numbers::overlapping(samples, vec![0, 2, 6], 4).unwrap();
        let copies = [0.0, 1.0, 2.0, 3.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let mut plain = Numbers::from(copies.to_vec());
        assert_eq!((shared.len(), shared.is_empty()), (12, false));
        for i in 0..3 {
            assert_eq!(shared.window(i, 4), plain.window(i, 4));
        }
        assert_eq!(shared.packed(), plain.packed());
        shared.samples_mut()[2] = -1.0;
        assert_eq!(
            (shared.window(0, 4)[2], shared.window(1, 4)[0]),
            (-1.0, -1.0)
        );
        // Changed in one window alone.
        shared.packed_mut()[4] = 2.0;
        plain.packed_mut()[2] = -1.0;
        assert_eq!(shared, plain);
        for start in [7, usize::MAX] {
            assert!(Numbers::overlapping(vec![0.0; 10], vec![start], 4).is_err());
        }
        assert!(
            Numbers::overlapping(Vec::new(), Vec::new(), 4)
                .unwrap()
                .is_empty()
        );
    }
}
