//! Classifies what the motion sensor sees; see `hadamrnn_board`.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use hadamrnn_microbit_v2::config::APP;
use hadamrnn_microbit_v2::start;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    defmt::unwrap!(APP.stream(start()).await);
}
