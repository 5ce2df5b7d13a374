//! The flash of the two slots, whatever the chip's driver calls it: offset 0 is the first slot, and the core can read all of
//! it as memory.
#![allow(
    unsafe_code,
    reason = "flash is read where the core has it in its memory"
)]

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use hadamrnn_device::slots::MappedFlash;

/// The region of the slots, in the flash of driver `F`.
pub struct SlotFlash<F> {
    driver: F,
    /// First byte of the region, counted as the driver counts.
    offset: u32,
    length: u32,
    /// Where the core reads the region.
    memory: *const u8,
    /// Writable address of the region where `memory` is a copy in RAM; writes to flash are repeated there.
    copy: Option<*mut u8>,
}

impl<F: NorFlash> SlotFlash<F> {
    /// Flash that the chip maps into its memory.
    ///
    /// # Safety
    /// The `length` bytes from `memory` on are those that `driver` has from `offset` on, for as long as the firmware runs,
    /// and nobody but this driver changes them.
    pub const unsafe fn mapped(driver: F, offset: u32, length: u32, memory: *const u8) -> Self {
        Self {
            driver,
            offset,
            length,
            memory,
            copy: None,
        }
    }

    /// Flash that the chip does not map: `ram` gets a copy, and its length is that of the region.
    ///
    /// # Errors
    /// The flash cannot be read.
    pub fn copied(mut driver: F, offset: u32, ram: &'static mut [u8]) -> Result<Self, F::Error> {
        driver.read(offset, ram)?;
        let length = ram.len() as u32;
        let copy = ram.as_mut_ptr();
        Ok(Self {
            driver,
            offset,
            length,
            memory: copy,
            copy: Some(copy),
        })
    }

    /// The model in the slot in use, given where it is: lives as long as the firmware runs.
    #[cfg(any(test, feature = "firmware"))]
    pub(crate) fn in_use(&self, (offset, length): (u32, usize)) -> &'static [u8] {
        let (start, length) = self.clamp(offset, length);
        // SAFETY: in the region, which nobody but `self` changes; and `Slots` never writes or erases the slot that its
        // `boot` has chosen, but for `Server::undo`, after which the firmware restarts and reads it no more: so these bytes do not
        // change as long as anything reads them.
        unsafe { core::slice::from_raw_parts(self.memory.add(start), length) }
    }

    /// The part of a range that lies in the region.
    fn clamp(&self, offset: u32, length: usize) -> (usize, usize) {
        let start = offset.min(self.length) as usize;
        (start, length.min(self.length as usize - start))
    }

    /// Brings a range of the copy, if there is one, in line with the flash.
    fn refresh(&mut self, offset: u32, length: usize) -> Result<(), F::Error> {
        let Some(copy) = self.copy else {
            return Ok(());
        };
        let (start, length) = self.clamp(offset, length);
        // SAFETY: in the copy, which `copied` has taken for good; no slice of `bytes` exists, as `self` is borrowed mutably,
        // and that of `in_use` is in the other slot, or read no more.
        let range = unsafe { core::slice::from_raw_parts_mut(copy.add(start), length) };
        self.driver.read(self.offset + offset, range)
    }
}

impl<F: ErrorType> ErrorType for SlotFlash<F> {
    type Error = F::Error;
}

impl<F: ReadNorFlash> ReadNorFlash for SlotFlash<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.driver.read(self.offset + offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.length as usize
    }
}

impl<F: NorFlash> NorFlash for SlotFlash<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.driver.erase(self.offset + from, self.offset + to)?;
        self.refresh(from, to.saturating_sub(from) as usize)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.driver.write(self.offset + offset, bytes)?;
        self.refresh(offset, bytes.len())
    }
}

impl<F: NorFlash> MappedFlash for SlotFlash<F> {
    fn bytes(&self, offset: u32, length: usize) -> &[u8] {
        let (start, length) = self.clamp(offset, length);
        // SAFETY: in the region, which is not written while `self` is borrowed.
        unsafe { core::slice::from_raw_parts(self.memory.add(start), length) }
    }
}

#[cfg(test)]
mod tests {
    use hadamrnn_device::slots::{
        Accept, Begun, Fault, MemoryFlash, NewModel, PIECE, Region, Running, Slots, Timing,
    };
    use hadamrnn_runtime::Model;

