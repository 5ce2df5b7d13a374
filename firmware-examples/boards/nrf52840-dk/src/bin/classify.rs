//! Classifies embedded windows; see `hadamrnn_board`.
#![no_std]
#![no_main]

use cortex_m::asm::wfe;
use cortex_m_rt::entry;
use hadamrnn_board::cycles::Cycles;
use hadamrnn_board::stack;
use hadamrnn_nrf52840_dk::config::{ABOUT, App, EMBEDDED};
use hadamrnn_nrf52840_dk::{Board, CORE_HZ};

#[entry]
fn main() -> ! {
    stack::paint();
    Board::start();
    let cycles = defmt::unwrap!(Cycles::start(CORE_HZ), "the counter is taken");
    defmt::unwrap!(App::classify(&ABOUT, &EMBEDDED, &cycles));
    loop {
        wfe();
    }
}
