//! Sensors on a bus, as their data sheets have them: registers, and what a reset does to them.

use std::cell::{Cell, RefCell, RefMut};
use std::rc::Rc;

use bmi2::config::BMI270_CONFIG_FILE;
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

use super::Kind;

/// A sensor as its data sheet describes it.
#[derive(Clone, Copy)]
pub struct DataSheet {
    pub kind: Kind,
    pub address: u8,
    /// The register that identifies it, and what that holds.
    pub identity: (u8, u8),
    /// Registers that are not zero after power-up.
    pub defaults: &'static [(u8, u8)],
    pub reset: Option<Reset>,
    /// Where new samples are told, and by which bits.
    pub ready: Option<(u8, u8)>,
    /// The first register of a sample.
    pub data: u8,
    /// Bytes of the registers from `data` on, for a given acceleration and rotation.
    pub layout: fn([i16; 3], [i16; 3]) -> Vec<u8>,
    /// Counts that are nominally 1 g at ±4 g, and 1 °/s at ±2000 °/s where there is a gyroscope.
    pub nominal: (f64, Option<f64>),
    /// Required register values for 100 samples a second (LSM6DSO: 52) at these ranges.
    pub settings: &'static [(u8, u8)],
    /// Values of the same registers for other ranges, rates and filters.
    pub others: &'static [(u8, u8)],
}

/// How registers are put back.
#[derive(Clone, Copy)]
pub struct Reset {
    /// Register and bits that ask for it; they read zero when it is done.
    pub by: (u8, u8),
    /// How long the sensor does not answer then.
    pub microseconds: u32,
}

fn little_endian(values: &[[i16; 3]]) -> Vec<u8> {
    values
        .as_flattened()
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect()
}

fn big_endian(values: &[[i16; 3]]) -> Vec<u8> {
    values
        .as_flattened()
        .iter()
        .flat_map(|x| x.to_be_bytes())
        .collect()
}

/// Data sheets of all kinds, in the order in which the bus is asked for them.
pub const DATA_SHEETS: [DataSheet; 6] = [
    DataSheet {
        kind: Kind::Lsm6dso,
        address: 0x6b,
        identity: (0x0f, 0x6c),
        defaults: &[(0x12, 0x04), (0x18, 0xe0)],
        reset: Some(Reset {
            by: (0x12, 0x01),
            microseconds: 50,
        }),
        ready: Some((0x1e, 0b11)),
        data: 0x22,
        layout: |total, rotation| little_endian(&[rotation, total]),
        nominal: (1.0 / 0.122e-3, Some(1.0 / 70e-3)),
        settings: &[
            (0x10, 0x38),
            (0x11, 0x3c),
            (0x12, 0x44),
            (0x13, 0),
            (0x14, 0),
            (0x15, 0),
            (0x16, 0),
            (0x17, 0),
        ],
        others: &[
            (0x10, 0x4e),
            (0x11, 0x44),
            (0x12, 0x0c),
            (0x16, 0x42),
            (0x17, 0x02),
        ],
    },
    DataSheet {
        kind: Kind::Mpu,
        address: 0x68,
        identity: (0x75, 0x68),
        defaults: &[(0x6b, 0x40)],
        reset: Some(Reset {
            by: (0x6b, 0x80),
            microseconds: 100_000,
        }),
        ready: None,
        data: 0x3b,
        layout: |total, rotation| {
            [big_endian(&[total]), vec![0x77; 2], big_endian(&[rotation])].concat()
        },
        nominal: (8192.0, Some(16.4)),
        settings: &[
            (0x19, 9),
            (0x1a, 0x04),
            (0x1b, 0x18),
            (0x1c, 0x08),
            (0x23, 0),
            (0x6a, 0),
            (0x6b, 0x01),
            (0x6c, 0),
        ],
        others: &[
            (0x1a, 0x03),
            (0x1b, 0x10),
            (0x1c, 0x10),
            (0x6a, 0x40),
            (0x6c, 0x07),
        ],
    },
    DataSheet {
        kind: Kind::Icm42670,
        address: 0x68,
        identity: (0x75, 0x67),
        defaults: &[
            (0x20, 0x06),
            (0x21, 0x06),
            (0x23, 0x31),
            (0x24, 0x41),
            (0x35, 0x30),
            (0x36, 0x40),
        ],
        reset: Some(Reset {
            by: (0x02, 0x10),
            microseconds: 1_000,
        }),
        ready: Some((0x39, 0b1)),
        data: 0x0b,
        layout: |total, rotation| big_endian(&[total, rotation]),
        nominal: (8192.0, Some(16.4)),
        settings: &[
            (0x1f, 0x0f),
            (0x20, 0x09),
            (0x21, 0x49),
            (0x23, 0x31),
            (0x24, 0x41),
            (0x35, 0x30),
        ],
        others: &[
            (0x1f, 0x0a),
            (0x20, 0x66),
            (0x21, 0x26),
            (0x23, 0x17),
            (0x24, 0x07),
            (0x35, 0x00),
        ],
    },
    DataSheet {
        kind: Kind::Bmi270,
        address: 0x69,
        identity: (0x00, 0x24),
        defaults: &[(0x40, 0xa8), (0x41, 0x02), (0x42, 0xa9), (0x7c, 0x03)],
        reset: Some(Reset {
            by: (0x7e, 0xb6),
            microseconds: 2_000,
        }),
        ready: None,
        data: 0x0c,
        layout: |total, rotation| little_endian(&[total, rotation]),
        nominal: (8192.0, Some(16.384)),
        settings: &[
            (0x40, 0xa8),
            (0x41, 0x01),
            (0x42, 0xe8),
            (0x43, 0),
            (0x7c, 0x02),
            (0x7d, 0x06),
        ],
        others: &[
            (0x40, 0x17),
            (0x41, 0x03),
            (0x42, 0x0c),
            (0x43, 0x0c),
            (0x7d, 0x0f),
        ],
    },
    DataSheet {
        kind: Kind::Lsm303agr,
        address: 0x19,
        // A digit of 12 bits is 1.95 mg.
        nominal: (16.0 / 1.95e-3, None),
        ..LIS3DH
    },
    LIS3DH,
];

