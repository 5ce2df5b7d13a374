//! Integer-only inference for HadamRNNs on microcontrollers.
//!
//! A HadamRNN (arXiv 2502.00047) is a linear recurrent network whose recurrent matrix is a Hadamard matrix with random
//! or learnt row signs, `W = diag(s) · (I ⊗ H) / sqrt(B)`, so its product needs additions only:
//!
//! ```text
//! h_t = W h_{t-1} + U x_t + b        y = V relu(h_T) + b_o
//! ```
//!
//! This crate reads an exported model in place (flash or memory map, no copy of the weights), and runs it one sample at
//! a time with 32-bit integers. It allocates nothing, and no path of it panics. On
//! Cortex-M the packed kernel is assembly, the only `unsafe` of the crate; everywhere else, and with feature `portable`, it is
//! Rust.
//!
//! # A model as part of a program
//!
//! [`model!`] embeds a file. It is checked when the program is compiled, and gives its sessions the room that they need:
//!
//! ```
//! hadamrnn_runtime::model! {
//!     /// Sitting, lying or walking upstairs, against the rest, from a telephone at the waist.
//! # /*
//!     static MOVEMENTS: Movements = "movements.hdrn", classes = ["other", "resting or upstairs"];
//! # */ static MOVEMENTS: Movements = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/har2.hdrn"), classes = ["other", "resting or upstairs"];
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut session = MOVEMENTS.start();
//! for _ in 0..128 {
//!     session.push(&[120, -36, 8, 3, 2, -1, 8192, -40, 1033])?; // raw sensor counts
//! }
//! println!("{}", MOVEMENTS.class_name(session.class()));
//! # Ok(())
//! # }
//! ```
//!
//! The compiler reads the file, checks it and proves that no input overflows, by the same functions as
//! [`Model::from_bytes`]: firmware with such a session contains none of them, and of its kernel only what the model needs.
//! [`Embedded::model`] and [`Embedded::session`] read the file when the program runs instead, with its checksum, so that
//! damaged flash is found.
//!
//! # A model from elsewhere
//!
//! Bytes that are known only at run time, such as those of a slot in flash, run in a [`Session`] with [room](RoomOf) for the
//! largest model that the program takes:
//!
//! ```
//! use hadamrnn_runtime::{Model, RoomOf, Session, kernel::FwhtPacked};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # /*
//! static BYTES: &[u8] = hadamrnn_runtime::include_model!("movements.hdrn");
//! # */ static BYTES: &[u8] = hadamrnn_runtime::include_model!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/har2.hdrn"));
//! let model = Model::from_bytes(BYTES)?;
//! // Room for 128 hidden units and 9 inputs.
//! let mut session = Session::<RoomOf<FwhtPacked, 128, 9>>::new(&model)?;
//! session.push(&[120, -36, 8, 3, 2, -1, 8192, -40, 1033])?;
//! assert!(session.class() < model.class_count());
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `fallback` (default) | models that the target's assembly does not take; without it they are refused, and firmware is 5 KiB smaller |
//! | `encode` | [`format::encode`] writes models: for exporters, not for firmware |
//! | `defmt` | `defmt::Format` for errors and summaries of models |
//! | `portable` | Rust instead of assembly on every target |
//!
//! # Beside this crate
//!
//! `hadamrnn` trains and exports models, `hadamrnn-device` has what a board around the runtime needs (models in slots of flash, a
//! serial link, overlapping windows over a stream), `hadamrnn-c` is the interface for C. The format is specified in
//! `docs/FORMAT.md` of the repository, the arithmetic in `docs/ARITHMETIC.md`.
#![no_std]

/// The examples of the page that the registry of crates shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(target_endian = "big")]
compile_error!(
    "the model format is read in place as little-endian words; big-endian targets are not supported"
);

mod arch;
mod binary_matrix;
mod bounds;
mod capacities;
mod codegen;
pub mod decision;
pub mod digest;
#[doc(hidden)]
pub mod embedded;
mod error;
pub mod fields;
pub mod format;
mod gain;
pub mod guard;
mod hadamard;
mod hidden_readout;
mod input_projection;
pub mod kernel;
mod lanes;
mod layer;
mod layer_input;
pub mod limits;
mod model;
mod novelty;
mod pool;
mod readout;
pub mod room;
mod session;
mod source;
mod standardise;
mod step;
pub mod taught;

pub use binary_matrix::SecondLayer;
pub use capacities::Capacities;
pub use embedded::{Embedded, EmbeddedModel, EmbeddedSession};
pub use error::SessionError;
pub use format::{Bounds, ModelError};
pub use gain::Gain;
pub use hidden_readout::HiddenReadout;
pub use kernel::Kernel;
pub use layer::Layer;
pub use model::Model;
pub use novelty::{DIMENSIONS, DIMENSIONS_OF_GROUP, Metric, Place};
pub use readout::{Logits, class_of};
pub use room::{Room, RoomOf};
pub use session::Session;
pub use source::{Loaded, Source};
pub use standardise::{Channel, standardise};

/// Embeds a model file with the four-byte alignment that [`Model::from_bytes`] needs.
///
/// The path is resolved like that of [`include_bytes!`]; the expression is a `&'static [u8]`.
#[macro_export]
macro_rules! include_model {
    ($path:expr) => {{
        #[repr(C, align(4))]
        struct Aligned<T: ?Sized>(T);
        static MODEL: &Aligned<[u8]> = &Aligned(*include_bytes!($path));
        &MODEL.0
    }};
}
