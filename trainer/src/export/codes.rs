//! The integer codes of U (or the table of tokens) and V.

use anyhow::{Context, Result, ensure};
use hadamrnn_runtime::fields::FieldWidth;

use super::width;
use crate::config::ExportConfig;
use crate::nn::{HostWeights, Input, NetworkConfig, quant};

/// Quantised weights.
pub(super) struct Codes {
    /// Codes of U, `[n, d_in]`, or of the table of tokens, `[vocabulary, n]`.
    pub input: Vec<i32>,
    /// Weight that a code of 1 stands for in `input`.
    pub input_scale: f32,
    /// How `input` is stored.
    pub input_width: FieldWidth,
    /// Codes of V, `[d_out, n]`.
    pub readout: Vec<i32>,
    /// Weight that a code of 1 stands for in `readout`.
    pub readout_scale: f32,
    /// How `readout` is stored.
    pub readout_width: FieldWidth,
}

impl Codes {
    /// Quantises as in training; a table folded from an embedding to `table_bits`.
    ///
    /// # Errors
    /// U or V has full precision, and `config` does not say how many bits to give it.
    pub fn new(weights: &HostWeights, config: &ExportConfig) -> Result<Self> {
        let network = &weights.config.network;
        let bits = |trained: Option<u8>, name: &str| {
            trained.or(config.weight_bits).with_context(|| {
                format!(
                    "{name} was trained in full precision: train it with 1 to 8 bits, or quantise it now with \
                     --weight-bits, which may cost accuracy"
                )
            })
        };
        let folded = matches!(
            weights.config.input,
            Input::Tokens {
                embedding: Some(_),
                ..
            }
        );
        let (input_field, (input, input_scale)) = if folded {
            (
                config.table_bits,
                symmetric(&weights.input, config.table_bits),
            )
        } else {
            let bits = bits(network.input_bits, "U")?;
            let field = config
                .input_field_bits
                .map_or(bits, |field| field.max(bits));
            (field, quant::quantise(&weights.input, bits))
        };
        let input_width = width(input_field)?;
        check_rows(network, input_width)?;
        let readout_bits = bits(network.readout_bits, "V")?;
        let (readout, readout_scale) = quant::quantise(&weights.readout, readout_bits);
        Ok(Self {
            input,
            input_scale,
            input_width,
            readout,
            readout_scale,
            readout_width: width(readout_bits)?,
        })
    }
}

/// Whether the trained rows of U are whole words of codes in every block; training in full precision has not checked it.
fn check_rows(network: &NetworkConfig, width: FieldWidth) -> Result<()> {
    let Some(rows) = network.input_rows else {
        return Ok(());
    };
    let multiple = width.per_word() * network.blocks();
    ensure!(
        rows.is_multiple_of(multiple),
        "{rows} rows of U were trained, but fields of {} bits need a multiple of {multiple}: store it in wider fields, by \
         --input-field-bits or --weight-bits, or train another number of rows",
        width.bits()
    );
    Ok(())
}

/// Codes up to `2^(bits-1) - 1` on both sides: nothing is clipped that training has not clipped.
fn symmetric(weights: &[f32], bits: u8) -> (Vec<i32>, f32) {
    let limit = f32::from((1u16 << (bits - 1)) - 1);
    let range = weights
        .iter()
        .fold(f32::MIN_POSITIVE, |max, w| max.max(w.abs()));
    let scale = range / limit;
    let code = |weight: &f32| (weight / scale).round_ties_even().clamp(-limit, limit) as i32;
    (weights.iter().map(code).collect(), scale)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_folded_table_is_not_clipped_and_keeps_padding_at_zero() {
        let (codes, scale) = super::symmetric(&[0.0, 0.0, 1.5, -1.5, 0.75], 4);
        assert_eq!(codes, [0, 0, 7, -7, 4]);
        assert!((scale - 1.5 / 7.0).abs() < 1e-7);
    }
}
