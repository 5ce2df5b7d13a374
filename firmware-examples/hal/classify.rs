//! Classifies embedded windows; see `hadamrnn_board`. For every board with a Cortex-M core.
#![no_std]
#![no_main]

use cortex_m::asm::wfe;
use cortex_m_rt::entry;
use hadamrnn_board::cycles::Cycles;
use hadamrnn_board::stack;
use this_board::config::{APP, WINDOWS};
use this_board::{CORE_HZ, start};

#[entry]
fn main() -> ! {
    stack::paint();
    let flash = start().1.flash;
    let cycles = defmt::unwrap!(Cycles::start(CORE_HZ), "the counter is taken");
    defmt::unwrap!(APP.classify(WINDOWS, flash, &cycles));
    loop {
        wfe();
    }
}
