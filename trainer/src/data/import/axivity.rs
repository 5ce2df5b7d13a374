//! Axivity AX3 and AX6: `.cwa` files of sectors of 512 bytes.
//!
//! A sector `AX` has a clock in whole seconds and a fraction, the number of the sample that it belongs to, and samples: packed ones of
//! the AX3, ten bits an axis with one exponent for three, or words of 16 bits, of the AX6 rotation first. How many counts are 1 g
//! stands in the top bits of the word of light. The real rate is off the nominal one, so samples lie evenly between the clocks of
//! two sectors; those after the last clock are extrapolated. A sector whose checksum is wrong is a gap.

use anyhow::{Result, ensure};

use super::context::Reading;
use super::recording::{Channel, Recording, TimeBase};
use super::unit::Unit;
use super::{File, Format};

pub(super) const AXIVITY: Format = Format {
    name: "Axivity .cwa",
    detect: |file| {
        let starts = file.bytes.starts_with(b"MD") && file.bytes.get(2..4) == Some(&[0xfc, 0x03]);
        let has_data = file
            .bytes
            .as_chunks::<SECTOR>()
            .0
            .iter()
            .skip(2)
            .take(4)
            .any(|sector| sector.starts_with(b"AX"));
        if starts && has_data { 100 } else { 0 }
    },
    read,
};

const SECTOR: usize = 512;
/// Bytes of a sector's samples, from its 30th on.
const SAMPLES: std::ops::Range<usize> = 30..510;
/// Sectors of the header.
const HEADER_SECTORS: usize = 2;
/// How far the rate between two sectors may be from the nominal one, as a share; further is a gap.
const DRIFT: f64 = 0.1;

/// How the samples of a sector are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    /// Three axes in 32 bits.
    Packed,
    /// Words of 16 bits, this many axes.
    Words(usize),
}

/// A sector of samples.
#[derive(Debug, PartialEq)]
struct Sector {
    packing: Packing,
    /// Samples a second, nominally.
    rate: f64,
    /// Seconds since 1970 of the sample `at`.
    clock: f64,
    at: i32,
    values: Vec<f32>,
    samples: usize,
}

fn word(sector: &[u8; SECTOR], at: usize) -> u16 {
    u16::from_le_bytes([sector[at], sector[at + 1]])
}

/// Whether the words of a sector add up to zero.
fn is_whole(sector: &[u8; SECTOR]) -> bool {
    let (words, _) = sector.as_chunks::<2>();
    words.iter().fold(0_u16, |sum, &word| {
        sum.wrapping_add(u16::from_le_bytes(word))
    }) == 0
}

/// Seconds since 1970 of year (from 2000), month, day, hour, minute and second in 6, 4, 5, 5, 6 and 6 bits.
fn seconds(packed: u32) -> Option<f64> {
    let part = |shift: u32, bits: u32| (packed >> shift) & ((1 << bits) - 1);
    let date =
        chrono::NaiveDate::from_ymd_opt(2000 + part(26, 6) as i32, part(22, 4), part(17, 5))?;
    let time = date.and_hms_opt(part(12, 5), part(6, 6), part(0, 6))?;
    Some(time.and_utc().timestamp() as f64)
}