    use super::*;

    const MODEL: &[u8] = hadamrnn_runtime::include_model!("../../../models/har2/model.hdrn");
    const SLOT: u32 = 8 << 10;
    const REGION: Region = Region {
        offset: 0,
        slot_size: SLOT,
    };
    /// Start of the region in the driver's flash, in bytes.
    const OFFSET: u32 = 4 << 10;

    type Driver = MemoryFlash<4, 1024>;

    /// Takes every model.
    fn accept(_: &Model<'_>, _: Timing) -> Result<(), Fault> {
        Ok(())
    }

    fn driver() -> Driver {
        Driver::holding(&vec![0; (OFFSET + 3 * SLOT) as usize])
    }

    /// A copy of the region in memory that is never freed, on a four-byte boundary.
    fn copied(driver: Driver) -> SlotFlash<Driver> {
        let ram: &'static mut [u32] = vec![0; SLOT as usize / 2].leak();
        SlotFlash::copied(driver, OFFSET, bytemuck::cast_slice_mut(ram)).unwrap()
    }

    fn send<A: Accept>(slots: &mut Slots<SlotFlash<Driver>, A>, timing: Timing) {
        let new = NewModel::of(MODEL, timing);
        assert_eq!(slots.begin(new), Ok(Begun::Next(0)));
        for (i, piece) in MODEL.chunks(PIECE).enumerate() {
            slots.write(new.crc, (i * PIECE) as u32, piece).unwrap();
        }
        slots.commit(new.crc).unwrap();
    }

    #[test]
    fn a_copy_follows_what_is_written_and_erased() {
        let mut slots = Slots::new(copied(driver()), REGION, accept).unwrap();
        assert_eq!(slots.boot().running, Running::BuiltIn);
        // Both slots in turn, and the first one again.
        for (hop, expected) in [(8, 0), (4, 1), (2, 0)] {
            send(
                &mut slots,
                Timing {
                    window: 8,
                    hop,
                    decimation: 0,
                    ..Timing::OPEN
                },
            );
            let Running::Slot { index, header } = slots.boot().running else {
                panic!("the new model does not run");
            };
            assert_eq!(index, expected);
            let model = slots.flash().in_use(slots.model_range(index, &header));
            assert_eq!(model, MODEL);
        }
        let mut flash = slots.release();
        let mut bytes = vec![0; flash.capacity()];
        flash.read(0, &mut bytes).unwrap();
        assert_eq!(flash.bytes(0, bytes.len()), bytes, "the copy is the flash");
        // The bytes around the region are unchanged.
        let all = flash.driver.to_bytes();
        assert!(all[..OFFSET as usize].iter().all(|&byte| byte == 0));
        let end = OFFSET as usize + 2 * SLOT as usize;
        assert!(all[end..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn a_start_finds_what_the_one_before_has_written() {
        let mut slots = Slots::new(copied(driver()), REGION, accept).unwrap();
        send(&mut slots, Timing::default());
        let driver = slots.release().driver;
        let mut slots = Slots::new(copied(driver), REGION, accept).unwrap();
        assert_eq!(slots.boot().running.slot(), Some(0));
    }

    #[test]
    fn ranges_end_with_the_region() {
        let flash = copied(driver());
        let capacity = flash.capacity();
        assert_eq!(flash.bytes(0, usize::MAX).len(), capacity);
        assert_eq!(flash.bytes(capacity as u32 - 3, 8).len(), 3);
        assert_eq!(flash.bytes(u32::MAX, 8), []);
        assert_eq!(flash.in_use((u32::MAX, 8)), []);
    }

    #[test]
    fn mapped_flash_is_read_where_it_is() {
        let memory: &'static [u32] = vec![0x0403_0201; SLOT as usize / 2].leak();
        let address = memory.as_ptr().cast();
        // SAFETY: the memory is never freed or written; the driver is not used in this test.
        let flash = unsafe { SlotFlash::mapped(driver(), OFFSET, 2 * SLOT, address) };
        assert_eq!(flash.bytes(4, 4), [1, 2, 3, 4]);
        assert_eq!(flash.bytes(0, 1).as_ptr(), address);
    }
}
