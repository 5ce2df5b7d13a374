//! Boards on a debug probe, through probe-rs.

mod chips;

use std::io::Cursor;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_device::descriptor::{Descriptor, LEN};
use probe_rs::flashing::{
    DownloadOptions, FlashLoader, FlashProgress, ProgressEvent, ProgressOperation, erase,
};
use probe_rs::probe::DebugProbeSelector;
use probe_rs::probe::list::{Accessibility, Lister};
use probe_rs::{MemoryInterface, Permissions, Session};
use probe_rs_espressif::image_format::IdfLoader;

use self::chips::{chips, known_chip, sector};
use super::{Device, FlashSegment};
use crate::link::Firmware;

/// How Linux lets its users open probes.
const UDEV: &str = "install the udev rules of https://probe.rs/docs/getting-started/probe-setup/ \
                    (69-probe-rs.rules into /etc/udev/rules.d, then `sudo udevadm control --reload && sudo udevadm \
                    trigger`), and plug the probe in again";

/// Told of the bytes that are programmed, and of all there are.
pub type Progress<'a> = Box<dyn FnMut(u64, u64) + 'a>;

/// A board on a probe.
pub struct Board<'a> {
    session: Session,
    /// Address of the first slot, and bytes of each.
    slots: Option<(u32, u32)>,
    progress: Progress<'a>,
}

impl<'a> Board<'a> {
    /// Attaches to the chip of this name, through the probe `selector` (`VID:PID` or `VID:PID:SERIAL`) or the only one.
    ///
    /// # Errors
    /// No such chip, no probe, more than one, no permission, or no chip on it; the message says what to do.
    pub fn attach(chip: &str, selector: Option<&str>, progress: Progress<'a>) -> Result<Self> {
        known_chip(&chips(), chip)?;
        let selector: Option<DebugProbeSelector> = selector
            .map(|text| {
                let parsed = text.parse();
                parsed.with_context(|| {
                    format!("{text:?} is no probe: give VID:PID or VID:PID:SERIAL")
                })
            })
            .transpose()?;
        let found = Lister::new().list_with_access(selector.as_ref());
        let item = match &found[..] {
            [] => bail!(
                "no debug probe found: connect the board's USB port (or a CMSIS-DAP, J-Link or ST-Link probe) and check \
                 the cable carries data; boards with a running `stream` firmware take models without a probe, by \
                 `hadamrnn send`"
            ),
            [item] => item,
            several => {
                let names: Vec<String> = several.iter().map(|item| item.info.to_string()).collect();
                bail!(
                    "several debug probes, choose one with --probe: {}",
                    names.join("; ")
                )
            }
        };
        ensure!(
            item.accessibility == Accessibility::Accessible,
            "you may not open the probe {}: {UDEV}",
            item.info
        );
        let probe = item.info.open();
        let probe =
            probe.with_context(|| format!("cannot open the probe {}; {UDEV}", item.info))?;
        let session = probe
            .attach(chip, Permissions::default())
            .with_context(|| {
                format!(
                    "no {chip} answers on {}: is it powered, wired, and that chip?",
                    item.info
                )
            })?;
        Ok(Self {
            session,
            slots: None,
            progress,
        })
    }

    /// Writes parts, each after its sectors were erased, and reads them back. What else is in these sectors is lost.
    ///
    /// # Errors
    /// The chip has no flash there, or reads back otherwise.
    pub fn write(&mut self, parts: &[FlashSegment]) -> Result<()> {
        let mut loader = self.session.target().flash_loader();
        for FlashSegment { address, bytes } in parts {
            loader
                .add_data((*address).into(), bytes)
                .with_context(|| format!("the chip has no flash at {address:#010x}"))?;
        }
        self.commit(&loader)
    }

    /// Writes an ELF file as an image of ESP-IDF: with a boot loader, and this partition table.
    ///
    /// # Errors
    /// It is no program for this chip, or reads back otherwise.
    pub fn write_idf(&mut self, elf: Vec<u8>, partitions: &Path) -> Result<()> {
        let format = IdfLoader {
            partition_table: Some(partitions.to_path_buf()),
            ..IdfLoader::default()
        };
        let mut loader = self.session.target().flash_loader();
        loader
            .load_image(&mut self.session, &mut Cursor::new(elf), format, None)
            .with_context(|| format!("no image with the partitions {}", partitions.display()))?;
        self.commit(&loader)
    }

