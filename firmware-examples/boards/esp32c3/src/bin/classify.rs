//! Classifies embedded windows; see `hadamrnn_board`.
#![no_std]
#![no_main]

use esp_hal::main;
use hadamrnn_board::cycles::Cycles;
use hadamrnn_board::stack;
use hadamrnn_esp32c3::config::{ABOUT, App, EMBEDDED};
use hadamrnn_esp32c3::{Board, CORE_HZ};

esp_bootloader_esp_idf::esp_app_desc!();

#[main]
fn main() -> ! {
    stack::paint();
    Board::start();
    let cycles = defmt::unwrap!(Cycles::start(CORE_HZ), "the counter is taken");
    defmt::unwrap!(App::classify(&ABOUT, &EMBEDDED, &cycles));
    loop {
        esp_hal::interrupt::wait_for_interrupt();
    }
}
