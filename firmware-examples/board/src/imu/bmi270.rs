//! BMI270, by crate `bmi2`.

use bmi2::config::BMI270_CONFIG_FILE;
use bmi2::interface::I2cInterface;
use bmi2::types::{
    AccBwp, AccConf, AccRange, Burst, Error as DriverError, GyrBwp, GyrConf, GyrRange, GyrRangeVal,
    Odr, OisRange, PerfMode, PwrCtrl,
};
use bmi2::{Bmi2, I2cAddr};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use super::{Error, SixAxes, to_70_mdps};

/// Bytes of its 8 KiB of microcode to a transfer: fits the 255 bytes of every chip's bus controller.
const BURST: usize = 128;

pub type Bmi270<I, D> = Bmi2<I2cInterface<I>, D, BURST>;

/// Loads the sensor's microcode, which takes about 0.2 s at 400 kHz, and sets rates and ranges.
pub fn start<I: I2c, D: DelayNs>(bus: I, delay: D, address: u8) -> Result<Bmi270<I, D>, Error> {
    let address = match address {
        0x68 => I2cAddr::Default,
        _ => I2cAddr::Alternative,
    };
    let mut imu = Bmi2::new_i2c(bus, delay, address, Burst::new(BURST as u16));
    imu.init(&BMI270_CONFIG_FILE).map_err(error)?;
    set_up(&mut imu).map_err(error)?;
    Ok(imu)
}

fn set_up<I: I2c, D: DelayNs>(imu: &mut Bmi270<I, D>) -> Result<(), DriverError<I::Error>> {
    imu.disable_power_save()?;
    imu.set_acc_conf(AccConf {
        odr: Odr::Odr100,
        bwp: AccBwp::NormAvg4,
        filter_perf: PerfMode::Perf,
    })?;
    imu.set_acc_range(AccRange::Range4g)?;
    imu.set_gyr_conf(GyrConf {
        odr: Odr::Odr100,
        bwp: GyrBwp::Norm,
        noise_perf: PerfMode::Perf,
        filter_perf: PerfMode::Perf,
    })?;
    imu.set_gyr_range(GyrRange {
        range: GyrRangeVal::Range2000,
        ois_range: OisRange::Range250,
    })?;
    imu.set_pwr_ctrl(PwrCtrl {
        aux_en: false,
        gyr_en: true,
        acc_en: true,
        temp_en: false,
    })
}

pub fn read<I: I2c, D: DelayNs>(imu: &mut Bmi270<I, D>) -> Result<SixAxes, Error> {
    let data = imu.get_data().map_err(error)?;
    let rotation = to_70_mdps([data.gyr.x, data.gyr.y, data.gyr.z]);
    Ok([[data.acc.x, data.acc.y, data.acc.z], rotation])
}

fn error<E>(error: DriverError<E>) -> Error {
    match error {
        DriverError::Comm(_) => Error::Bus,
        _ => Error::SetUp,
    }
}
