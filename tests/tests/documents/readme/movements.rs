//! The hadamrnn model "har2": 3996 bytes, in `movements.hdrn`. Its sessions are `Session<RoomOf<FwhtPacked, 128, 15, 128, 0, 128>>`.
//!
//! Written by hadamrnn 0.1.0 (`hadamrnn export --rust`). With `mod movements;`:
//!
//! ```ignore
//! let model = movements::MODEL.model()?;
//! let mut session = movements::MODEL.session(&model)?;
//! session.push(&sample)?;
//! movements::MODEL.class_name(session.class());
//! ```
#![allow(dead_code, reason = "a program takes of it what it needs")]

/// Samples of a window, of those that are used: read the class after so many, then reset.
pub const WINDOW: usize = 64;

/// Samples that are used from one window to the next in training; to answer so often, sessions run side by side.
pub const HOP: usize = 32;

/// One of so many samples of the sensor is used: push the first of every so many.
pub const DECIMATION: usize = 2;

/// Samples of the sensor a second, in Hz.
pub const RATE_HZ: f32 = 50.0;

/// Names of the values of a sample, in their order.
#[rustfmt::skip]
pub const CHANNELS: [&str; 9] = [
    "body_acc_x",
    "body_acc_y",
    "body_acc_z",
    "body_gyro_x",
    "body_gyro_y",
    "body_gyro_z",
    "total_acc_x",
    "total_acc_y",
    "total_acc_z",
];

/// Size of a count of each channel, in its unit.
#[rustfmt::skip]
pub const CHANNEL_LSB: [f32; 9] = [
    0.00012207031,
    0.00012207031,
    0.00012207031,
    0.00026646248,
    0.00026646248,
    0.00026646248,
    0.00012207031,
    0.00012207031,
    0.00012207031,
];

/// Counts of each channel that are 1 of its unit.
#[rustfmt::skip]
pub const CHANNEL_COUNTS_PER_UNIT: [f32; 9] = [
    8192.0,
    8192.0,
    8192.0,
    3752.8735,
    3752.8735,
    3752.8735,
    8192.0,
    8192.0,
    8192.0,
];

/// Units of the channels.
#[rustfmt::skip]
pub const CHANNEL_UNITS: [&str; 9] = [
    "g",
    "g",
    "g",
    "rad/s",
    "rad/s",
    "rad/s",
    "g",
    "g",
    "g",
];

/// Names of the classes.
#[rustfmt::skip]
pub const CLASS_NAMES: [&str; 2] = [
    "OTHER",
    "SITTING_LAYING_UPSTAIRS",
];

hadamrnn_runtime::model! {
    /// The model. A `Session<'_, Room>` is a session of it.
    pub static MODEL: Room = "movements.hdrn",
        classes = CLASS_NAMES,
}
