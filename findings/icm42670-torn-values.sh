#!/bin/sh
# icm42670 0.2.0: `accel_raw`, `gyro_raw` and `temperature` read the two bytes of a value in two transfers. The chip
# holds a sample together only within one burst, so a sample that comes between the transfers is torn: the high byte is of
# the old one, the low byte of the new one. Around a multiple of 256 that is an error of up to 255 counts, without a sign of it.
#
# Seen on 2026-11-30, rustc 1.95.0, with a chip whose x goes from 255 to 256 between two transfers:
#   accel_raw x = 0, in 6 transfers
# Fails once the crate reads a value in one transfer.
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
accelerometer = "=0.12.0"
embedded-hal = "=1.0.0"
icm42670 = "=0.2.0"
[workspace]
TOML
cat > src/main.rs <<'RUST'
use accelerometer::RawAccelerometer as _;
use embedded_hal::i2c::{ErrorType, I2c, Operation, SevenBitAddress};
use icm42670::{Address, Icm42670};
use std::{cell::Cell, rc::Rc};

const WHO_AM_I: usize = 0x75;
const ACCEL_DATA_X: usize = 0x0b;

/// A chip with 128 registers. Every read transfer starts with a fresh sample: x is 255 and 256 in turn.
struct Chip {
    registers: [u8; 128],
    reads: Rc<Cell<usize>>,
}

impl ErrorType for Chip {
    type Error = core::convert::Infallible;
}

impl I2c<SevenBitAddress> for Chip {
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), Self::Error> {
        let mut at = 0;
        for operation in operations {
            match operation {
                Operation::Write([first, values @ ..]) => {
                    at = *first as usize;
                    self.registers[at..at + values.len()].copy_from_slice(values);
                }
                Operation::Write([]) => {}
                Operation::Read(bytes) => {
                    let x: i16 = if self.reads.get() % 2 == 0 { 255 } else { 256 };
                    self.registers[ACCEL_DATA_X..ACCEL_DATA_X + 2].copy_from_slice(&x.to_be_bytes());
                    bytes.copy_from_slice(&self.registers[at..at + bytes.len()]);
                    self.reads.set(self.reads.get() + 1);
                }
            }
        }
        Ok(())
    }
}

fn main() {
    let mut registers = [0; 128];
    registers[WHO_AM_I] = 0x67;
    let reads = Rc::new(Cell::new(0));
    let chip = Chip { registers, reads: reads.clone() };
    let mut sensor = Icm42670::new(chip, Address::Primary).expect("known identity");
    reads.set(0);
    let x = sensor.accel_raw().expect("no bus error").x;
    println!("accel_raw x = {x}, in {} transfers", reads.get());
}
RUST
cargo run --quiet > seen
cat seen
echo "accel_raw x = 0, in 6 transfers" | diff - seen