    fn commit(&mut self, loader: &FlashLoader) -> Result<()> {
        let options = options(&mut self.progress);
        loader
            .commit(&mut self.session, options)
            .context("the flash could not be written")
    }

    /// Reads the descriptor at an address.
    ///
    /// # Errors
    /// There is none: no `stream` firmware is on the board.
    pub fn firmware(&mut self, address: u32) -> Result<Firmware> {
        let mut bytes = [0; LEN];
        let found = self.read(address, &mut bytes);
        let found = found.and_then(|()| Ok(Firmware::new(&Descriptor::parse(&bytes)?)));
        found.with_context(|| {
            format!(
                "at {address:#010x}, where this board's `stream` firmware has its descriptor: flash it first, with \
                 --firmware"
            )
        })
    }

    /// Says where the slots are, before they are read.
    pub fn set_slots(&mut self, origin: u32, size: u32) {
        self.slots = Some((origin, size));
    }

    /// Restarts the chip.
    ///
    /// # Errors
    /// The probe fails.
    pub fn restart(&mut self) -> Result<()> {
        let mut core = self.session.core(0).context("cannot reach the core")?;
        core.reset().context("cannot restart the chip")
    }

    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<()> {
        let mut core = self.session.core(0).context("cannot reach the core")?;
        core.read(address.into(), bytes)
            .with_context(|| format!("cannot read {} bytes at {address:#010x}", bytes.len()))
    }

    fn slot(&self, index: u8) -> Result<(u32, u32)> {
        let (origin, size) = self.slots.context("it is unknown where the slots are")?;
        Ok((origin + u32::from(index) * size, size))
    }
}

impl Device for Board<'_> {
    fn read_slot(&mut self, index: u8, size: u32) -> Result<Vec<u8>> {
        let mut bytes = vec![0; size as usize];
        let (address, _) = self.slot(index)?;
        self.read(address, &mut bytes)?;
        Ok(bytes)
    }

    fn write_slot(&mut self, index: u8, bytes: &[u8]) -> Result<()> {
        let (address, _) = self.slot(index)?;
        // The header goes first, so that what follows is never behind a header that is whole.
        let header = sector(self.session.target(), address.into());
        let header = header
            .with_context(|| format!("the chip has no flash for the slot at {address:#010x}"))?;
        let mut nothing = FlashProgress::empty();
        let Range { start, end } = header;
        erase(&mut self.session, &mut nothing, start, end, false)
            .with_context(|| format!("cannot erase the slot at {address:#010x}"))?;
        let bytes = bytes.to_vec();
        self.write(&[FlashSegment { address, bytes }])
            .with_context(|| format!("slot {index}"))
    }
}

fn options<'p>(progress: &'p mut Progress<'_>) -> DownloadOptions<'p> {
    let (mut done, mut all) = (0, 0);
    let mut options = DownloadOptions::default();
    options.verify = true;
    options.progress = FlashProgress::new(move |event| match event {
        ProgressEvent::AddProgressBar {
            operation: ProgressOperation::Program,
            total,
        } => all += total.unwrap_or(0),
        ProgressEvent::Progress {
            operation: ProgressOperation::Program,
            size,
            ..
        } => {
            done += size;
            progress(done, all);
        }
        _ => {}
    });
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(chip: &str, selector: Option<&str>) -> String {
        let board = Board::attach(chip, selector, Box::new(|_, _| {}));
        format!("{:#}", board.err().expect("there is no such probe"))
    }

    #[test]
    fn an_unknown_chip_is_named_with_similar_ones() {
        let error = error("nRF52834_xxAA", None);
        assert!(
            error.contains("nRF52834_xxAA") && error.contains("nRF52833_xxAA"),
            "{error}"
        );
        let error = super::tests::error("no-such-chip", None);
        assert!(error.contains("https://probe.rs/targets/"), "{error}");
    }

    #[test]
    fn a_missing_or_misspelt_probe_is_told() {
        assert!(error("nRF52833_xxAA", Some("0000:0000:none")).contains("no debug probe found"));
        assert!(error("nRF52833_xxAA", Some("the red one")).contains("VID:PID"));
    }
}
