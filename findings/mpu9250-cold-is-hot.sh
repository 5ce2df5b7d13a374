#!/bin/sh
# mpu9250 0.25.0: `temp` and `all` take the temperature's 16 bits for an unsigned number. The chip's register is signed and is 0
# at 21 degrees Celsius, so one count below 21 degrees reads 217 degrees. `raw_temp` has the sign.
# `accel` is documented to be "converted to g", and gives m/s^2: 1 g reads 9.807.
#
# Seen on 2026-11-30, rustc 1.95.0, with a chip at 1 g (16384 counts at +-2 g) and three temperatures:
#   raw_temp 334: temp 22.0, accel z 9.807
#   raw_temp 0: temp 21.0, accel z 9.807
#   raw_temp -334: temp 216.3, accel z 9.807
# Fails once the crate gives 20 degrees for -334, or 1 for 1 g.
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
embedded-hal = "=0.2.7"
mpu9250 = { version = "=0.25.0", features = ["i2c"] }
[workspace]
TOML
cat > src/main.rs <<'RUST'
use core::convert::Infallible;
use embedded_hal::blocking::{
    delay::DelayMs,
    i2c::{Read, Write, WriteRead},
};
use mpu9250::Mpu9250;
use std::{cell::RefCell, rc::Rc};

const ACCEL_ZOUT_H: usize = 0x3f;
const TEMP_OUT_H: usize = 0x41;
const WHO_AM_I: usize = 0x75;

/// Registers of a chip; a transfer goes on from the register that it names.
#[derive(Clone)]
struct Chip(Rc<RefCell<[u8; 128]>>);

impl Chip {
    fn set(&self, at: usize, value: i16) {
        self.0.borrow_mut()[at..at + 2].copy_from_slice(&value.to_be_bytes());
    }
}

impl Write for Chip {
    type Error = Infallible;

    fn write(&mut self, _: u8, bytes: &[u8]) -> Result<(), Infallible> {
        let at = bytes[0] as usize;
        self.0.borrow_mut()[at..at + bytes.len() - 1].copy_from_slice(&bytes[1..]);
        Ok(())
    }
}

impl Read for Chip {
    type Error = Infallible;

    fn read(&mut self, _: u8, _: &mut [u8]) -> Result<(), Infallible> {
        Ok(())
    }
}

impl WriteRead for Chip {
    type Error = Infallible;

    fn write_read(&mut self, _: u8, bytes: &[u8], out: &mut [u8]) -> Result<(), Infallible> {
        let at = bytes[0] as usize;
        out.copy_from_slice(&self.0.borrow()[at..at + out.len()]);
        Ok(())
    }
}

struct NoDelay;

impl DelayMs<u8> for NoDelay {
    fn delay_ms(&mut self, _: u8) {}
}

fn main() {
    let chip = Chip(Rc::new(RefCell::new([0; 128])));
    chip.0.borrow_mut()[WHO_AM_I] = 0x71;
    let mut sensor = Mpu9250::imu_default(chip.clone(), &mut NoDelay).ok().expect("known identity");
    chip.set(ACCEL_ZOUT_H, 16384);
    for raw in [334, 0, -334] {
        chip.set(TEMP_OUT_H, raw);
        let raw_temp = sensor.raw_temp().ok().expect("no bus error");
        let temp = sensor.temp().ok().expect("no bus error");
        let [_, _, z] = sensor.accel::<[f32; 3]>().ok().expect("no bus error");
        println!("raw_temp {raw_temp}: temp {temp:.1}, accel z {z:.3}");
    }
}
RUST
cargo run --quiet > seen
cat seen
diff - seen <<'SEEN'
raw_temp 334: temp 22.0, accel z 9.807
raw_temp 0: temp 21.0, accel z 9.807
raw_temp -334: temp 216.3, accel z 9.807
SEEN
