//! A shipped HadamRNN model as bytes: `har2`, which tells standing or sitting still from moving by the sensors of a telephone
//! at the waist. 128 hidden units in 996 bytes.
//!
//! `hadamrnn-runtime` runs it, and its macro `model!` embeds any model file of yours in the same way. `hadamrnn` trains models;
//! it carries this one to verify and measure with where none is named.
#![no_std]

/// The files of a model folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The packed integer model, `model.hdrn`. Copy it to a boundary of four bytes before the runtime reads it in place.
    pub model: &'static [u8],
    /// Where the model comes from, `card.toml`: commands, configuration, seed, metrics, scales, digests.
    pub card: &'static str,
    /// Sixteen raw input windows of the test split, `windows.bin`.
    pub windows: &'static [u8],
    /// Class, logits and digest of all hidden states for each of these windows, `golden.json`.
    pub golden: &'static str,
}

/// The model `har2`: 128 steps of 9 raw sensor values give one of two classes.
pub const HAR2: Folder = Folder {
    model: include_bytes!("har2/model.hdrn"),
    card: include_str!("har2/card.toml"),
    windows: include_bytes!("har2/windows.bin"),
    golden: include_str!("har2/golden.json"),
};