impl Sector {
    /// Reads a sector; none where it holds no samples that can be read.
    fn of(sector: &[u8; SECTOR]) -> Option<Self> {
        if !sector.starts_with(b"AX") || !is_whole(sector) {
            return None;
        }
        let fraction = word(sector, 4);
        let packed_time = u32::from_le_bytes([sector[14], sector[15], sector[16], sector[17]]);
        let light = word(sector, 18);
        let rate = f64::from(3200_u32 >> (15 - (sector[24] & 0x0f)));
        let packing = match sector[25] {
            0x30 => Packing::Packed,
            0x32 => Packing::Words(3),
            0x62 => Packing::Words(6),
            _ => return None,
        };
        let size = match packing {
            Packing::Packed => 4,
            Packing::Words(axes) => 2 * axes,
        };
        let samples = usize::from(word(sector, 28));
        if rate < 1.0 || samples == 0 || samples * size > SAMPLES.len() {
            return None;
        }
        // With a fraction, the place was moved by the samples that it stands for, for readers that do not know fractions.
        let (fraction, moved) = match fraction & 0x8000 {
            0 => (0, 0),
            _ => {
                let fraction = u32::from(fraction & 0x7fff) << 1;
                (fraction, (fraction * rate as u32) >> 16)
            }
        };
        let at = i32::from(word(sector, 26) as i16) + moved as i32;
        let per_g = f32::from(1_u16 << (8 + (light >> 13)));
        let degrees = 8000.0 / f32::from(1_u16 << ((light >> 10) & 7)) / 32_768.0;
        let data = &sector[SAMPLES.start..SAMPLES.start + samples * size];
        let values = match packing {
            Packing::Packed => unpack(data),
            Packing::Words(axes) => {
                let value = |(i, word): (usize, &[u8; 2])| {
                    let value = f32::from(i16::from_le_bytes(*word));
                    match axes == 6 && i % axes < 3 {
                        true => value * degrees,
                        false => value / per_g,
                    }
                };
                data.as_chunks::<2>()
                    .0
                    .iter()
                    .enumerate()
                    .map(value)
                    .collect()
            }
        };
        Some(Self {
            packing,
            rate,
            clock: seconds(packed_time)? + f64::from(fraction) / 65_536.0,
            at,
            values,
            samples,
        })
    }
}

/// Values in g of packed samples: ten bits an axis and two bits of exponent, 256 counts per g.
fn unpack(data: &[u8]) -> Vec<f32> {
    let (words, _) = data.as_chunks::<4>();
    let sample = |&word: &[u8; 4]| {
        let word = u32::from_le_bytes(word);
        let exponent = word >> 30;
        [0, 10, 20].map(|shift| {
            // Ten bits with a sign.
            let value = (((word >> shift) << 22) as i32 >> 22) << exponent;
            value as f32 / 256.0
        })
    };
    words.iter().flat_map(sample).collect()
}

fn read(file: &File<'_>, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    let (sectors, rest) = file.bytes.as_chunks::<SECTOR>();
    // A packed sample grows from 4 bytes to 12, and has a time.
    reading.budget.take(file.bytes.len().saturating_mul(5))?;
    let mut builder = Builder::default();
    let mut lost = usize::from(!rest.is_empty());
    let mut is_full = false;
    for sector in sectors.iter().skip(HEADER_SECTORS) {
        // Sectors that were never written.
        if sector.iter().all(|&byte| byte == 0xff) || sector.iter().all(|&byte| byte == 0) {
            continue;
        }
        match Sector::of(sector) {
            Some(sector) => {
                is_full = true;
                builder.add(sector)?;
            }
            None => {
                lost += 1;
                builder.end_run();
            }
        }
    }
    ensure!(is_full, "no sector holds samples that can be read");
    builder.end_run();
    if lost > 0 {
        reading.note(format!(
            "{}: {lost} damaged sectors are gaps",
            file.entry.name
        ));
    }
    Ok(vec![builder.into_recording(file.name())])
}

/// Puts sectors together.
#[derive(Default)]
struct Builder {
    packing: Option<Packing>,
    values: Vec<f32>,
    stamps: Vec<f64>,
    gaps: Vec<usize>,
    /// Sectors that follow each other.
    run: Vec<(f64, f64)>,
    run_samples: usize,
    rate: f64,
}

impl Builder {
    fn add(&mut self, sector: Sector) -> Result<()> {
        ensure!(
            self.packing.is_none_or(|packing| packing == sector.packing),
            "its sectors store samples in two ways"
        );
        self.packing = Some(sector.packing);
        // Place of the sample that the clock belongs to.
        let place = self.run_samples as f64 + f64::from(sector.at);
        if let Some(&(before, clock)) = self.run.last() {
            let steps = place - before;
            let time = sector.clock - clock;
            let is_near = time > 0.0 && (steps / time - sector.rate).abs() <= DRIFT * sector.rate;
            if !is_near || self.rate != sector.rate {
                self.end_run();
            }
        }
        self.rate = sector.rate;
        self.run
            .push((self.run_samples as f64 + f64::from(sector.at), sector.clock));
        self.run_samples += sector.samples;
        self.values.extend(sector.values);
        Ok(())
    }

