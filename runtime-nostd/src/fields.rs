//! Weights of 2, 4 or 8 bits, packed in 32-bit words.
//!
//! A word holds `R = 32 / width` codes. A code `c` in `-2^(width-1) ..= 2^(width-1) - 1` is stored as the unsigned field
//! `c + 2^(width-1)`. Within the word, the even code `2k` is field `k` and the odd code `2k + 1` is field `k + R/2`, so
//! that one mask yields two neighbours in the two halves of a word:
//!
//! ```text
//! (word >> (width * k)) & (0x0001_0001 * (2^width - 1))  =  field(2k) + field(2k + 1) << 16
//! ```
//!
//! One 32-bit multiplication by `x` then makes both products, on every core, without a SIMD instruction.

/// Width of the fields that weights are stored in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FieldWidth {
    /// 16 codes in `-2..=1` a word (ternary and 2-bit weights).
    Two,
    /// 8 codes in `-8..=7` a word (3- and 4-bit weights).
    Four,
    /// 4 codes in `-128..=127` a word (5- to 8-bit weights).
    Eight,
}

impl FieldWidth {
    /// The width for fields of `bits`, if it is one of the three.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            2 => Some(Self::Two),
            4 => Some(Self::Four),
            8 => Some(Self::Eight),
            _ => None,
        }
    }

    /// The narrowest width that holds `p`-bit weights, `p` in `1..=8` (1 is ternary).
    pub const fn for_weight_bits(p: u8) -> Option<Self> {
        match p {
            1 | 2 => Some(Self::Two),
            3 | 4 => Some(Self::Four),
            5..=8 => Some(Self::Eight),
            _ => None,
        }
    }

    /// Bits of one field.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// Codes in a word.
    pub const fn per_word(self) -> usize {
        match self {
            Self::Two => 16,
            Self::Four => 8,
            Self::Eight => 4,
        }
    }

    /// Offset of the stored unsigned fields, `2^(width-1)`: a field is its code plus the offset.
    pub const fn offset(self) -> i32 {
        1 << (self.bits() - 1)
    }

    /// The code at `index` (taken modulo [`per_word`](Self::per_word)) of `word`.
    pub const fn get(self, word: u32, index: usize) -> i32 {
        let field = (word >> self.shift(index)) & self.mask();
        field as i32 - self.offset()
    }

    /// `word` with the field at `index` set to `code`, which must be in range (it is truncated to the field).
    pub const fn with(self, word: u32, index: usize, code: i32) -> u32 {
        let shift = self.shift(index);
        let field = (code + self.offset()) as u32 & self.mask();
        (word & !(self.mask() << shift)) | (field << shift)
    }

    const fn mask(self) -> u32 {
        (1 << self.bits()) - 1
    }

    const fn shift(self, index: usize) -> u32 {
        let index = index % self.per_word();
        let field = index / 2 + (index % 2) * (self.per_word() / 2);
        self.bits() * field as u32
    }
}

#[cfg(test)]
mod tests {
    use super::FieldWidth::{self, *};
    use proptest::prelude::*;

    #[test]
    fn pins_the_order_of_fields() {
        // Codes -8, -7, ... -1: fields 0, 1, ... 7; even codes in the low half, odd ones in the high half.
        let word = (0..8).fold(0, |word, i| Four.with(word, i, i as i32 - 8));
        assert_eq!(word, 0x7531_6420);
    }

    fn widths() -> impl Strategy<Value = FieldWidth> {
        prop_oneof![Just(Two), Just(Four), Just(Eight)]
    }

    proptest! {
        #[test]
        fn what_is_put_is_got(width in widths(), word: u32, index in 0usize..16, value: u8) {
            let code = i32::from(value) % (2 * width.offset()) - width.offset();
            let index = index % width.per_word();
            let new = width.with(word, index, code);
            prop_assert_eq!(width.get(new, index), code);
            for other in (0..width.per_word()).filter(|&other| other != index) {
                prop_assert_eq!(width.get(new, other), width.get(word, other));
            }
        }

        #[test]
        fn one_mask_yields_two_neighbours(width in widths(), word: u32, k in 0usize..8) {
            let k = k % (width.per_word() / 2);
            let mask = 0x0001_0001 * ((1u32 << width.bits()) - 1);
            let pair = (word >> (width.bits() as usize * k)) & mask;
            let even = width.get(word, 2 * k) + width.offset();
            let odd = width.get(word, 2 * k + 1) + width.offset();
            prop_assert_eq!(pair, even as u32 + ((odd as u32) << 16));
        }
    }
}
