//! Sections that do not depend on scales.

use super::codes::Codes;
use super::{Source, pack};
use crate::nn::{HadamRnnConfig, Input, Mixing};

/// Words of the sections, as `hadamrnn_runtime::format::Sections` has them.
pub(super) struct FixedSections {
    pub input: Vec<u32>,
    pub signs: Vec<u32>,
    pub mixing: Vec<u32>,
    pub second_signs: Vec<u32>,
    pub hidden_matrix: Vec<u32>,
    pub readout: Vec<u32>,
}

impl FixedSections {
    pub fn pack(source: &Source<'_>, codes: &Codes) -> Self {
        let weights = source.weights;
        let network = &weights.config;
        let second = weights.second.as_ref().zip(network.second.as_ref());
        let hidden = weights.hidden_readout.as_ref();
        let input = driven(network, &codes.input);
        Self {
            input: match network.input {
                Input::Numbers(d_in) => pack::input(&input, d_in, codes.input_width),
                Input::Tokens { .. } => {
                    let row = network.input_rows.unwrap_or(network.hidden_size);
                    pack::rows(&input, row, codes.input_width)
                }
            },
            signs: pack::signs(&weights.signs),
            mixing: second.map_or(Vec::new(), |(weights, layer)| {
                pack::mixing(&weights.mixing, layer.mixing, network.hidden_size)
            }),
            second_signs: second.map_or(Vec::new(), |(weights, _)| pack::signs(&weights.signs)),
            hidden_matrix: hidden.map_or(Vec::new(), |weights| {
                pack::mixing(&weights.matrix, Mixing::Dense, network.top_size())
            }),
            readout: pack::rows(&codes.readout, network.read_size(), codes.readout_width),
        }
    }
}

/// The codes of units that inputs drive: rows of U, or columns of a table of tokens.
fn driven(network: &HadamRnnConfig, codes: &[i32]) -> Vec<i32> {
    let unit = |at: usize| match network.input {
        Input::Numbers(d_in) => at / d_in,
        Input::Tokens { .. } => at % network.hidden_size,
    };
    let codes = codes.iter().enumerate();
    let driven = codes.filter(|&(at, _)| network.is_driven(unit(at)));
    driven.map(|(_, &code)| code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RunConfig;
    use crate::data::Task;

    #[test]
    fn driven_codes_are_the_first_of_each_block() {
        let mut config = RunConfig::for_task(Task::Har2);
        config.network.resize(32);
        (config.network.log2_block, config.network.input_rows) = (4, Some(16));
        let numbers = config.network(Input::Numbers(2), 1);
        let codes: Vec<i32> = (0..64).collect();
        let expected: Vec<i32> = (0..16).chain(32..48).collect();
        assert_eq!(driven(&numbers, &codes), expected);
        let tokens = Input::Tokens {
            vocabulary: 2,
            embedding: None,
        };
        let tokens = config.network(tokens, 1);
        let expected: Vec<i32> = [0, 16, 32, 48]
            .into_iter()
            .flat_map(|first| first..first + 8)
            .collect();
        assert_eq!(driven(&tokens, &codes), expected);
    }
}
