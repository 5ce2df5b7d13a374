//! Sources of a layer's input projection.

use crate::codegen::keep_rolled;
use crate::input_projection::{InputProjection, InputTile, Rows};

/// Values that a step adds to a layer's recurrence, row by row.
#[derive(Clone, Copy)]
pub(crate) enum LayerInput<'a> {
    /// `U x + b`, or a token's row, computed as it is needed.
    Product(&'a InputProjection<'a>),
    /// Computed before, one word a row: the second layer's.
    Ready(&'a [i32]),
}

/// The rows of a source still to come.
pub(crate) enum LayerInputRows<'a> {
    Product(Rows<'a>),
    Ready(&'a [i32]),
}

impl<'a> LayerInputRows<'a> {
    pub fn new(layer_input: &LayerInput<'a>) -> Self {
        match layer_input {
            LayerInput::Product(layer_input) => Self::Product(Rows::new(layer_input)),
            LayerInput::Ready(rows) => Self::Ready(rows),
        }
    }

    /// The next rows: in pairs of lanes or one a word, as the layer says; see [`Rows::next_tile`].
    #[inline(always)]
    pub fn next_tile(&mut self, tile: &mut InputTile) {
        match self {
            Self::Product(rows) => rows.next_tile(tile),
            Self::Ready(rows) => {
                for (to, row) in tile.iter_mut().zip(rows.iter()) {
                    keep_rolled();
                    *to = *row as u32;
                }
                *rows = rows.get(tile.len()..).unwrap_or(&[]);
            }
        }
    }
}