const LIS3DH: DataSheet = DataSheet {
    kind: Kind::Lis3dh,
    address: 0x18,
    identity: (0x0f, 0x33),
    defaults: &[(0x20, 0x07)],
    reset: None,
    ready: Some((0x27, 0x08)),
    data: 0x28,
    layout: |total, _| little_endian(&[total]),
    // A digit of 12 bits is 2 mg.
    nominal: (16.0 / 2e-3, None),
    settings: &[
        (0x1f, 0),
        (0x20, 0x57),
        (0x21, 0),
        (0x22, 0),
        (0x23, 0x98),
        (0x24, 0),
        (0x25, 0),
        (0x2e, 0),
    ],
    others: &[
        (0x20, 0x9f),
        (0x21, 0x88),
        (0x23, 0x62),
        (0x24, 0x40),
        (0x2e, 0x80),
    ],
};

/// Time, which passes in delays alone.
#[derive(Clone, Default)]
pub struct Clock(Rc<Cell<u64>>);

impl DelayNs for Clock {
    fn delay_ns(&mut self, ns: u32) {
        self.0.set(self.0.get() + u64::from(ns));
    }
}

/// A sensor.
pub struct Chip {
    pub sheet: DataSheet,
    pub registers: [u8; 128],
    /// A register that keeps this value whatever is written to it.
    pub stuck: Option<(u8, u8)>,
    /// The BMI270's microcode, as far as it came.
    pub microcode: Vec<u8>,
    pub unplugged: bool,
    /// Whether anything was written to it.
    pub was_written: bool,
    pub clock: Clock,
    busy_until: u64,
}

impl Chip {
    /// A sensor after power-up.
    pub fn new(sheet: DataSheet) -> Self {
        let mut chip = Self {
            sheet,
            registers: [0; 128],
            stuck: None,
            microcode: Vec::new(),
            unplugged: false,
            clock: Clock::default(),
            busy_until: 0,
            was_written: false,
        };
        chip.power_up();
        chip
    }

