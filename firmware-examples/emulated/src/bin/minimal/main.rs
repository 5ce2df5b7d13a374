//! The smallest program: samples go into an embedded model, its classes to the host. An emulated board has no sensor: the
//! samples are recorded.
#![no_std]
#![no_main]

use defmt_semihosting as _;
use hadamrnn_device::windows::{WindowFile, decode_sample};
use hadamrnn_emulated::platform::entry;
use semihosting::{println, process};

hadamrnn_runtime::model! {
    /// Sitting, lying or walking upstairs, against the rest: 50 samples a second, an answer after 128 of them.
    static MODEL: Movements = "../../../../../models/har2/model.hdrn", classes = ["other", "resting or upstairs"];
}

static RECORDED: &[u8] = include_bytes!("../../../../../models/har2/windows.bin");

#[entry]
fn main() -> ! {
    let recorded = WindowFile::parse(RECORDED).expect("a window file");
    let mut session = MODEL.start();
    for bytes in recorded.samples() {
        let mut sample = [0; 9];
        decode_sample(bytes, &mut sample);
        session.push(&sample).expect("nine values");
        if session.steps() == 128 {
            println!("{}", MODEL.class_name(session.class()));
            session.reset();
        }
    }
    process::exit(0)
}
