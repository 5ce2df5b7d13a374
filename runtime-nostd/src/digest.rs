//! A digest of hidden states, so that two machines can compare every state of a run by one number.

/// FNV-1a (32 bit) over the little-endian bytes of 16-bit states: after every step those of the first layer, then those of the
/// second ([`Session::states`](crate::Session::states)).
///
/// Not a cryptographic hash: it finds differences, it does not resist an adversary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateHash(u32);

impl StateHash {
    const OFFSET_BASIS: u32 = 0x811C_9DC5;
    const PRIME: u32 = 0x0100_0193;

    /// The digest of nothing.
    pub const fn new() -> Self {
        Self(Self::OFFSET_BASIS)
    }

    /// Appends the states of one time step, in index order.
    pub fn update(&mut self, states: impl IntoIterator<Item = i16>) {
        for state in states {
            for byte in state.to_le_bytes() {
                self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(Self::PRIME);
            }
        }
    }

    /// The digest of all that was appended.
    pub const fn finish(self) -> u32 {
        self.0
    }
}

impl Default for StateHash {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_published_test_vectors_of_fnv1a() {
        assert_eq!(StateHash::new().finish(), 0x811C_9DC5);
        // "foobar" as three little-endian words; http://isthe.com/chongo/tech/comp/fnv/ lists 0xbf9cf968.
        let mut hash = StateHash::new();
        hash.update([*b"fo", *b"ob", *b"ar"].map(i16::from_le_bytes));
        assert_eq!(hash.finish(), 0xBF9C_F968);
    }
}
