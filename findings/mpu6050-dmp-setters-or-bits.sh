#!/bin/sh
# mpu6050-dmp 0.6.1: `set_accel_full_scale`, `set_gyro_full_scale` and `set_digital_lowpass_filter` OR their
# bits into the register and clear none, and `Mpu6050::new` does not reset the chip. So after a warm start (the
# microcontroller restarts, the sensor keeps its power) a range that was set before stays in: ±8 g, then ±4 g gives ±16 g,
# and every count is a quarter of what the program believes. No call fails.
#
# Seen on 2026-11-30, rustc 1.95.0:
#   ACCEL_CONFIG 0x10 (±8 g), set to ±4 g: 0x18 (±16 g)
#   GYRO_CONFIG 0x08 (±500 °/s), set to ±1000 °/s: 0x18 (±2000 °/s)
#   CONFIG 0x01 (filter 1), set to filter 6: 0x07
# Fails once the crate sets what it is told.
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
embedded-hal = "=1.0.0"
mpu6050-dmp = "=0.6.1"
[workspace]
TOML
cat > src/main.rs <<'RUST'
use embedded_hal::i2c::{ErrorType, I2c, Operation, SevenBitAddress};
use mpu6050_dmp::{accel::AccelFullScale, address::Address, config::DigitalLowPassFilter, gyro::GyroFullScale, sensor::Mpu6050};

/// A chip with 128 registers: a write sets them one after the other, a read after a write of one byte reads from there.
struct Chip([u8; 128]);

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
                    for value in values {
                        self.0[at] = *value;
                        at += 1;
                    }
                }
                Operation::Write([]) => {}
                Operation::Read(bytes) => {
                    for byte in bytes.iter_mut() {
                        *byte = self.0[at];
                        at += 1;
                    }
                }
            }
        }
        Ok(())
    }
}

fn main() {
    const CONFIG: usize = 0x1a;
    const GYRO_CONFIG: usize = 0x1b;
    const ACCEL_CONFIG: usize = 0x1c;
    let mut chip = Chip([0; 128]);
    // As the program before left them.
    chip.0[CONFIG] = 1;
    chip.0[GYRO_CONFIG] = 1 << 3;
    chip.0[ACCEL_CONFIG] = 2 << 3;
    let mut sensor = Mpu6050::new(chip, Address::default()).ok().expect("answers");
    sensor.set_accel_full_scale(AccelFullScale::G4).expect("no bus error");
    sensor.set_gyro_full_scale(GyroFullScale::Deg1000).expect("no bus error");
    sensor.set_digital_lowpass_filter(DigitalLowPassFilter::Filter6).expect("no bus error");
    let registers = sensor.release().0;
    println!("ACCEL_CONFIG {:#04x}", registers[ACCEL_CONFIG]);
    println!("GYRO_CONFIG {:#04x}", registers[GYRO_CONFIG]);
    println!("CONFIG {:#04x}", registers[CONFIG]);
}
RUST
cargo run --quiet > seen
cat seen
printf 'ACCEL_CONFIG 0x18\nGYRO_CONFIG 0x18\nCONFIG 0x07\n' | diff - seen
