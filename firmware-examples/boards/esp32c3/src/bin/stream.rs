//! Classifies what the motion sensor sees; see `hadamrnn_board`.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use this_board::config::APP;
use this_board::start;

esp_bootloader_esp_idf::esp_app_desc!();

#[esp_rtos::main]
async fn main(_spawner: Spawner) {
    let (scheduler, parts) = start();
    scheduler.start();
    defmt::unwrap!(APP.stream(parts).await);
}
