//! The handlers of every firmware that reports: panics, faults and unexpected interrupts end the run with a report and status 1: firmware must
//! not hang.
#![allow(
    unsafe_code,
    reason = "cortex-m-rt asks for `unsafe fn` handlers; they do nothing unsafe"
)]

use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, exception};
use hadamrnn_firmware_common::report::{ErrorKind, Report};

use crate::report_file::fail;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    defmt::error!("panicked: {}", defmt::Display2Format(info));
    fail(&Report::error(ErrorKind::Panic, format_args!("{info}")))
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    let at = frame.pc();
    defmt::error!("hard fault at {:#010x}", at);
    fail(&Report::error(
        ErrorKind::Fault,
        format_args!("hard fault at {at:#010x}"),
    ))
}

#[exception]
unsafe fn DefaultHandler(number: i16) -> ! {
    defmt::error!("unexpected exception {}", number);
    fail(&Report::error(
        ErrorKind::Fault,
        format_args!("unexpected exception {number}"),
    ))
}
