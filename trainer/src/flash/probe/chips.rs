//! The chips that probes know, and the sectors that they erase.

use std::ops::Range;
use std::sync::Once;

use anyhow::{Result, bail};
use probe_rs::Target;
use probe_rs::config::Registry;

/// All chips that probe-rs knows, Espressif's included.
pub fn chips() -> Registry {
    static ESPRESSIF: Once = Once::new();
    ESPRESSIF.call_once(probe_rs_espressif::register_plugin);
    Registry::from_builtin_families()
}

/// The sector that a chip's flash algorithm erases for an address.
pub fn sector(target: &Target, address: u64) -> Option<Range<u64>> {
    let properties = target.flash_algorithms.iter();
    let properties = properties
        .map(|algorithm| &algorithm.flash_properties)
        .find(|properties| properties.address_range.contains(&address))?;
    let origin = properties.address_range.start;
    // Sectors of one size follow each other from where the first of them starts.
    let sectors = properties.sectors.iter().rev();
    let mut sectors = sectors.map(|sectors| (origin + sectors.address, sectors.size));
    let (first, size) = sectors.find(|(first, _)| *first <= address)?;
    let start = address - (address - first) % size;
    Some(start..start + size)
}

/// Whether probe-rs knows a chip by this name.
pub fn known_chip(registry: &Registry, chip: &str) -> Result<()> {
    let Err(error) = registry.get_target_by_name(chip) else {
        return Ok(());
    };
    let stem: String = chip.chars().take(chip.len().min(7)).collect();
    let similar = registry.search_chips(&stem);
    let similar: Vec<&str> = similar.iter().map(String::as_str).take(12).collect();
    match similar[..] {
        [] => bail!("{error}; `--chip` takes the names of https://probe.rs/targets/"),
        _ => bail!("{error}; similar names: {}", similar.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flash::fixtures::registry;

    /// Where the sectors of a probe's flash algorithm are larger than those of the chip, writing one slot would take the
    /// other with it.
    #[test]
    fn slots_are_whole_sectors_of_the_probe_wherever_it_can_read_them() {
        let chips = chips();
        let (mut mapped, mut blind) = (0, 0);
        for board in registry().board.iter().filter(|board| !board.is_emulated()) {
            let name = &board.name;
            let target = chips.get_target_by_name(&board.chip).expect("known");
            let stream = board.stream.as_ref().expect("has slots");
            let slots = u64::from(stream.slots_origin);
            let size = u64::from(stream.slot_size);
            let sector = |address| sector(&target, address).expect("flash");
            let firmware = if stream.slots_mapped {
                for slot in [slots, slots + size] {
                    assert_eq!(sector(slot).start, slot, "{name}");
                    assert_eq!(sector(slot + size - 1).end, slot + size, "{name}");
                }
                mapped += 1;
                u64::from(board.flash_origin)
            } else {
                // Both at once, and nothing else.
                assert_eq!(sector(slots), slots..slots + 2 * size, "{name}");
                blind += 1;
                u64::from(board.flash_origin)
            };
            assert!(!sector(slots).contains(&firmware), "{name}");
        }
        assert!(mapped >= 6 && blind >= 1, "{mapped} {blind}");
    }

    #[test]
    fn a_sector_is_found_among_several_sizes() {
        // STM32F411: four of 16 K, one of 64 K, three of 128 K.
        let target = chips().get_target_by_name("STM32F411RETx").expect("known");
        for (address, expected) in [
            (0x0800_0000, Some(0x0800_0000..0x0800_4000)),
            (0x0800_7fff, Some(0x0800_4000..0x0800_8000)),
            (0x0801_0000, Some(0x0801_0000..0x0802_0000)),
            (0x0804_0001, Some(0x0804_0000..0x0806_0000)),
            (0x0900_0000, None),
        ] {
            assert_eq!(sector(&target, address), expected, "{address:#x}");
        }
    }
}
