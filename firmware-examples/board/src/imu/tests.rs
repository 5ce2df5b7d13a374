//! Each sensor on a scripted bus: what finds it, what sets it up, and what a reading becomes.

use embedded_hal::i2c::ErrorKind;
use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::i2c::{Mock, Transaction};

use super::*;

/// An identity register at an address where nobody is.
fn nobody(address: u8, register: u8) -> Transaction {
    Transaction::write_read(address, vec![register], vec![0]).with_error(ErrorKind::Other)
}

fn read(address: u8, register: u8, bytes: &[u8]) -> Transaction {
    Transaction::write_read(address, vec![register], bytes.to_vec())
}

fn write(address: u8, register: u8, value: u8) -> Transaction {
    Transaction::write(address, vec![register, value])
}

/// All questions before the one that finds `kind`.
fn asked_before(kind: Kind) -> Vec<Transaction> {
    let order = [
        (Kind::Lsm6dso, &[0x6a, 0x6b][..], 0x0f),
        (Kind::Mpu, &[0x68, 0x69], 0x75),
        (Kind::Icm42670, &[0x68, 0x69], 0x75),
        (Kind::Bmi270, &[0x68, 0x69], 0x00),
        (Kind::Lis3dh, &[0x18, 0x19], 0x0f),
    ];
    order
        .iter()
        .take_while(|(other, ..)| *other != kind)
        .flat_map(|(_, addresses, register)| addresses.iter().map(|at| nobody(*at, *register)))
        .collect()
}

fn big_endian(values: &[i16]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_be_bytes())
        .collect()
}

