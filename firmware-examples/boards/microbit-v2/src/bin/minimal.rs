//! The smallest program: samples of the accelerometer on the board go into an embedded model, its classes to the log.
//!
//! `cargo run --release --bin minimal` here flashes the board and shows the log.
#![no_std]
#![no_main]

use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_nrf::twim::{self, Twim};
use embassy_nrf::{bind_interrupts, peripherals};
use embassy_time::{Delay, Duration, Ticker};
use hadamrnn_board::imu::Imu;
use hadamrnn_device::imu::SampleSource;
use panic_probe as _;

bind_interrupts!(struct Irqs {
    TWISPI1 => twim::InterruptHandler<peripherals::TWISPI1>;
});

hadamrnn_runtime::model! {
    /// Sitting, lying or walking upstairs, against the rest: 50 samples a second, an answer after 128 of them.
    static MODEL: Movements = "../../../../../models/har2/model.hdrn", classes = ["other", "resting or upstairs"];
}

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_nrf::init(Default::default());
    let mut buffer = [0; 64];
    // SDA and SCL of the bus between the chips on the board.
    let (sda, scl) = (p.P0_16, p.P0_08);
    let i2c = Twim::new(p.TWISPI1, Irqs, sda, scl, Default::default(), &mut buffer);
    let mut sensor = defmt::unwrap!(Imu::start(i2c, Delay));

    let model = defmt::unwrap!(MODEL.model());
    let mut session = defmt::unwrap!(MODEL.session(&model));
    let mut ticker = Ticker::every(Duration::from_hz(50));
    loop {
        ticker.next().await;
        if let Some(sample) = defmt::unwrap!(sensor.poll()) {
            defmt::unwrap!(session.push(&sample));
        }
        if session.steps() == 128 {
            defmt::info!("{}", MODEL.class_name(session.class()));
            session.reset();
        }
    }
}
