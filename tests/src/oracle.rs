//! The arithmetic of `docs/ARITHMETIC.md`, written for reading: 64-bit integers, explicit ±1 matrices, no packing.
//!
//! It shares no code with the runtime.

/// A model as plain numbers.
#[derive(Clone, Debug)]
pub struct PlainModel {
    /// Input of the first layer in a step.
    pub input: PlainInput,
    /// Rows of each diagonal block, from its first on, that an input drives: the others of U or of the table are zero.
    pub driven_rows: usize,
    /// Biases of the first layer in units of `U x`.
    pub bias: Vec<i32>,
    /// Left shift of `U x + b`.
    pub layer_input_shift: u32,
    /// The first layer.
    pub layer: PlainLayer,
    /// The second layer.
    pub second: Option<PlainSecond>,
    /// How the state is read.
    pub readout_kind: PlainReadout,
    /// A layer between what is read and V.
    pub hidden: Option<PlainHidden>,
    /// Codes of V, one row an output.
    pub readout: Vec<Vec<i32>>,
    /// Output biases in logit units.
    pub readout_bias: Vec<i32>,
}

/// Input of the first layer in a step.
#[derive(Clone, Debug)]
pub enum PlainInput {
    /// Raw counts, standardised, times U.
    Numbers {
        /// `(offset, multiplier)` of each input.
        channels: Vec<(i16, u16)>,
        /// Whether an input reads the raw count of the one before; never the first.
        copies: Vec<bool>,
        /// Codes of U, `n` rows.
        weights: Vec<Vec<i32>>,
        /// Width of a standardised input.
        bits: u32,
        /// Right shift of the standardisation.
        shift: u32,
    },
    /// A row of a table.
    Tokens {
        /// Codes, one row of `n` a token.
        table: Vec<Vec<i32>>,
        /// Factor of the codes.
        multiplier: u16,
    },
}

/// A recurrent layer.
#[derive(Clone, Debug)]
pub struct PlainLayer {
    /// Number of units.
    pub hidden_size: usize,
    /// Side of the diagonal blocks.
    pub block_size: usize,
    /// +1 or -1 for each row.
    pub signs: Vec<i32>,
    /// The state keeps `1 - 2^-leak` of itself; 0 for all.
    pub leak: u32,
    /// Width of the state.
    pub state_bits: u32,
    /// Right shift after the recurrence.
    pub gain_shift: u32,
}

/// A second layer.
#[derive(Clone, Debug)]
pub struct PlainSecond {
    /// Recurrence of the layer.
    pub layer: PlainLayer,
    /// The matrix from the first layer's states.
    pub mixing: PlainMixing,
    /// Factor of its product.
    pub multiplier: u16,
    /// Biases, one a row; empty if there are none.
    pub bias: Vec<i32>,
}

/// A matrix of signs.
#[derive(Clone, Debug)]
pub enum PlainMixing {
    /// Row by row.
    Dense(Vec<Vec<i32>>),
    /// `diag(a) H diag(c)`.
    Hadamard(Vec<i32>, Vec<i32>),
}

/// A dense binary layer in the readout.
#[derive(Clone, Debug)]
pub struct PlainHidden {
    /// Signs, row by row.
    pub matrix: Vec<Vec<i32>>,
    /// Factor of its product.
    pub multiplier: u16,
    /// Biases, one a unit; empty if there are none.
    pub bias: Vec<i32>,
    /// Right shift of the product with its bias.
    pub shift: u32,
    /// Width of the result.
    pub bits: u32,
}

/// How the state is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainReadout {
    /// The current state.
    LastState,
    /// The current state, meant to be read after every step.
    EveryStep,
    /// Sums over time, shifted right.
    Pooled(u32),
    /// The same of sums that lose a part of themselves before some steps.
    Fading {
        /// Right shift of the sums.
        shift: u32,
        /// A sum loses `2^-loss` of itself, rounded down.
        loss: u32,
        /// Steps from one loss to the next.
        interval: u64,
    },
}

impl PlainReadout {
    /// Whether states are summed over time.
    pub fn is_pooled(self) -> bool {
        matches!(self, Self::Pooled(_) | Self::Fading { .. })
    }
}

