//! Classifies what the motion sensor sees; see `hadamrnn_board`.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use hadamrnn_nucleo_g071::config::APP;
use hadamrnn_nucleo_g071::start;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    defmt::unwrap!(APP.stream(start()).await);
}
