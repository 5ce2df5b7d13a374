//! Random models whose readout the runtime has assembly for: pooled, or with a hidden layer, up to the edges.

use proptest::prelude::*;

use crate::bounds;
use crate::models::{Widths, models, shrink_to_bound};
use crate::oracle::{PlainInput, PlainModel};

/// Random models of one layer of numbers with a pooled readout, a hidden readout layer, or both.
///
/// Half of the hidden layers have a bias that takes their sums to the limit of 32 bits. States have up to 16 bits, so the
/// sums of a few steps pass what a readout takes of them.
pub fn readout_models(
    log2_hidden: std::ops::RangeInclusive<u32>,
) -> impl Strategy<Value = (PlainModel, Widths)> {
    let models = models(log2_hidden).prop_filter("a readout of its own", |(model, _)| {
        let numbers = matches!(model.input, PlainInput::Numbers { .. });
        let own = model.readout_kind.is_pooled() || model.hidden.is_some();
        numbers && model.second.is_none() && own
    });
    (models, any::<bool>()).prop_map(|((mut model, widths), to_the_limit)| {
        if to_the_limit {
            fill_hidden(&mut model, widths);
            shrink_to_bound(&mut model, widths);
        }
        (model, widths)
    })
}

/// Gives the first unit of the hidden layer the largest bias that 32 bits have room for.
fn fill_hidden(model: &mut PlainModel, widths: Widths) {
    let room = i64::from(i32::MAX) - bounds::of(model, widths.input).hidden;
    let Some(hidden) = &mut model.hidden else {
        return;
    };
    let largest = (hidden.bias.iter().map(|bias| bias.unsigned_abs()).max()).unwrap_or(0);
    if let Some(first) = hidden.bias.first_mut() {
        *first = i32::try_from(i64::from(largest) + room).expect("within the bound");
    }
}