/// State of a run.
#[derive(Clone, Debug)]
pub struct PlainState {
    /// First layer.
    pub h: Vec<i64>,
    /// Second layer, empty without one.
    pub second: Vec<i64>,
    sums: Vec<i64>,
    phases: [u64; 2],
    steps: u64,
}

fn clamp_to_bits(value: i64, bits: u32) -> i64 {
    value.clamp(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
}

fn round_shift(value: i64, shift: u32) -> i64 {
    match shift {
        0 => value,
        shift => (value + (1 << (shift - 1))) >> shift,
    }
}

/// `H[i][j]` of the Sylvester-Hadamard matrix.
fn hadamard(i: usize, j: usize) -> i64 {
    1 - 2 * i64::from((i & j).count_ones() % 2)
}

impl PlainLayer {
    /// `2^gain_shift (1 - 2^-leak) / sqrt(B)` as floor and 16-bit fraction, the fraction corrected for the geometric
    /// mean.
    pub fn gain(&self) -> (i64, i64) {
        let q = self.block_size.trailing_zeros();
        let full = if q.is_multiple_of(2) {
            1 << (16 + self.gain_shift - q / 2)
        } else {
            round_shift(1_518_500_250, 14 + q.div_ceil(2) - self.gain_shift)
        };
        let kept = match self.leak {
            0 => full,
            leak => full - round_shift(full, leak),
        };
        let (floor, fraction) = (kept / 65536, kept % 65536);
        let missing = ((fraction * (65536 - fraction)) / 131_072).checked_div(floor);
        (floor, fraction + missing.unwrap_or(0))
    }

    /// The next state, where `driven` is what is added before the right shift.
    fn step(&self, h: &[i64], phase: &mut u64, driven: &[i64]) -> Vec<i64> {
        let (floor, fraction) = self.gain();
        *phase += fraction as u64;
        let gain = floor + (*phase >> 16) as i64;
        *phase &= 0xFFFF;
        (0..self.hidden_size)
            .map(|i| {
                let first = i / self.block_size * self.block_size;
                let product: i64 = (0..self.block_size)
                    .map(|j| hadamard(i - first, j) * h[first + j])
                    .sum();
                let sum = driven[i] + i64::from(self.signs[i]) * gain * product;
                assert!(
                    i32::try_from(sum + (1 << (self.gain_shift - 1))).is_ok(),
                    "bound violated"
                );
                clamp_to_bits(round_shift(sum, self.gain_shift), self.state_bits)
            })
            .collect()
    }
}

impl PlainHidden {
    /// The layer's units.
    fn units(&self, read: &[i64]) -> Vec<i64> {
        let unit = |(i, row): (usize, &Vec<i32>)| {
            let terms = row.iter().zip(read);
            let sum: i64 = terms.map(|(&sign, &h)| i64::from(sign) * h.max(0)).sum();
            let bias = self.bias.get(i).copied().unwrap_or(0);
            let sum = sum * i64::from(self.multiplier) + i64::from(bias);
            clamp_to_bits(round_shift(sum, self.shift), self.bits)
        };
        self.matrix.iter().enumerate().map(unit).collect()
    }
}

impl PlainMixing {
    /// Entry of the matrix.
    fn entry(&self, i: usize, j: usize) -> i64 {
        match self {
            Self::Dense(rows) => rows[i][j].into(),
            Self::Hadamard(a, c) => i64::from(a[i]) * hadamard(i, j) * i64::from(c[j]),
        }
    }
}

impl PlainModel {
    /// The layer that is read.
    pub fn top(&self) -> &PlainLayer {
        self.second
            .as_ref()
            .map_or(&self.layer, |second| &second.layer)
    }

    /// Units that V reads.
    pub fn read_size(&self) -> usize {
        let top = self.top().hidden_size;
        self.hidden
            .as_ref()
            .map_or(top, |hidden| hidden.matrix.len())
    }

    /// Columns of U.
    pub fn input_size(&self) -> usize {
        match &self.input {
            PlainInput::Numbers { channels, .. } => channels.len(),
            PlainInput::Tokens { .. } => 1,
        }
    }

    /// Values of a sample.
    pub fn sample_size(&self) -> usize {
        match &self.input {
            PlainInput::Numbers { copies, .. } => copies.iter().filter(|copy| !**copy).count(),
            PlainInput::Tokens { .. } => 1,
        }
    }

    /// The zero state.
    pub fn start(&self) -> PlainState {
        PlainState {
            h: vec![0; self.layer.hidden_size],
            second: vec![
                0;
                self.second
                    .as_ref()
                    .map_or(0, |second| second.layer.hidden_size)
            ],
            sums: vec![0; self.top().hidden_size],
            phases: [0; 2],
            steps: 0,
        }
    }

    /// `U x + b`, or the token's row, of a raw sample.
    fn layer_input(&self, raw: &[i16]) -> Vec<i64> {
        let row = |i: usize| -> i64 {
            match &self.input {
                PlainInput::Numbers {
                    channels,
                    copies,
                    weights,
                    bits,
                    shift,
                } => (0..channels.len())
                    .map(|j| {
                        let (offset, multiplier) = channels[j];
                        let before = copies[..=j].iter().filter(|copy| !**copy).count();
                        let raw = i64::from(raw[before - 1]);
                        let scaled = (raw - i64::from(offset)) * i64::from(multiplier);
                        let x = clamp_to_bits(round_shift(scaled, *shift), *bits);
                        i64::from(weights[i][j]) * x
                    })
                    .sum(),
                PlainInput::Tokens { table, multiplier } => {
                    i64::from(table[usize::from(raw[0] as u16)][i]) * i64::from(*multiplier)
                }
            }
        };
        (0..self.layer.hidden_size)
            .map(|i| row(i) + i64::from(self.bias[i]))
            .collect()
    }

    /// Advances by one raw sample.
    pub fn step(&self, state: &mut PlainState, raw: &[i16]) {
        let driven: Vec<i64> = self
            .layer_input(raw)
            .iter()
            .map(|d| d << self.layer_input_shift)
            .collect();
        let [first_phase, second_phase] = &mut state.phases;
        state.h = self.layer.step(&state.h, first_phase, &driven);
        if let Some(second) = &self.second {
            let driven: Vec<i64> = (0..second.layer.hidden_size)
                .map(|i| {
                    let terms = state.h.iter().enumerate();
                    let sum: i64 = terms
                        .map(|(j, &h)| second.mixing.entry(i, j) * h.max(0))
                        .sum();
                    let bias = second.bias.get(i).copied().unwrap_or(0);
                    sum * i64::from(second.multiplier) + i64::from(bias)
                })
                .collect();
            state.second = second.layer.step(&state.second, second_phase, &driven);
        }
        let top = if self.second.is_some() {
            &state.second
        } else {
            &state.h
        };
        if let PlainReadout::Fading { loss, interval, .. } = self.readout_kind
            && state.steps > 0
            && state.steps.is_multiple_of(interval)
        {
            state.sums.iter_mut().for_each(|sum| *sum -= *sum >> loss);
        }
        state.steps += 1;
        for (sum, &h) in state.sums.iter_mut().zip(top) {
            *sum = (*sum + h.max(0)).min(i32::MAX.into());
        }
    }

    /// What the readout reads of a state, rectified.
    pub fn read(&self, state: &PlainState) -> Vec<i64> {
        let top = if self.second.is_some() {
            &state.second
        } else {
            &state.h
        };
        match self.readout_kind {
            PlainReadout::Pooled(shift) | PlainReadout::Fading { shift, .. } => (state.sums.iter())
                .map(|&sum| round_shift(sum, shift).min(32767))
                .collect(),
            _ => top.iter().map(|&h| h.max(0)).collect(),
        }
    }

    /// Logits of a state.
    pub fn logits(&self, state: &PlainState) -> Vec<i64> {
        let read = self.read(state);
        let read = match &self.hidden {
            Some(hidden) => hidden.units(&read),
            None => read,
        };
        let row = |row: &Vec<i32>| -> i64 {
            row.iter()
                .zip(&read)
                .map(|(&v, &h)| i64::from(v) * h.max(0))
                .sum()
        };
        self.readout
            .iter()
            .zip(&self.readout_bias)
            .map(|(v, &bias)| row(v) + i64::from(bias))
            .collect()
    }
}
