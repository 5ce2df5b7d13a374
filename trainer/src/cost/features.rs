//! The parts of a step and of a readout, of which instructions are a sum.

use super::Shape;
use crate::integer::KernelName;

/// Largest logarithm of a block.
const LOG2_BLOCKS: usize = 10;

/// Most inputs of models that the emulated firmware `cases` runs as models of few inputs, and of others.
const FEW: usize = 12;
const MANY: usize = 48;

/// Name of the way that a step takes. Each has factors of its own.
pub(super) fn step_way(shape: &Shape, kernel: KernelName) -> String {
    if shape.is_fast(kernel) {
        return "assembly".into();
    }
    let sums = if shape.fits_lanes { "lanes" } else { "wide" };
    format!("{}-bit-{sums}", shape.input_field)
}

/// Name of the way that a readout takes.
pub(super) fn readout_way(shape: &Shape) -> String {
    let source = if shape.pooled { "pool" } else { "state" };
    let hidden = if shape.read > 0 { "-hidden" } else { "" };
    format!("{}-bit-{source}{hidden}", shape.readout_field)
}

fn flag(is_set: bool) -> f64 {
    f64::from(u8::from(is_set))
}

/// Room of a session beyond what the model needs: loops over states and sums run over all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Hidden units.
    pub(super) hidden: usize,
    /// Units of a pooled readout.
    pub(super) pool: usize,
    /// Inputs.
    pub(super) inputs: usize,
    /// Units of a hidden readout layer.
    pub(super) read: usize,
}

impl Room {
    /// As much as the model needs, as in firmware that is built around it.
    pub(super) const fn exact(shape: &Shape) -> Self {
        Self {
            hidden: shape.hidden,
            pool: if shape.pooled { shape.hidden } else { 0 },
            inputs: shape.inputs(),
            read: shape.read,
        }
    }
}

/// Sizes of the session in which the emulated firmware `cases` runs a model of this shape.
pub(super) fn room_of_cases(shape: &Shape) -> Room {
    let reads_more = shape.pooled || shape.read > 0;
    let is_few = shape.inputs() <= FEW;
    let inputs = if is_few { FEW } else { MANY };
    match (reads_more, is_few) {
        (true, true) if shape.hidden.max(shape.read) <= 128 => Room {
            hidden: 128,
            pool: 128,
            inputs,
            read: 128,
        },
        (true, _) => Room {
            hidden: 256,
            pool: 256,
            inputs: MANY,
            read: 256,
        },
        (false, _) => Room {
            hidden: if is_few { shape.hidden.max(64) } else { 512 },
            pool: 0,
            inputs,
            read: 0,
        },
    }
}

/// Sizes of the parts of a step.
pub(super) fn of_step(shape: &Shape, room: Room) -> Vec<f64> {
    let n = shape.hidden as f64;
    let blocks = (shape.hidden >> shape.log2_block) as f64;
    let per_word = 32.0 / f64::from(shape.input_field);
    let undriven = (n - shape.driven_rows as f64) / per_word;
    let pooled = flag(shape.pooled);
    let mut parts = vec![1.0, blocks, room.hidden as f64];
    parts.extend(of_standardisation(shape));
    parts.extend(of_products(shape));
    parts.extend([
        // Rows that no input drives.
        undriven,
        flag(undriven > 0.0) * blocks,
        // Ends of rows.
        n * flag(shape.leak),
        n * flag(shape.state_bits == 10),
        n * flag(!matches!(shape.state_bits, 10 | 12)),
        // Rows come 32 at a time.
        flag(shape.hidden == 16),
        pooled,
        pooled * n,
        pooled * room.pool as f64,
    ]);
    // The transform. Its loops are set up once a step.
    for log2_block in 1..=LOG2_BLOCKS {
        let is_this = flag(shape.log2_block == log2_block);
        parts.extend([n * is_this, is_this]);
    }
    parts.extend(of_division(shape, undriven));
    parts
}