    /// Sets registers from the outside.
    pub fn hold(&mut self, values: &[(u8, u8)]) {
        for &(register, value) in values {
            self.registers[usize::from(register)] = value;
        }
    }

    /// A sample that was not read yet.
    pub fn sense(&mut self, total: [i16; 3], rotation: [i16; 3]) {
        let bytes = (self.sheet.layout)(total, rotation);
        self.registers[usize::from(self.sheet.data)..][..bytes.len()].copy_from_slice(&bytes);
        if let Some(ready) = self.sheet.ready {
            self.hold(&[ready]);
        }
    }

    fn power_up(&mut self) {
        self.registers.fill(0);
        self.microcode.clear();
        self.hold(self.sheet.defaults);
        self.hold(&[self.sheet.identity]);
    }

    fn is_bmi270(&self) -> bool {
        self.sheet.kind == Kind::Bmi270
    }

    /// The register after this one in a transfer. The sensors of the LIS3DH's family move on at the wish of the highest bit.
    fn next(&self, register: u8) -> u8 {
        let moves = match self.sheet.kind {
            Kind::Lis3dh | Kind::Lsm303agr => register & 0x80 != 0,
            _ => true,
        };
        if moves { register + 1 } else { register }
    }

    fn write(&mut self, register: u8, value: u8) {
        self.was_written = true;
        let resets = self.sheet.reset.filter(|reset| {
            let (at, bits) = reset.by;
            register == at && value & bits == bits
        });
        if let Some(reset) = resets {
            self.power_up();
            self.busy_until = self.clock.0.get() + 1_000 * u64::from(reset.microseconds);
        } else if register != self.sheet.identity.0 {
            self.hold(&[(register & 0x7f, value)]);
        }
        if self.is_bmi270() && (register, value) == (0x59, 1) {
            let whole = self.microcode == BMI270_CONFIG_FILE;
            self.hold(&[(0x21, if whole { 1 } else { 2 })]);
        }
    }

    fn take(&mut self, first: u8, bytes: &[u8]) {
        if self.is_bmi270() && first == 0x5e {
            let [low, high] = [0x5b, 0x5c].map(|at| usize::from(self.registers[at]));
            assert_eq!(low | high << 4, self.microcode.len() / 2, "words before");
            assert!(bytes.len() < 255 && bytes.len().is_multiple_of(2));
            self.microcode.extend(bytes);
            return;
        }
        let mut register = first;
        for &byte in bytes {
            self.write(register, byte);
            register = self.next(register);
        }
    }

    fn give(&self, first: u8, bytes: &mut [u8]) {
        let mut register = first;
        for byte in bytes {
            *byte = self.registers[usize::from(register & 0x7f)];
            register = self.next(register);
        }
    }

    /// Whether it is what answers at an address.
    fn answers(&self, address: u8) -> bool {
        address == self.sheet.address && !self.unplugged && self.clock.0.get() >= self.busy_until
    }
}

/// A bus with one sensor.
#[derive(Clone)]
pub struct Bus(Rc<RefCell<Chip>>);

impl Bus {
    pub fn with(chip: Chip) -> Self {
        Self(Rc::new(RefCell::new(chip)))
    }

    pub fn chip(&self) -> RefMut<'_, Chip> {
        self.0.borrow_mut()
    }
}

impl ErrorType for Bus {
    type Error = ErrorKind;
}

impl I2c for Bus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        let mut chip = self.chip();
        // The magnetometer of the LSM303AGR, of which only the identity is of interest.
        if chip.sheet.kind == Kind::Lsm303agr && address == 0x1e {
            if let [Operation::Write([0x4f]), Operation::Read(bytes)] = operations {
                bytes.fill(0x40);
            }
            return Ok(());
        }
        if !chip.answers(address) {
            return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        let mut register = 0;
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    let (first, values) = bytes.split_first().expect("a register");
                    register = *first;
                    chip.take(register, values);
                }
                Operation::Read(bytes) => chip.give(register, bytes),
            }
        }
        if let Some(stuck) = chip.stuck {
            chip.hold(&[stuck]);
        }
        Ok(())
    }
}
