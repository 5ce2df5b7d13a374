//! Classifies what the motion sensor sees; see `hadamrnn_board`. For every board with a Cortex-M core.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_futures::select::{Either, select};
use this_board::config::APP;
use this_board::start;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let (beside, parts) = start();
    // Neither ends, but for a failure of the program.
    match select(APP.stream(parts), beside).await {
        Either::First(ended) => drop(defmt::unwrap!(ended)),
        Either::Second(never) => match never {},
    }
}
