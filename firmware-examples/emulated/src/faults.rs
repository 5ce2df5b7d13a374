//! Panics, faults and unexpected interrupts of every firmware that reports end the run with a report and status 1:
//! firmware must not hang.

use core::fmt::Arguments;
use core::panic::PanicInfo;

use hadamrnn_firmware_support::report::{ErrorKind, Report};

use crate::report_file::fail;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    defmt::error!("panicked: {}", defmt::Display2Format(info));
    fail(&Report::error(ErrorKind::Panic, format_args!("{info}")))
}

/// Ends the run for a fault or an unexpected interrupt.
pub(crate) fn fault(what: Arguments<'_>) -> ! {
    defmt::error!("{}", defmt::Display2Format(&what));
    fail(&Report::error(ErrorKind::Fault, what))
}
