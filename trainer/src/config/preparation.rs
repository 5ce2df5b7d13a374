//! Preparation of sensor channels for the network, on the host as on the board.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::bounds::{self, within};

/// How a sensor's channels become the network's inputs. Integers do all of it on the board, at no cost but the inputs'.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Preparation {
    /// Every how many samples one is used, `1..=65_535`: half the sample rate takes half the steps.
    pub decimation: usize,
    /// Factor on standardised inputs.
    pub gain: f32,
    /// Inputs saturate at plus and minus this; absent the largest one seen in training is the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clamp: Option<f32>,
    /// Channels, numbered from 0, that feed the network a second time with [`copy_gain`](Self::copy_gain): with a clamp,
    /// a copy shows what is small beside the whole channel.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<usize>,
    /// Factor on the standardised copies.
    pub copy_gain: f32,
}

impl Default for Preparation {
    fn default() -> Self {
        Self {
            decimation: 1,
            gain: 1.0,
            clamp: None,
            copies: Vec::new(),
            copy_gain: 1.0,
        }
    }
}

impl Preparation {
    /// Whether it changes nothing.
    pub fn is_identity(&self) -> bool {
        *self == Self::default()
    }

    /// Checks every range; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    pub fn validate(&self) -> Result<()> {
        within("decimation", self.decimation, bounds::SAMPLES)?;
        let clamp = self.clamp.unwrap_or(1.0);
        for (field, value) in [
            ("gain", self.gain),
            ("clamp", clamp),
            ("copy_gain", self.copy_gain),
        ] {
            ensure!(
                value.is_finite() && value > 0.0,
                "{field} must be a positive number, not {value}"
            );
        }
        let increasing = self.copies.windows(2).all(|pair| pair[0] < pair[1]);
        ensure!(
            increasing,
            "copies must name each channel once, in increasing order, not {:?}",
            self.copies
        );
        let last = self.copies.last().copied();
        within("copies", last.unwrap_or(0), bounds::CHANNELS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_field() {
        let refused: [(&str, Preparation); 6] = [
            (
                "decimation",
                Preparation {
                    decimation: usize::MAX,
                    ..Preparation::default()
                },
            ),
            (
                "copies",
                Preparation {
                    copies: vec![0, usize::MAX],
                    ..Preparation::default()
                },
            ),
            (
                "decimation",
                Preparation {
                    decimation: 0,
                    ..Preparation::default()
                },
            ),
            (
                "clamp",
                Preparation {
                    clamp: Some(f32::NAN),
                    ..Preparation::default()
                },
            ),
            (
                "copy_gain",
                Preparation {
                    copy_gain: -1.0,
                    ..Preparation::default()
                },
            ),
            (
                "copies",
                Preparation {
                    copies: vec![1, 1],
                    ..Preparation::default()
                },
            ),
        ];
        for (field, preparation) in refused {
            let error = preparation.validate().unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
        assert!(Preparation::default().validate().is_ok());
    }
}
