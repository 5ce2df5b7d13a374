//! Tests of each sensor on a simulated bus: how it is found, how it is set up, and how its readings are converted.

mod chip;

use embedded_hal::i2c::ErrorKind;
use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
use hadamrnn_device::slots::Timing;
use hadamrnn_device::stream::WindowStream;
use hadamrnn_runtime::kernel::Fwht;
use hadamrnn_runtime::{Model, RoomOf, Session};

use super::*;
use chip::{Bus, Chip, DATA_SHEETS, DataSheet};

/// An identity register at an address where nobody is.
fn nobody(address: u8, register: u8) -> Transaction {
    Transaction::write_read(address, vec![register], vec![0]).with_error(ErrorKind::Other)
}

fn read(address: u8, register: u8, value: u8) -> Transaction {
    Transaction::write_read(address, vec![register], vec![value])
}

/// All questions of the search, on a bus without sensors.
fn all_questions() -> Vec<Transaction> {
    let questions = [
        (&[0x6a, 0x6b][..], 0x0f),
        (&[0x68, 0x69], 0x75),
        (&[0x68, 0x69], 0x75),
        (&[0x68, 0x69], 0x00),
        (&[0x19], 0x0f),
        (&[0x18, 0x19], 0x0f),
    ];
    let each = questions.iter().flat_map(|(addresses, register)| {
        addresses.iter().map(|address| nobody(*address, *register))
    });
    each.collect()
}

#[test]
fn an_empty_bus_is_told() {
    let mut bus = Mock::new(&all_questions());
    let error = Imu::start(bus.clone(), NoopDelay).err();
    assert_eq!(error, Some(Error::NotFound));
    bus.done();
}

#[test]
fn a_stranger_at_a_known_address_is_not_taken() {
    let mut script = all_questions();
    script[0] = read(0x6a, 0x0f, 0x00);
    script[1] = read(0x6b, 0x0f, 0xff);
    let last = script.len() - 1;
    script[last] = read(0x19, 0x0f, 0x34);
    let mut bus = Mock::new(&script);
    assert_eq!(find(&mut bus), None);
    bus.done();
}

/// Each sensor is found without a write to any of them.
#[test]
fn each_sensor_is_found() {
    for sheet in DATA_SHEETS {
        let mut bus = Bus::with(Chip::new(sheet));
        let found = find(&mut bus).expect("is there");
        assert_eq!((found.kind, found.address), (sheet.kind, sheet.address));
        assert!(!bus.chip().was_written, "{:?}", sheet.kind);
    }
    // At its other address as well, where no magnetometer answers.
    let mut bus = Bus::with(Chip::new(DataSheet {
        address: 0x19,
        ..sheet(Kind::Lis3dh)
    }));
    assert_eq!(find(&mut bus).map(|found| found.kind), Some(Kind::Lis3dh));
}

fn sheet(kind: Kind) -> DataSheet {
    let sheet = DATA_SHEETS.iter().find(|sheet| sheet.kind == kind);
    *sheet.expect("one for each kind")
}

fn start(bus: &Bus) -> Result<Imu<Bus>, Error> {
    let clock = bus.chip().clock.clone();
    Imu::start(bus.clone(), clock)
}

/// Sensors with registers as another program may have left them, if the sensor kept its power.
fn left_behind(sheet: &DataSheet) -> [Chip; 3] {
    let mut all_ones = Chip::new(*sheet);
    all_ones.registers.fill(0xff);
    all_ones.hold(&[sheet.identity]);
    let mut others = Chip::new(*sheet);
    others.hold(sheet.others);
    [Chip::new(*sheet), all_ones, others]
}

#[test]
fn settings_are_whole_whatever_a_program_before_has_left() {
    for sheet in &DATA_SHEETS {
        for (i, chip) in left_behind(sheet).into_iter().enumerate() {
            let bus = Bus::with(chip);
            start(&bus).expect("takes its settings");
            for &(register, value) in sheet.settings {
                let found = bus.chip().registers[usize::from(register)];
                assert_eq!(found, value, "{:?} {i}: {register:#04x}", sheet.kind);
            }
        }
    }
}

#[test]
fn a_setting_that_does_not_read_back_is_refused() {
    for sheet in &DATA_SHEETS {
        for &(register, value) in sheet.settings {
            let bus = Bus::with(Chip::new(*sheet));
            bus.chip().stuck = Some((register, !value));
            let error = start(&bus).err();
            assert_eq!(error, Some(Error::SetUp { register }), "{:?}", sheet.kind);
        }
    }
}

#[test]
fn a_reset_that_does_not_end_is_refused() {
    // The BMI270 shows the end of its reset by taking its microcode.
    for kind in [Kind::Lsm6dso, Kind::Mpu, Kind::Icm42670] {
        let (register, bits) = sheet(kind).reset.expect("has one").by;
        let bus = Bus::with(Chip::new(sheet(kind)));
        bus.chip().stuck = Some((register, bits));
        let error = start(&bus).err();
        assert_eq!(error, Some(Error::SetUp { register }), "{kind:?}");
    }
}

