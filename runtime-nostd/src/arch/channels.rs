//! Constants of the standardisation, checked once, when a model is read.
#![cfg_attr(
    any(hadamrnn_arch = "portable", hadamrnn_arch = "riscv32"),
    allow(dead_code, reason = "a backend without assembly for it takes nothing")
)]

use crate::format::{self, Header};

/// The inputs of a model of numbers.
///
/// Only [`new`](Self::new) makes one, and its fields are private, so that `unsafe` code need not trust what made the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Channels<'a> {
    words: &'a [u32],
    counts: usize,
    half: i32,
    shift: u32,
    bits: u32,
}

impl<'a> Channels<'a> {
    /// `None` if there are no inputs, or the first one is a copy.
    pub const fn new(header: &Header<'_>, words: &'a [u32]) -> Option<Self> {
        let shift = header.input_shift as u32;
        match words.first() {
            Some(word) if !format::is_copy(*word) => Some(Self {
                words,
                counts: format::counts(words),
                half: 1i32.wrapping_shl(shift.wrapping_sub(1)),
                shift,
                bits: header.input_bits as u32,
            }),
            _ => None,
        }
    }

    /// One or more inputs; the top bit is set where one reads the count of the one before.
    pub const fn words(&self) -> &'a [u32] {
        self.words
    }

    /// Inputs that are not copies: values of a sample.
    pub const fn counts(&self) -> usize {
        self.counts
    }

    /// Half of what is shifted out.
    pub const fn half(&self) -> i32 {
        self.half
    }

    /// Right shift.
    pub const fn shift(&self) -> u32 {
        self.shift
    }

    /// Width of an input.
    pub const fn bits(&self) -> u32 {
        self.bits
    }
}
