#!/bin/sh
# adxl343 0.8.0: `accel_raw` and `accel_norm` take the first byte of a value for the high one. The chip sends the low byte
# first, as the comment above that very function quotes from the data sheet; the reader of left-justified values has it right.
# So 384 counts, 1.5 g upwards in the default format, become -32767 counts and a full scale downwards.
#
# Seen on 2026-11-30, rustc 1.95.0, with a chip that holds 384 in X, 256 in Y and 1 in Z:
#   accel_raw x = -32767 y = 1 z = 256
#   accel_norm x = -2.000 y = 0.000 z = 0.016
# Fails once the crate gives 384, 256 and 1.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"
[dependencies]
adxl343 = "=0.8.0"
embedded-hal = "=0.2.7"
[workspace]
TOML
cat > src/main.rs <<'RUST'
use adxl343::accelerometer::{Accelerometer as _, RawAccelerometer as _};
use adxl343::Adxl343;
use core::convert::Infallible;
use embedded_hal::blocking::i2c::{Write, WriteRead};

const DEVID: usize = 0x00;
const DATAX0: usize = 0x32;

/// Registers of a chip; a transfer goes on from the register that it names.
struct Chip([u8; 64]);

impl Write for Chip {
    type Error = Infallible;

    fn write(&mut self, _: u8, bytes: &[u8]) -> Result<(), Infallible> {
        let at = bytes[0] as usize;
        self.0[at..at + bytes.len() - 1].copy_from_slice(&bytes[1..]);
        Ok(())
    }
}

impl WriteRead for Chip {
    type Error = Infallible;

    fn write_read(&mut self, _: u8, bytes: &[u8], out: &mut [u8]) -> Result<(), Infallible> {
        let at = bytes[0] as usize;
        out.copy_from_slice(&self.0[at..at + out.len()]);
        Ok(())
    }
}

fn main() {
    let mut chip = Chip([0; 64]);
    chip.0[DEVID] = 0xe5;
    for (axis, value) in [384i16, 256, 1].into_iter().enumerate() {
        let at = DATAX0 + 2 * axis;
        chip.0[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    let mut sensor = Adxl343::new(chip).expect("known identity");
    let raw = sensor.accel_raw().expect("no bus error");
    println!("accel_raw x = {} y = {} z = {}", raw.x, raw.y, raw.z);
    let norm = sensor.accel_norm().expect("no bus error");
    println!("accel_norm x = {:.3} y = {:.3} z = {:.3}", norm.x, norm.y, norm.z);
}
RUST
cargo run --quiet > seen
cat seen
diff - seen <<'SEEN'
accel_raw x = -32767 y = 1 z = 256
accel_norm x = -2.000 y = 0.000 z = 0.016
SEEN
