//! Classifies embedded windows; see `hadamrnn_board`.
#![no_std]
#![no_main]

use esp_hal::interrupt::wait_for_interrupt;
use esp_hal::main;
use hadamrnn_board::cycles::Cycles;
use hadamrnn_board::stack;
use this_board::config::{APP, WINDOWS};
use this_board::{CORE_HZ, start};

esp_bootloader_esp_idf::esp_app_desc!();

#[main]
fn main() -> ! {
    stack::paint();
    let flash = start().1.flash;
    let cycles = defmt::unwrap!(Cycles::start(CORE_HZ), "the counter is taken");
    defmt::unwrap!(APP.classify(WINDOWS, flash, &cycles));
    loop {
        wait_for_interrupt();
    }
}
