//! Sensitivities of common sensors, by their data sheets and makers' drivers.
//!
//! A count is one of the 16-bit output registers as they are read. LIS3DH, LIS2DH12, LIS2DW12 and MMA8452Q fill theirs from the
//! left; ADXL345 and ADXL343 are in full resolution, aligned right. Where data sheet and drivers differ (ADXL362 at ±8 g, the
//! magnetometer of the MPU-9250), the range is left out.

/// Full scale and counts per unit.
pub(super) type Range = (f64, f64);

/// A sensor.
pub(super) struct Sensor {
    /// Name in lower case, without dashes.
    pub name: &'static str,
    /// Ranges of acceleration: g, counts per g.
    pub acceleration: &'static [Range],
    /// Ranges of rotation: °/s, counts per °/s.
    pub rotation: &'static [Range],
    /// Ranges of the magnetic field: gauss, counts per gauss.
    pub field: &'static [Range],
}

/// Counts per unit of so many thousandths of it a count.
const fn milli(per_count: f64) -> f64 {
    1000.0 / per_count
}

/// 16 bits over the whole range, ±2 to ±16 g.
const WHOLE: &[Range] = &[(2.0, 16384.0), (4.0, 8192.0), (8.0, 4096.0), (16.0, 2048.0)];
/// ST: mg of a count.
const ST_G: &[Range] = &[
    (2.0, milli(0.061)),
    (4.0, milli(0.122)),
    (8.0, milli(0.244)),
    (16.0, milli(0.488)),
];
/// ST: m°/s of a count.
const ST_DPS: &[Range] = &[
    (125.0, milli(4.375)),
    (250.0, milli(8.75)),
    (500.0, milli(17.5)),
    (1000.0, milli(35.0)),
    (2000.0, milli(70.0)),
];
const ST_DPS_4000: &[Range] = &[
    (125.0, milli(4.375)),
    (250.0, milli(8.75)),
    (500.0, milli(17.5)),
    (1000.0, milli(35.0)),
    (2000.0, milli(70.0)),
    (4000.0, milli(140.0)),
];
/// InvenSense.
const MPU_DPS: &[Range] = &[
    (250.0, 131.0),
    (500.0, 65.5),
    (1000.0, 32.8),
    (2000.0, 16.4),
];
const ICM_DPS: &[Range] = &[
    (125.0, 262.0),
    (250.0, 131.0),
    (500.0, 65.5),
    (1000.0, 32.8),
    (2000.0, 16.4),
];
/// Bosch.
const BMI160_DPS: &[Range] = &[
    (125.0, 262.4),
    (250.0, 131.2),
    (500.0, 65.6),
    (1000.0, 32.8),
    (2000.0, 16.4),
];
const BOSCH_DPS: &[Range] = &[
    (125.0, 262.144),
    (250.0, 131.072),
    (500.0, 65.536),
    (1000.0, 32.768),
    (2000.0, 16.384),
];
/// LIS3DH and its like: 1, 2, 4 and 12 mg a digit of 12 bits, which stands in the upper bits of 16.
const LIS_G: &[Range] = &[
    (2.0, 16000.0),
    (4.0, 8000.0),
    (8.0, 4000.0),
    (16.0, milli(0.75)),
];
/// Full resolution, 3.9 mg a count at any range.
const ADXL_G: &[Range] = &[(2.0, 256.0), (4.0, 256.0), (8.0, 256.0), (16.0, 256.0)];
/// 100 counts are 1 m/s², 16 are 1 °/s, 16 are 1 µT, at any range.
const BNO_G: &[Range] = &[
    (2.0, 980.665),
    (4.0, 980.665),
    (8.0, 980.665),
    (16.0, 980.665),
];
const BNO_DPS: &[Range] = &[
    (125.0, 16.0),
    (250.0, 16.0),
    (500.0, 16.0),
    (1000.0, 16.0),
    (2000.0, 16.0),
];

const fn sensor(
    name: &'static str,
    acceleration: &'static [Range],
    rotation: &'static [Range],
    field: &'static [Range],
) -> Sensor {
    Sensor {
        name,
        acceleration,
        rotation,
        field,
    }
}

/// All sensors.
pub(super) const SENSORS: &[Sensor] = &[
    sensor("lsm6dso", ST_G, ST_DPS, &[]),
    sensor("lsm6dsox", ST_G, ST_DPS, &[]),
    sensor("lsm6ds3", ST_G, ST_DPS, &[]),
    sensor("lsm6ds3trc", ST_G, ST_DPS, &[]),
    sensor("lsm6dsl", ST_G, ST_DPS, &[]),
    sensor("lsm6dsv", ST_G, ST_DPS_4000, &[]),
    sensor("ism330dhcx", ST_G, ST_DPS_4000, &[]),
    sensor(
        "lsm9ds1",
        &[
            (2.0, milli(0.061)),
            (4.0, milli(0.122)),
            (8.0, milli(0.244)),
            (16.0, milli(0.732)),
        ],
        &[
            (245.0, milli(8.75)),
            (500.0, milli(17.5)),
            (2000.0, milli(70.0)),
        ],
        &[
            (4.0, milli(0.14)),
            (8.0, milli(0.29)),
            (12.0, milli(0.43)),
            (16.0, milli(0.58)),
        ],
    ),
    sensor("mpu6050", WHOLE, MPU_DPS, &[]),
    sensor("mpu6500", WHOLE, MPU_DPS, &[]),
    sensor("mpu9250", WHOLE, MPU_DPS, &[]),
    // 0.15 µT a count, ±4,900 µT.
    sensor("icm20948", WHOLE, MPU_DPS, &[(49.0, 100.0 / 0.15)]),
    sensor("icm42670", WHOLE, MPU_DPS, &[]),
    sensor("icm42688", WHOLE, ICM_DPS, &[]),
    sensor("bmi160", WHOLE, BMI160_DPS, &[]),
    sensor("bmi270", WHOLE, BOSCH_DPS, &[]),
    sensor("bmi323", WHOLE, BOSCH_DPS, &[]),
    sensor(
        "bma400",
        &[(2.0, 1024.0), (4.0, 512.0), (8.0, 256.0), (16.0, 128.0)],
        &[],
        &[],
    ),
    sensor("bma456", WHOLE, &[], &[]),
    sensor("adxl345", ADXL_G, &[], &[]),
    sensor("adxl343", ADXL_G, &[], &[]),
    sensor("adxl362", &[(2.0, 1000.0), (4.0, 500.0)], &[], &[]),
    sensor("lis3dh", LIS_G, &[], &[]),
    sensor("lis2dh12", LIS_G, &[], &[]),
    sensor("lis2dw12", ST_G, &[], &[]),
    sensor("bno055", BNO_G, BNO_DPS, &[(13.0, 1600.0)]),
    sensor(
        "kx134",
        &[(8.0, 4096.0), (16.0, 2048.0), (32.0, 1024.0), (64.0, 512.0)],
        &[],
        &[],
    ),
    sensor(
        "mma8452",
        &[(2.0, 16384.0), (4.0, 8192.0), (8.0, 4096.0)],
        &[],
        &[],
    ),
    sensor(
        "lis3mdl",
        &[],
        &[],
        &[(4.0, 6842.0), (8.0, 3421.0), (12.0, 2281.0), (16.0, 1711.0)],
    ),
    sensor("lis2mdl", &[], &[], &[(50.0, milli(1.5))]),
    sensor("qmc5883l", &[], &[], &[(2.0, 12000.0), (8.0, 3000.0)]),
];