    /// Gives the samples of the run their times.
    fn end_run(&mut self) {
        let mut next = 1;
        for i in 0..self.run_samples {
            let place = i as f64;
            while next + 1 < self.run.len() && self.run[next].0 < place {
                next += 1;
            }
            let time = match (self.run.get(next - 1), self.run.get(next)) {
                // Between two clocks, or as between the first two or the last two.
                (Some(a), Some(b)) if b.0 > a.0 => a.1 + (place - a.0) * (b.1 - a.1) / (b.0 - a.0),
                (Some(a), _) => a.1 + (place - a.0) / self.rate,
                _ => continue,
            };
            self.stamps.push(time);
        }
        if self.run_samples > 0 {
            self.gaps.push(self.stamps.len());
        }
        self.run.clear();
        self.run_samples = 0;
    }

    fn into_recording(mut self, name: String) -> Recording {
        let acceleration = ["acc_x", "acc_y", "acc_z"].map(|name| Channel::new(name, Unit::G));
        let rotation =
            ["gyro_x", "gyro_y", "gyro_z"].map(|name| Channel::new(name, Unit::DegreePerSecond));
        let channels = match self.packing {
            Some(Packing::Words(6)) => [rotation, acceleration].concat(),
            _ => acceleration.to_vec(),
        };
        let mut recording = Recording::new(name, channels);
        self.gaps.pop();
        recording.values = self.values;
        recording.gaps = self.gaps;
        recording.time = TimeBase::Stamps(self.stamps);
        recording
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::read_with;
    use super::super::{Options, time};
    use super::*;

    fn read_as(bytes: &[u8]) -> (Result<Recording>, Vec<String>) {
        let (found, notes) = read_with(&AXIVITY, "x.cwa", bytes, &Options::default());
        (found.map(|mut all| all.remove(0)), notes)
    }

    fn seal(sector: &mut [u8]) {
        sector[510..].fill(0);
        let words = sector.as_chunks::<2>().0.iter();
        let sum = words.fold(0_u16, |sum, &word| {
            sum.wrapping_add(u16::from_le_bytes(word))
        });
        sector[510..].copy_from_slice(&sum.wrapping_neg().to_le_bytes());
    }

    /// A sector whose sample `at` is of `second` and `fraction`, in 65,536 parts, after the start of 2024.
    fn sector(
        packing: u8,
        light: u16,
        second: u32,
        fraction: u32,
        at: i16,
        samples: &[u8],
        count: u16,
    ) -> Vec<u8> {
        let mut sector = vec![0; SECTOR];
        sector[..2].copy_from_slice(b"AX");
        sector[2..4].copy_from_slice(&508_u16.to_le_bytes());
        let stored = if fraction == 0 {
            0
        } else {
            0x8000 | (fraction >> 1) as u16
        };
        sector[4..6].copy_from_slice(&stored.to_le_bytes());
        let time = (24 << 26) | (1 << 22) | (1 << 17) | ((second / 60) << 6) | (second % 60);
        sector[14..18].copy_from_slice(&time.to_le_bytes());
        sector[18..20].copy_from_slice(&light.to_le_bytes());
        // 100 a second.
        sector[24] = 0x4a;
        sector[25] = packing;
        let moved = (fraction * 100) >> 16;
        sector[26..28].copy_from_slice(&(at - moved as i16).to_le_bytes());
        sector[28..30].copy_from_slice(&count.to_le_bytes());
        sector[30..30 + samples.len()].copy_from_slice(samples);
        seal(&mut sector);
        sector
    }

    fn header() -> Vec<u8> {
        let mut header = vec![0; 2 * SECTOR];
        header[..4].copy_from_slice(&[b'M', b'D', 0xfc, 0x03]);
        header
    }

    fn packed(x: i32, y: i32, z: i32, exponent: u32) -> [u8; 4] {
        let bits = |value: i32| value as u32 & 0x3ff;
        (bits(x) | bits(y) << 10 | bits(z) << 20 | exponent << 30).to_le_bytes()
    }

    /// Four sectors of 120 packed samples at 101 a second, one percent off the nominal rate.
    fn four() -> Vec<u8> {
        let mut bytes = header();
        for i in 0..4_u32 {
            let samples: Vec<u8> = (0..120)
                .flat_map(|_| packed(256, -256, i as i32, 0))
                .collect();
            let time = f64::from(120 * i) / 101.0;
            let fraction = (time.fract() * 65_536.0) as u32 & !1;
            bytes.extend(sector(0x30, 0, time as u32, fraction, 0, &samples, 120));
        }
        bytes
    }

    #[test]
    fn packed_samples_and_their_real_rate_are_read() {
        let (found, notes) = read_as(&four());
        let found = found.unwrap();
        found.validate().unwrap();
        assert_eq!(
            (found.samples(), found.gaps.len(), notes.len()),
            (480, 0, 0)
        );
        assert_eq!(found.sample(479), [1.0, -1.0, 3.0 / 256.0]);
        let TimeBase::Stamps(stamps) = &found.time else {
            panic!("stamps")
        };
        assert!((stamps[0] - 1_704_067_200.0).abs() < 1e-3, "{}", stamps[0]);
        // Those after the last clock go on at the measured rate.
        assert!((stamps[479] - stamps[0] - 479.0 / 101.0).abs() < 1e-3);
        assert!((time::rate_of(&found).unwrap() - 101.0).abs() < 0.05);
        let exponents = unpack(&[packed(-512, 511, 1, 3), packed(1, 2, 3, 1)].concat());
        assert_eq!(
            exponents[..4],
            [-16.0, 511.0 * 8.0 / 256.0, 8.0 / 256.0, 2.0 / 256.0]
        );
    }

    #[test]
    fn a_damaged_sector_is_a_gap() {
        let mut bytes = four();
        bytes[4 * SECTOR + 100] ^= 1;
        let (found, notes) = read_as(&bytes);
        let found = found.unwrap();
        assert_eq!((found.samples(), &found.gaps[..]), (360, &[240][..]));
        assert!(notes[0].contains("1 damaged sectors are gaps"), "{notes:?}");
        assert!(read_as(&header()).0.is_err());
    }

    #[test]
    fn the_scale_stands_with_the_light() {
        // An AX6: 2,048 counts per g, ±1,000 °/s.
        let light = (3 << 13) | (3 << 10) | 77;
        let samples: Vec<u8> = [0, 16_384, -32_768, 2048, -2048, 1024_i16]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let bytes = [
            header(),
            sector(0x62, light, 0, 0, 0, &samples.repeat(40), 40),
        ]
        .concat();
        let found = read_as(&bytes).0.unwrap();
        assert_eq!(found.sample(39), [0.0, 500.0, -1000.0, 1.0, -1.0, 0.5]);
        assert_eq!(
            (found.channels[0].unit, found.channels[3].unit),
            (Unit::DegreePerSecond, Unit::G)
        );
        assert!((time::rate_of(&found).unwrap() - 100.0).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(spoilt in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..20), cut in 0_usize..600) {
            let mut bytes = four();
            for (place, byte) in spoilt {
                let place = 1024 + place % (bytes.len() - 1024);
                bytes[place] = byte;
                // Sealed again, or the spoilt part would not be looked at.
                let start = place / SECTOR * SECTOR;
                seal(&mut bytes[start..start + SECTOR]);
            }
            bytes.truncate(bytes.len() - cut);
            if let (Ok(found), _) = read_as(&bytes) {
                prop_assert_eq!(found.values.len(), found.samples() * found.channels.len());
                prop_assert!(found.validate().is_ok());
            }
        }
    }
}
