//! Classifies embedded windows; see `hadamrnn_board`.
#![no_std]
#![no_main]

use cortex_m::asm::wfe;
use cortex_m_rt::entry;
use hadamrnn_board::cycles::Cycles;
use hadamrnn_board::stack;
use hadamrnn_microbit_v2::config::{APP, WINDOWS};
use hadamrnn_microbit_v2::{CORE_HZ, start};

#[entry]
fn main() -> ! {
    stack::paint();
    let flash = start().flash;
    let cycles = defmt::unwrap!(Cycles::start(CORE_HZ), "the counter is taken");
    defmt::unwrap!(APP.classify(WINDOWS, flash, &cycles));
    loop {
        wfe();
    }
}
