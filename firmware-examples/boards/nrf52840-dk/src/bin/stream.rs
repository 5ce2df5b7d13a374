//! Classifies what the motion sensor sees; see `hadamrnn_board`.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use hadamrnn_nrf52840_dk::Board;
use hadamrnn_nrf52840_dk::config::{ABOUT, App, EMBEDDED};

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let board = Board::start();
    defmt::unwrap!(App::stream(&ABOUT, &EMBEDDED, board.i2c).await);
}
