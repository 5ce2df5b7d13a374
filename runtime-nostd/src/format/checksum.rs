//! The checksum of a model file: CRC-32/ISO-HDLC, which zlib, Ethernet and PNG have too.
//!
//! Four bits at a time, a word of the file at a time: a table of 64 bytes, and 7 instructions a byte on Cortex-M4. Bit by bit
//! it were 30, and byte by byte, with a table of 1 KiB, 7 as well (`docs/KERNELS.md` has all of them).

use crate::codegen::keep_rolled;

const REVERSED_POLYNOMIAL: u32 = 0xEDB8_8320;

/// What `log2(N)` bits add to the register, for each of their `N` values; `N` is a power of two.
pub(super) const fn table<const N: usize>() -> [u32; N] {
    let (mut table, mut value) = ([0; N], 0);
    while value < N {
        let (mut register, mut bit) = (value as u32, 0);
        while bit < N.trailing_zeros() {
            register = (register >> 1) ^ (REVERSED_POLYNOMIAL & (register & 1).wrapping_neg());
            bit += 1;
        }
        table[value] = register;
        value += 1;
    }
    table
}

/// Computes the CRC-32 of a model's bytes, for [`Model::from_bytes_with`]: every function of this form is one.
///
/// [`crc32`] is the portable one. A chip's own unit may be faster; it must give the very same number, or models are refused:
///
/// | unit | how |
/// |---|---|
/// | STM32, polynomial of choice (F0, F3, F7, C, G, H, L0, L4, U, W) | polynomial 0x04C1_1DB7, initial value 0xFFFF_FFFF, words, input reversed by words (`REV_IN` 3), output reversed; then inverted |
/// | STM32F1, F2, F4, L1 | each word reversed (`u32::reverse_bits`), the result reversed and inverted |
/// | DMA sniffer of RP2040 and RP2350 | transfers of bytes, data reversed (`CALC` 1), `OUT_REV` and `OUT_INV` set, 0xFFFF_FFFF to begin with |
///
/// Units that take words only leave up to three bytes to [`continue_crc32`]. The files of models have none left.
///
/// [`Model::from_bytes_with`]: crate::Model::from_bytes_with
pub trait Crc32: FnOnce(&[u8]) -> u32 {}

impl<F: FnOnce(&[u8]) -> u32> Crc32 for F {}

/// The CRC-32 of zlib, Ethernet and PNG.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    continue_crc32(0, bytes)
}

/// The CRC-32 of bytes that follow on others, whose CRC-32 is `before`; 0 if there are none.
///
/// ```
/// use hadamrnn_runtime::format::{continue_crc32, crc32};
///
/// assert_eq!(continue_crc32(crc32(b"1234"), b"56789"), crc32(b"123456789"));
/// ```
#[must_use]
pub fn continue_crc32(before: u32, bytes: &[u8]) -> u32 {
    let (head, words, tail) = bytemuck::pod_align_to::<u8, u32>(bytes);
    let register = with_bytes(!before, head);
    let register = words.iter().fold(register, |register, word| {
        keep_rolled();
        with_nibbles::<8>(register ^ word)
    });
    !with_bytes(register, tail)
}

#[inline(never)]
fn with_bytes(register: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(register, |register, byte| {
        keep_rolled();
        with_nibbles::<2>(register ^ u32::from(*byte))
    })
}

/// Shifts `N` nibbles out of the register.
#[inline(always)]
fn with_nibbles<const N: usize>(register: u32) -> u32 {
    static TABLE: [u32; 16] = table();
    (0..N).fold(register, |register, _| {
        (register >> 4) ^ TABLE[(register & 15) as usize]
    })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_check_value_of_the_catalogue() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    /// The unit of an STM32F4: words alone, their top bit first.
    fn stm32f4(words: impl Iterator<Item = u32>) -> u32 {
        words.fold(u32::MAX, |register, word| {
            (0..32).fold(register ^ word, |register, _| {
                let bit = register >> 31;
                (register << 1) ^ (0x04C1_1DB7 * bit)
            })
        })
    }

    /// The way to [`crc32`] by such a unit, as the documentation has it.
    fn by_words(bytes: &[u8]) -> u32 {
        let (words, rest) = bytes.as_chunks::<4>();
        let words = words
            .iter()
            .map(|word| u32::from_le_bytes(*word).reverse_bits());
        continue_crc32(!stm32f4(words).reverse_bits(), rest)
    }

    proptest! {
        #[test]
        fn equals_the_crc_crate(bytes: Vec<u8>, start in 0usize..5, cut: prop::sample::Index) {
            let oracle = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
            // From every place within a word.
            let bytes = bytes.get(start..).unwrap_or_default();
            prop_assert_eq!(crc32(bytes), oracle.checksum(bytes));
            let (first, second) = bytes.split_at(cut.index(bytes.len() + 1));
            prop_assert_eq!(continue_crc32(crc32(first), second), crc32(bytes));
        }

        #[test]
        fn a_unit_of_words_gives_the_same(bytes: Vec<u8>) {
            prop_assert_eq!(by_words(&bytes), crc32(&bytes));
        }
    }
}
