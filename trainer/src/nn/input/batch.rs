//! Batches of sequences as the network takes them.

use burn::tensor::{Device, Int, Tensor, TensorData};
use std::sync::Arc;

/// A batch of sequences of one length.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of these a batch")]
pub enum Inputs {
    /// `[batch, T, d_in]`.
    Numbers(Tensor<3>),
    /// One token a step.
    Tokens(TokenBatch),
}

impl Inputs {
    /// Sequences and steps of each.
    pub fn dims(&self) -> [usize; 2] {
        match self {
            Self::Numbers(x) => [x.dims()[0], x.dims()[1]],
            Self::Tokens(tokens) => tokens.dims(),
        }
    }
}

/// Tokens of a batch, renumbered so that only rows of the table that occur take part in a step.
#[derive(Clone, Debug)]
pub struct TokenBatch {
    /// `[batch, T]`, each the place in `used` of its token.
    places: Arc<[u32]>,
    /// Tokens that occur, rising; the first is 0, padding, whether it occurs or not.
    used: Arc<[i32]>,
    steps: usize,
}

impl TokenBatch {
    /// Sequences of `steps` tokens, `[batch, steps]`.
    ///
    /// # Panics
    ///
    /// When `ids` are not whole sequences.
    pub fn new(ids: &[u16], steps: usize) -> Self {
        assert!(
            steps > 0 && ids.len().is_multiple_of(steps),
            "{} tokens are not whole sequences of {steps}",
            ids.len()
        );
        let largest = ids.iter().copied().max().unwrap_or(0);
        let mut places = vec![u32::MAX; usize::from(largest) + 1];
        for &id in ids {
            places[usize::from(id)] = 0;
        }
        places[0] = 0;
        let mut used = Vec::new();
        for (id, place) in places.iter_mut().enumerate() {
            if *place == 0 {
                *place = used.len() as u32;
                used.push(id as i32);
            }
        }
        Self {
            places: ids.iter().map(|&id| places[usize::from(id)]).collect(),
            used: used.into(),
            steps,
        }
    }

    /// Sequences and steps of each.
    pub fn dims(&self) -> [usize; 2] {
        [self.places.len() / self.steps, self.steps]
    }

    /// `[batch, T]`, places in [`used`](Self::used); 0 is padding.
    pub(super) fn places(&self) -> Arc<[u32]> {
        self.places.clone()
    }

    /// Tokens that occur: rows of the table to gather.
    pub(super) fn used(&self, device: &Device) -> Tensor<1, Int> {
        Tensor::from_data(&self.used[..], device)
    }

    /// [`places`](Self::places) on the device, `[batch * T]`.
    pub(super) fn places_on(&self, device: &Device) -> Tensor<1, Int> {
        let places: Vec<i32> = self.places.iter().map(|&place| place as i32).collect();
        let count = places.len();
        Tensor::from_data(TensorData::new(places, [count]), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_renumbered_in_order() {
        let batch = TokenBatch::new(&[9, 4, 9, 65_535], 2);
        assert_eq!(batch.dims(), [2, 2]);
        assert_eq!(&batch.used[..], [0, 4, 9, 65_535]);
        assert_eq!(&batch.places[..], [2, 1, 2, 3]);
        let batch = TokenBatch::new(&[1, 0], 1);
        assert_eq!(
            (&batch.used[..], &batch.places[..]),
            (&[0, 1][..], &[1, 0][..])
        );
    }

    #[test]
    #[should_panic(expected = "not whole sequences")]
    fn partial_sequences_are_refused() {
        TokenBatch::new(&[1, 2, 3], 2);
    }
}
