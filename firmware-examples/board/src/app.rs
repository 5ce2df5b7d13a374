//! Code shared by all programs of a board: the firmware's description, and the choice of the model.

use core::marker::PhantomData;

use defmt::Display2Format;
use embedded_storage::nor_flash::NorFlash;
use hadamrnn_device::descriptor::Descriptor;
use hadamrnn_device::slots::{Accept, Boot, Region, Running, Slots};
use hadamrnn_device::stream::WindowStream;
use hadamrnn_runtime::{Model, Room};

use crate::Failure;
use crate::flash::SlotFlash;

/// The programs of a board; the parameters are those of [`WindowStream`].
pub struct App<R: Room, const SESSIONS: usize> {
    /// Description of this firmware, for the host.
    pub(crate) firmware: Descriptor<'static>,
    /// The built-in model, on a four-byte boundary.
    model: &'static [u8],
    room: PhantomData<fn() -> R>,
}

/// The model that runs.
pub(crate) struct Booted<F, A> {
    pub slots: Slots<F, A>,
    pub running: Running,
    /// Its file.
    pub bytes: &'static [u8],
    pub model: Model<'static>,
}

impl<R: Room, const SESSIONS: usize> App<R, SESSIONS> {
    /// Programs around a built-in model.
    #[must_use]
    pub const fn new(firmware: Descriptor<'static>, model: &'static [u8]) -> Self {
        Self {
            firmware,
            model,
            room: PhantomData,
        }
    }

    /// Chooses the newest model that is valid and can be run here, and says which, and why others are refused.
    pub(crate) fn boot<F: NorFlash>(
        &self,
        flash: SlotFlash<F>,
    ) -> Result<Booted<SlotFlash<F>, impl Accept + use<R, F, SESSIONS>>, Failure> {
        let (window, sensor) = (self.firmware.window, self.firmware.sensor());
        let accept = move |model: &Model<'_>, timing| {
            WindowStream::<R, SESSIONS>::check(model, timing, window, sensor)
        };
        let region = Region {
            offset: 0,
            slot_size: self.firmware.slot_size,
        };
        let mut slots = Slots::new(flash, region, accept)?;
        let boot = slots.boot();
        log(&boot);
        let bytes = match boot.running {
            Running::BuiltIn => self.model,
            Running::Slot { index, header } => {
                slots.flash().in_use(slots.model_range(index, &header))
            }
        };
        Ok(Booted {
            slots,
            running: boot.running,
            bytes,
            model: Model::from_bytes(bytes)?,
        })
    }
}

fn log(boot: &Boot) {
    for (index, slot) in boot.slots.iter().enumerate() {
        match slot {
            Ok(header) => defmt::info!("slot {}: model number {}", index, header.sequence),
            Err(fault) => defmt::info!("slot {}: {}", index, Display2Format(fault)),
        }
    }
    match boot.running {
        Running::BuiltIn => defmt::info!("running the built-in model"),
        Running::Slot { index, .. } => defmt::info!("running slot {}", index),
    }
}
