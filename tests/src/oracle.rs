//! The arithmetic of `docs/ARITHMETIC.md`, written for reading: 64-bit integers, explicit ±1 matrix, no packing.
//!
//! It shares no code with the runtime.

/// A model as plain numbers.
#[derive(Clone, Debug)]
pub struct PlainModel {
    /// `n`.
    pub hidden_size: usize,
    /// Side of the diagonal blocks.
    pub block_size: usize,
    /// `(offset, multiplier)` of each channel.
    pub channels: Vec<(i16, u16)>,
    /// Codes of U, `n` rows.
    pub input: Vec<Vec<i32>>,
    /// Biases in units of `U x`.
    pub bias: Vec<i32>,
    /// +1 or -1 for each row.
    pub signs: Vec<i32>,
    /// Codes of V, one row an output.
    pub readout: Vec<Vec<i32>>,
    /// Output biases in logit units.
    pub readout_bias: Vec<i32>,
    /// Width of the state.
    pub state_bits: u32,
    /// Width of a standardised input.
    pub input_bits: u32,
    /// Right shift of the standardisation.
    pub input_shift: u32,
    /// Left shift of `U x + b`.
    pub drive_shift: u32,
    /// Right shift after the recurrence.
    pub gain_shift: u32,
}

/// State of a run.
#[derive(Clone, Debug)]
pub struct PlainState {
    /// Hidden state.
    pub h: Vec<i64>,
    phase: u64,
}

fn clamp_to_bits(value: i64, bits: u32) -> i64 {
    value.clamp(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
}

fn round_shift(value: i64, shift: u32) -> i64 {
    (value + (1 << (shift - 1))) >> shift
}

impl PlainModel {
    /// The zero state.
    pub fn start(&self) -> PlainState {
        PlainState {
            h: vec![0; self.hidden_size],
            phase: 0,
        }
    }

    /// `2^gain_shift / sqrt(B)` as floor and 16-bit fraction, the fraction corrected for the geometric mean.
    fn gain(&self) -> (i64, u64) {
        let q = self.block_size.trailing_zeros();
        let (floor, fraction) = if q.is_multiple_of(2) {
            (1 << (self.gain_shift - q / 2), 0)
        } else {
            let right = 14 + q.div_ceil(2) - self.gain_shift;
            let q16 = if right == 0 {
                1_518_500_250u64
            } else {
                (1_518_500_250 + (1 << (right - 1))) >> right
            };
            ((q16 >> 16) as i64, q16 & 0xFFFF)
        };
        let missing = if floor == 0 {
            0
        } else {
            ((fraction * (65536 - fraction)) >> 17) / floor as u64
        };
        (floor, fraction + missing)
    }

    /// Standardised inputs of a raw sample.
    pub fn standardise(&self, raw: &[i16]) -> Vec<i64> {
        raw.iter()
            .zip(&self.channels)
            .map(|(&raw, &(offset, multiplier))| {
                let scaled = (i64::from(raw) - i64::from(offset)) * i64::from(multiplier);
                clamp_to_bits(round_shift(scaled, self.input_shift), self.input_bits)
            })
            .collect()
    }

    /// Advances by one raw sample.
    pub fn step(&self, state: &mut PlainState, raw: &[i16]) {
        let x = self.standardise(raw);
        let (floor, fraction) = self.gain();
        state.phase += fraction;
        let gain = floor + (state.phase >> 16) as i64;
        state.phase &= 0xFFFF;
        let next = (0..self.hidden_size)
            .map(|i| {
                let first = i / self.block_size * self.block_size;
                let product: i64 = (0..self.block_size)
                    .map(|j| {
                        let plus = ((i - first) & j).count_ones().is_multiple_of(2);
                        if plus {
                            state.h[first + j]
                        } else {
                            -state.h[first + j]
                        }
                    })
                    .sum();
                let drive: i64 = self.input[i]
                    .iter()
                    .zip(&x)
                    .map(|(&u, &x)| i64::from(u) * x)
                    .sum();
                let drive = drive + i64::from(self.bias[i]);
                let sum = (drive << self.drive_shift) + i64::from(self.signs[i]) * gain * product;
                assert!(
                    i32::try_from(sum + (1 << (self.gain_shift - 1))).is_ok(),
                    "bound violated"
                );
                clamp_to_bits(round_shift(sum, self.gain_shift), self.state_bits)
            })
            .collect();
        state.h = next;
    }

    /// Logits of a state.
    pub fn logits(&self, state: &PlainState) -> Vec<i64> {
        self.readout
            .iter()
            .zip(&self.readout_bias)
            .map(|(row, &bias)| {
                let sum: i64 = row
                    .iter()
                    .zip(&state.h)
                    .map(|(&v, &h)| i64::from(v) * h.max(0))
                    .sum();
                sum + i64::from(bias)
            })
            .collect()
    }
}
