//! Random models at the edges of every documented range, and their encoding.

mod encode;
mod random;

pub use encode::{Widths, encode_plain, encode_with, header_and_words};
pub use random::{any_models, models, plain_models, samples, shrink_to_bound};

/// A model file in memory, aligned as the runtime wants it.
pub struct AlignedBytes {
    words: Vec<u32>,
    length: usize,
}

impl AlignedBytes {
    /// Copies `bytes` to a four-byte boundary.
    pub fn new(bytes: &[u8]) -> Self {
        let mut words = vec![0u32; bytes.len().div_ceil(4)];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks(4)) {
            let mut four = [0; 4];
            four[..chunk.len()].copy_from_slice(chunk);
            *word = u32::from_le_bytes(four);
        }
        Self {
            words,
            length: bytes.len(),
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.as_slice().to_vec()
    }

    /// The bytes, on a four-byte boundary.
    pub fn as_slice(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }
}
