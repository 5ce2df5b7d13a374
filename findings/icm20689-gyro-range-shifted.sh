#!/bin/sh
# icm20689 0.1.1: `set_gyro_range` shifts the range by 2 bits. On the chip FS_SEL are bits 3 and 4 of GYRO_CONFIG, so ranges of
# 250, 500, 1000 and 2000 dps select 250, 250, 500 and 500. `get_scaled_gyro` multiplies by the range that was asked for: rotation
# reads 1, 2, 2 and 4 times too fast. `setup` chooses 2000 dps, the worst of them.
#
# Seen on 2026-11-30, rustc 1.95.0, with a chip that turns at 100 dps about Z:
#   range 250: FS_SEL 0, reads 100 dps
#   range 500: FS_SEL 0, reads 200 dps
#   range 1000: FS_SEL 1, reads 200 dps
#   range 2000: FS_SEL 1, reads 400 dps
# Fails once each range reads 100 dps.
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
icm20689 = "=0.1.1"
[workspace]
TOML
cat > src/main.rs <<'RUST'
use core::convert::Infallible;
use embedded_hal::{
    blocking::spi::{Transfer, Write},
    digital::v2::OutputPin,
};
use icm20689::{Builder, GyroRange};
use std::{cell::Cell, rc::Rc};

const GYRO_CONFIG: u8 = 0x1b;
const GYRO_XOUT_H: u8 = 0x43;

/// A chip that turns, with its range as a register selects it.
#[derive(Clone, Default)]
struct Chip(Rc<Cell<u8>>);

impl Write<u8> for Chip {
    type Error = Infallible;

    fn write(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        if let [GYRO_CONFIG, value] = bytes {
            self.0.set(value >> 3 & 3);
        }
        Ok(())
    }
}

impl Transfer<u8> for Chip {
    type Error = Infallible;

    fn transfer<'w>(&mut self, bytes: &'w mut [u8]) -> Result<&'w [u8], Infallible> {
        if bytes[0] & 0x7f == GYRO_XOUT_H {
            let range = f32::from(250u16 << self.0.get());
            let counts = (100.0 * 32768.0 / range) as i16;
            bytes[5..7].copy_from_slice(&counts.to_be_bytes());
        }
        Ok(bytes)
    }
}

struct Select;

impl OutputPin for Select {
    type Error = Infallible;

    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

fn main() {
    let chip = Chip::default();
    let mut sensor = Builder::new_spi(chip.clone(), Select);
    for (range, dps) in [
        (GyroRange::Range_250dps, 250),
        (GyroRange::Range_500dps, 500),
        (GyroRange::Range_1000dps, 1000),
        (GyroRange::Range_2000dps, 2000),
    ] {
        sensor.set_gyro_range(range).ok().expect("no bus error");
        let [_, _, z] = sensor.get_scaled_gyro().ok().expect("no bus error");
        println!("range {dps}: FS_SEL {}, reads {:.0} dps", chip.0.get(), z.to_degrees());
    }
}
RUST
cargo run --quiet > seen
cat seen
diff - seen <<'SEEN'
range 250: FS_SEL 0, reads 100 dps
range 500: FS_SEL 0, reads 200 dps
range 1000: FS_SEL 1, reads 200 dps
range 2000: FS_SEL 1, reads 400 dps
SEEN
