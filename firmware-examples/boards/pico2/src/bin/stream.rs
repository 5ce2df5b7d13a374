//! Classifies what the motion sensor sees; see `hadamrnn_board`.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_futures::join::join;
use hadamrnn_pico2::config::APP;
use hadamrnn_pico2::start;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let (mut usb, parts) = start();
    let (_, ended) = join(usb.run(), APP.stream(parts)).await;
    defmt::unwrap!(ended);
}