/// Sizes of the parts that a step of a fading pool has beside those of a pooled readout, in the mean over steps: a test, and every so
/// often a loss of all sums that the session has room for.
pub(super) fn of_fading(shape: &Shape, room: Room) -> [f64; 3] {
    let losses = shape
        .fading
        .map_or(0.0, |fading| 0.5f64.powi(fading.log2_interval.into()));
    [
        flag(shape.fading.is_some()),
        losses,
        losses * room.pool as f64,
    ]
}

/// Inputs of ten bits, without and with copies, and others each have code of their own; channels may go two by two.
fn of_standardisation(shape: &Shape) -> impl Iterator<Item = f64> {
    let kind = match (shape.input_bits, shape.copies) {
        (10, 0) => 0,
        (10, _) => 1,
        _ => 2,
    };
    let (inputs, channels) = (shape.inputs() as f64, shape.channels as f64);
    let odd = flag(shape.channels % 2 == 1);
    (0..3).flat_map(move |it| [1.0, inputs, channels, odd].map(|part| part * flag(it == kind)))
}

/// Products of groups of rows and inputs, which go in rounds, or in segments whose sums fit a lane.
fn of_products(shape: &Shape) -> [f64; 11] {
    let inputs = shape.inputs();
    let driven = groups(shape);
    let by_segment = match (shape.fits_lanes, segment(shape)) {
        (true, _) => [0; 3],
        (false, 0) => [0, 0, 1],
        (false, segment) => [
            inputs.div_ceil(segment),
            usize::from(segment == 1) * inputs,
            0,
        ],
    };
    let all = [
        1,
        inputs,
        inputs % 2,
        inputs.div_ceil(4),
        inputs.div_ceil(8),
        inputs.div_ceil(16),
        (inputs - 1).div_ceil(8),
        (inputs - 1).div_ceil(16),
        by_segment[0],
        by_segment[1],
        by_segment[2],
    ];
    all.map(|count| driven * count as f64)
}

/// Cores without a division divide the number of columns by that of a segment in a loop, once for each group of rows: its turns
/// depend on the logarithms of both, and on the bits of the quotient.
fn of_division(shape: &Shape, undriven: f64) -> [f64; 11] {
    let segment = segment(shape);
    if shape.fits_lanes || segment == 0 {
        return [0.0; 11];
    }
    let (inputs, driven) = (shape.inputs(), groups(shape));
    let quotient = inputs / segment;
    let turns = inputs.ilog2().saturating_sub(segment.ilog2());
    let bits = usize::BITS - quotient.leading_zeros();
    let is = |turn: u32| driven * flag(turns == turn);
    [
        driven * flag(inputs < segment),
        driven * f64::from(quotient.count_ones()),
        driven * flag(inputs.is_multiple_of(segment)),
        driven * f64::from(bits),
        is(0),
        is(1),
        is(2),
        is(3),
        is(4),
        undriven * f64::from(segment.ilog2()),
        undriven * flag(segment == 1),
    ]
}

/// Groups of driven rows that share words.
fn groups(shape: &Shape) -> f64 {
    let per_word = 32 / usize::from(shape.input_field);
    shape.driven_rows.div_ceil(per_word) as f64
}

/// Columns whose products fit half a word together, as the runtime has it; 0 where not even one does.
fn segment(shape: &Shape) -> usize {
    let largest_field = (1usize << shape.input_field) - 1;
    (i16::MAX as usize / largest_field) >> (shape.input_bits - 1)
}

/// Sizes of the parts of a readout.
pub(super) fn of_readout(shape: &Shape, room: Room) -> Vec<f64> {
    let (n, outputs, read) = (shape.hidden as f64, shape.outputs as f64, shape.read as f64);
    let has_hidden = flag(shape.read > 0);
    vec![
        1.0,
        outputs,
        outputs * shape.read_size() as f64,
        outputs * flag(shape.pooled) * room.pool as f64 * (1.0 - has_hidden),
        has_hidden * n,
        has_hidden * flag(shape.pooled) * room.pool as f64,
        read,
        read * n,
        read * flag(shape.read_bias),
        has_hidden * room.read as f64,
        flag(shape.outputs == 1),
        flag(shape.pooled) * room.pool as f64 * (1.0 - has_hidden),
    ]
}
