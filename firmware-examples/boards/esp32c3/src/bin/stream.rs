//! Classifies what the motion sensor sees; see `hadamrnn_board`.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use hadamrnn_board::Failure;
use hadamrnn_esp32c3::Board;
use hadamrnn_esp32c3::config::{ABOUT, App, EMBEDDED};

esp_bootloader_esp_idf::esp_app_desc!();

#[esp_rtos::main]
async fn main(_spawner: Spawner) {
    let board = Board::start();
    board.timer.start();
    defmt::unwrap!(App::stream(&ABOUT, &EMBEDDED, board.i2c).await);
}