#[test]
fn bmi270_gets_its_microcode_whole() {
    let bus = Bus::with(Chip::new(sheet(Kind::Bmi270)));
    start(&bus).expect("starts");
    assert_eq!(bus.chip().microcode, bmi2::config::BMI270_CONFIG_FILE);
    bus.chip().stuck = Some((0x21, 0x02));
    let error = start(&bus).err();
    assert_eq!(error, Some(Error::SetUp { register: 0x21 }));
}

/// The successors of the MPU-6050 have a register for it.
#[test]
fn the_low_pass_of_acceleration_is_set_where_it_is_one_of_its_own() {
    for (identity, expected) in [(0x68, 0), (0x70, 4), (0x71, 4), (0x73, 4)] {
        let bus = Bus::with(Chip::new(DataSheet {
            identity: (0x75, identity),
            ..sheet(Kind::Mpu)
        }));
        start(&bus).expect("starts");
        assert_eq!(bus.chip().registers[0x1d], expected, "{identity:#04x}");
    }
}

#[test]
fn samples_come_in_channel_order_when_they_are_new() {
    for sheet in &DATA_SHEETS {
        let bus = Bus::with(Chip::new(*sheet));
        let mut imu = start(&bus).expect("starts");
        let kind = imu.kind();
        assert_eq!(kind, sheet.kind);
        if let Some((status, bits)) = sheet.ready {
            // All bits but one that is waited for.
            bus.chip().hold(&[(status, !(bits & bits.wrapping_neg()))]);
            assert_eq!(imu.poll(), Ok(None), "{kind:?}");
        }
        bus.chip().sense([1000, -2000, 3000], [100, -200, 200]);
        let sample = imu.poll().expect("answers").expect("is new");
        let total = match kind {
            Kind::Lis3dh => [1024, -2048, 3072],
            _ => [1000, -2000, 3000],
        };
        let rotation = match kind {
            Kind::Lsm6dso => [100, -200, 200],
            Kind::Lsm303agr | Kind::Lis3dh => [0; 3],
            _ => [87, -174, 174],
        };
        // The first sample is all gravity.
        let expected = [[0; 3], rotation, total];
        assert_eq!(sample, expected.as_flattened(), "{kind:?}");
    }
}

/// Samples are converted by the nominal sensitivities of the data sheets, within 0.2 %: less than the data sheets allow
/// a sensor to be off.
#[test]
fn a_sample_is_in_units_of_1_8192_g_and_70_mdps() {
    for sheet in &DATA_SHEETS {
        let bus = Bus::with(Chip::new(*sheet));
        let mut imu = start(&bus).expect("starts");
        let (per_g, per_degree) = sheet.nominal;
        let rotation = per_degree.map_or(0.0, |per_degree| 1000.0 * per_degree);
        let counts = |x: f64| [x.round() as i16, (-x).round() as i16, 0];
        bus.chip().sense(counts(3.0 * per_g), counts(rotation));
        let sample = imu.poll().expect("answers").expect("is new");
        let [.., gx, gy, _, ax, ay, _] = sample.map(f64::from);
        let near = |found: f64, exact: f64| (found - exact).abs() <= 0.002 * exact.abs() + 1.0;
        assert!(
            near(ax, 3.0 * 8192.0) && near(ay, -3.0 * 8192.0),
            "{:?}: {ax} {ay}",
            sheet.kind
        );
        let exact = per_degree.map_or(0.0, |_| 1000.0 / 0.070);
        assert!(
            near(gx, exact) && near(gy, -exact),
            "{:?}: {gx} {gy}",
            sheet.kind
        );
    }
}

#[test]
fn a_sensor_that_is_unplugged_is_a_bus_error() {
    for sheet in &DATA_SHEETS {
        let bus = Bus::with(Chip::new(*sheet));
        let mut imu = start(&bus).expect("starts");
        bus.chip().unplugged = true;
        assert_eq!(imu.poll(), Err(Error::Bus), "{:?}", sheet.kind);
        assert_eq!(start(&bus).err(), Some(Error::NotFound));
    }
}

/// Runs from the sensor's registers to a class: the model reads the samples that the bus delivers.
#[test]
fn a_sensor_on_a_bus_is_classified() {
    const MODEL: &[u8] = hadamrnn_runtime::include_model!("../../../../models/har2/model.hdrn");
    let model = Model::from_bytes(MODEL).expect("shipped");
    let timing = Timing {
        window: 8,
        hop: 8,
        decimation: 1,
        ..Timing::OPEN
    };
    let bus = Bus::with(Chip::new(sheet(Kind::Lsm6dso)));
    let mut imu = start(&bus).expect("starts");
    let mut windows =
        WindowStream::<RoomOf<Fwht, 128, 9>, 1>::new(&model, timing, 128).expect("fits");
    let mut alone = Session::<RoomOf<Fwht, 128, 9>>::new(&model).expect("fits");
    for i in 1..=8 {
        bus.chip().sense([257 * i, -300 * i, 8192], [i, -40 * i, 9]);
        let sample = imu.poll().expect("answers").expect("is new");
        alone.push(&sample).expect("nine values");
        let answer = windows.push(&sample).expect("nine values");
        let classes = answer.map(|answer| (answer.class, answer.logits.to_vec()));
        let expected = (i == 8).then(|| (alone.class(), alone.logits().collect::<Vec<_>>()));
        assert_eq!(classes, expected, "{i}");
    }
}