fn little_endian(values: &[i16]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// Starts a sensor, reads the samples of `script` and expects the bus to have been used in full.
fn samples(kind: Kind, script: &[Transaction], count: usize) -> Vec<Option<Sample>> {
    let mut bus = Mock::new(script);
    let mut imu = Imu::start(bus.clone(), NoopDelay).unwrap();
    assert_eq!(imu.kind(), kind);
    let samples = (0..count).map(|_| imu.poll().unwrap()).collect();
    bus.done();
    samples
}

#[test]
fn an_empty_bus_is_told() {
    // The last kind is asked for as well.
    let mut script = asked_before(Kind::Lis3dh);
    script.extend([nobody(0x18, 0x0f), nobody(0x19, 0x0f)]);
    let mut bus = Mock::new(&script);
    assert_eq!(
        Imu::start(bus.clone(), NoopDelay).err(),
        Some(Error::NotFound)
    );
    bus.done();
}

#[test]
fn a_stranger_at_a_known_address_is_not_taken() {
    let mut script = vec![read(0x6a, 0x0f, &[0x00]), read(0x6b, 0x0f, &[0xff])];
    script.extend(asked_before(Kind::Lis3dh).split_off(2));
    script.extend([read(0x18, 0x0f, &[0x32]), read(0x19, 0x0f, &[0x34])]);
    let mut bus = Mock::new(&script);
    assert_eq!(find(&mut bus), None);
    bus.done();
}

#[test]
fn lsm6dso_at_its_second_address() {
    let at = 0x6b;
    let script = [
        nobody(0x6a, 0x0f),
        read(at, 0x0f, &[0x6c]),
        read(at, 0x0f, &[0x6c]),
        write(at, 0x12, 0x44),
        write(at, 0x10, 0x38),
        write(at, 0x11, 0x3c),
        read(at, 0x1e, &[0b01]),
        read(at, 0x1e, &[0b11]),
        read(at, 0x22, &little_endian(&[1, -2, 3, 100, -200, 8192])),
    ];
    let expected = [None, Some([0, 0, 0, 1, -2, 3, 100, -200, 8192])];
    assert_eq!(samples(Kind::Lsm6dso, &script, 2), expected);
}

#[test]
fn mpu_is_woken_and_its_rotation_rescaled() {
    let at = 0x68;
    let mut script = asked_before(Kind::Mpu);
    script.extend([
        read(at, 0x75, &[0x68]),
        // Out of sleep, keeping the clock's choice.
        read(at, 0x6b, &[0x41]),
        write(at, 0x6b, 0x01),
        // Low-pass of 20 Hz; 1 kHz / (1 + 9); ±4 g; ±2000 °/s.
        read(at, 0x1a, &[0]),
        write(at, 0x1a, 0x04),
        write(at, 0x19, 9),
        read(at, 0x1c, &[0]),
        write(at, 0x1c, 0x08),
        read(at, 0x1b, &[0]),
        write(at, 0x1b, 0x18),
        read(
            at,
            0x3b,
            &big_endian(&[8192, -1, 2, 0x7777, 1640, -32768, 32767]),
        ),
    ]);
    // 100 °/s are 1,640 counts here, 1,429 of 70 m°/s.
    let expected = Some([0, 0, 0, 1429, -28544, 28543, 8192, -1, 2]);
    assert_eq!(samples(Kind::Mpu, &script, 1), [expected]);
}

#[test]
fn icm42670_is_set_to_the_models_ranges() {
    let at = 0x68;
    let mut script = asked_before(Kind::Icm42670);
    script.extend([
        read(at, 0x75, &[0x67]),
        // Both on; ±4 g, 100 Hz; ±2000 °/s, 100 Hz.
        write(at, 0x1f, 0x0f),
        write(at, 0x21, 0x49),
        write(at, 0x20, 0x09),
        read(at, 0x39, &[0]),
        read(at, 0x39, &[1]),
        read(at, 0x0b, &big_endian(&[8192, -5, 7, 1640, 0, -1640])),
    ]);
    let expected = [None, Some([0, 0, 0, 1429, 0, -1429, 8192, -5, 7])];
    assert_eq!(samples(Kind::Icm42670, &script, 2), expected);
}

#[test]
fn bmi270_gets_its_microcode_in_whole_words() {
    let at = 0x69;
    let mut script = asked_before(Kind::Bmi270);
    script.extend([
        nobody(0x68, 0x00),
        read(at, 0x00, &[0x24]),
        read(at, 0x00, &[0x24]),
        write(at, 0x7e, 0xb6),
        read(at, 0x7c, &[0x03]),
        write(at, 0x7c, 0x02),
        read(at, 0x59, &[0]),
        write(at, 0x59, 0),
    ]);
    let microcode = &bmi2::config::BMI270_CONFIG_FILE;
    for (i, chunk) in microcode.chunks(126).enumerate() {
        let words = (i * 126 / 2) as u16;
        let address = vec![0x5b, (words & 0x0f) as u8, (words >> 4) as u8];
        script.push(Transaction::write(at, address));
        script.push(Transaction::write(at, [&[0x5e], chunk].concat()));
    }
    script.extend([
        write(at, 0x59, 1),
        read(at, 0x7c, &[0x02]),
        write(at, 0x7c, 0x03),
        read(at, 0x21, &[1]),
        // Awake; 100 Hz, ±4 g, ±2000 °/s; both on.
        read(at, 0x7c, &[0x03]),
        write(at, 0x7c, 0x02),
        write(at, 0x40, 0xa8),
        write(at, 0x41, 0x01),
        write(at, 0x42, 0xe8),
        write(at, 0x43, 0x00),
        write(at, 0x7d, 0x06),
        read(
            at,
            0x0c,
            &[little_endian(&[8192, 1, 2, 1640, -1640, 0]), vec![9, 9, 9]].concat(),
        ),
    ]);
    let expected = Some([0, 0, 0, 1429, -1429, 0, 8192, 1, 2]);
    assert_eq!(samples(Kind::Bmi270, &script, 1), [expected]);
}

/// Both addresses: the LSM303AGR's accelerometer is at the second one, a LIS3DH at either.
#[test]
fn lis3dh_gives_acceleration_alone() {
    for at in [0x18, 0x19] {
        let mut script = asked_before(Kind::Lis3dh);
        script.extend((0x18..at).map(|other| nobody(other, 0x0f)));
        script.extend([
            read(at, 0x0f, &[0x33]),
            // Block data update; ±4 g, whatever range it had before.
            read(at, 0x23, &[0x30]),
            write(at, 0x23, 0xb0),
            read(at, 0x23, &[0xb0]),
            write(at, 0x23, 0x80),
            read(at, 0x23, &[0x80]),
            write(at, 0x23, 0x90),
            // High resolution, not low power.
            read(at, 0x20, &[0x0f]),
            write(at, 0x20, 0x07),
            read(at, 0x23, &[0x90]),
            write(at, 0x23, 0x98),
            // 100 Hz, all axes.
            read(at, 0x20, &[0x07]),
            write(at, 0x20, 0x57),
            read(at, 0x27, &[0b0111]),
            read(at, 0x07, &[0]),
            read(at, 0x27, &[0b1111]),
            read(at, 0x07, &[0]),
            read(at, 0xa8, &little_endian(&[-16, 32, 8192])),
        ]);
        let expected = [None, Some([0, 0, 0, 0, 0, 0, -16, 32, 8192])];
        assert_eq!(samples(Kind::Lis3dh, &script, 2), expected);
    }
}

#[test]
fn a_sensor_that_is_unplugged_is_a_bus_error() {
    let at = 0x6a;
    let script = [
        read(at, 0x0f, &[0x6c]),
        read(at, 0x0f, &[0x6c]),
        write(at, 0x12, 0x44),
        write(at, 0x10, 0x38),
        write(at, 0x11, 0x3c),
        nobody(at, 0x1e),
    ];
    let mut bus = Mock::new(&script);
    let mut imu = Imu::start(bus.clone(), NoopDelay).unwrap();
    assert_eq!(imu.poll(), Err(Error::Bus));
    bus.done();
}

/// All counts: within 0.1 % and a rounding of the exact ratio.
#[test]
fn rotation_is_rescaled_to_a_tenth_of_a_percent() {
    for x in i16::MIN..=i16::MAX {
        let exact = f64::from(x) / 16.4 / 0.070;
        let [found, ..] = to_70_mdps([x; 3]);
        let error = (f64::from(found) - exact).abs();
        assert!(
            error <= 0.5 + 0.001 * exact.abs(),
            "{x}: {found}, not {exact}"
        );
    }
}
