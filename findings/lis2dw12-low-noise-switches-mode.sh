#!/bin/sh
# lis2dw12 0.1.3: `set_low_noise` writes bit 2 of CTRL1. On the chip LOW_NOISE is bit 2 of CTRL6, and that bit of CTRL1 is the
# lower one of MODE. So `set_low_noise(true)` turns the low-power mode into the high-performance one, `set_low_noise(false)`
# the high-performance mode into the low-power one (12 bits, at most 200 Hz), and LOW_NOISE itself never changes.
# `sample_rate` goes on with the mode that was set before.
#
# Seen on 2026-11-30, rustc 1.95.0, at an output data rate of 1600 Hz:
#   high performance set: MODE 01, LOW_NOISE 0, sample_rate 1600
#   low noise off: MODE 00, LOW_NOISE 0, sample_rate 1600
#   low noise on: MODE 01, LOW_NOISE 0, sample_rate 1600
# Fails once the crate leaves MODE alone.
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
lis2dw12 = { version = "=0.1.3", features = ["out_f32"] }
nb = "1"
[workspace]
TOML
cat > src/main.rs <<'RUST'
use core::convert::Infallible;
use embedded_hal::{digital::v2::OutputPin, spi::FullDuplex};
use lis2dw12::{Accelerometer as _, Lis2dw12, OperatingMode, OutputDataRate};
use std::{cell::RefCell, rc::Rc};

const CTRL1: usize = 0x20;
const CTRL6: usize = 0x25;

/// Registers of a chip on SPI, and what it does in the transfer that runs.
#[derive(Clone)]
struct Chip(Rc<RefCell<Transfer>>);

struct Transfer {
    registers: [u8; 64],
    /// Register of the transfer, and whether it is read.
    at: Option<(usize, bool)>,
}

impl FullDuplex<u8> for Chip {
    type Error = Infallible;

    fn send(&mut self, byte: u8) -> nb::Result<(), Infallible> {
        let mut chip = self.0.borrow_mut();
        match chip.at {
            None => chip.at = Some((usize::from(byte & 0x3f), byte & 0x80 != 0)),
            Some((at, false)) => chip.registers[at] = byte,
            Some((_, true)) => {}
        }
        Ok(())
    }

    fn read(&mut self) -> nb::Result<u8, Infallible> {
        let chip = self.0.borrow();
        Ok(chip.at.map_or(0, |(at, _)| chip.registers[at]))
    }
}

/// The pin that ends a transfer.
struct Select(Chip);

impl OutputPin for Select {
    type Error = Infallible;

    fn set_low(&mut self) -> Result<(), Infallible> {
        self.set_high()
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0 .0.borrow_mut().at = None;
        Ok(())
    }
}

fn main() {
    let chip = Chip(Rc::new(RefCell::new(Transfer { registers: [0; 64], at: None })));
    let mut sensor = Lis2dw12::new(chip.clone(), Select(chip.clone()));
    let show = |what: &str, sensor: &mut Lis2dw12<Chip, Select>| {
        let rate = sensor.sample_rate().expect("no bus error");
        let registers = chip.0.borrow().registers;
        let (mode, low_noise) = (registers[CTRL1] >> 2 & 3, registers[CTRL6] >> 2 & 1);
        println!("{what}: MODE {mode:02b}, LOW_NOISE {low_noise}, sample_rate {rate}");
    };
    sensor.set_operating_mode(OperatingMode::HighPerformance).expect("no bus error");
    sensor.set_output_data_rate(OutputDataRate::Hp1600HzLp200Hz).expect("no bus error");
    show("high performance set", &mut sensor);
    sensor.set_low_noise(false).expect("no bus error");
    show("low noise off", &mut sensor);
    sensor.set_low_noise(true).expect("no bus error");
    show("low noise on", &mut sensor);
}
RUST
cargo run --quiet > seen
cat seen
diff - seen <<'SEEN'
high performance set: MODE 01, LOW_NOISE 0, sample_rate 1600
low noise off: MODE 00, LOW_NOISE 0, sample_rate 1600
low noise on: MODE 01, LOW_NOISE 0, sample_rate 1600
SEEN
