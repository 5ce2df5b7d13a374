//! The board registry, `firmware-examples/boards.toml`. Its comments say what each key means.

mod constants;
mod emulated;

use hadamrnn_runtime::Capacities;
use serde::Deserialize;

use crate::count::TickScale;
use hadamrnn_device::channels::{Channels, Quantity};
use hadamrnn_device::descriptor::{self, Descriptor, Kernel};
use hadamrnn_device::link;

pub use constants::room;

/// All boards.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// In the order of the file.
    pub board: Vec<Board>,
}

/// One entry; see `boards.toml` for the meaning of each key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, at the top of boards.toml")]
pub struct Board {
    pub name: String,
    pub description: String,
    pub core: String,
    pub target: String,
    #[serde(default)]
    pub rustflags: String,
    pub flash_origin: u32,
    pub flash_size: u32,
    pub ram_origin: u32,
    pub ram_size: u32,
    #[serde(default)]
    pub qemu: String,
    #[serde(default)]
    pub qemu_machine: String,
    #[serde(default)]
    pub qemu_cpu: String,
    #[serde(default)]
    pub qemu_slots_memory: String,
    #[serde(default)]
    pub systick_hz: u32,
    #[serde(default)]
    pub icount_shift: u32,
    #[serde(default)]
    pub chip: String,
    #[serde(default)]
    pub runner: String,
    #[serde(default)]
    pub uf2_family: Option<u32>,
    #[serde(default)]
    pub partitions: Option<String>,
    #[serde(default)]
    pub flash_budget: u32,
    #[serde(default)]
    pub ram_budget: u32,
    #[serde(default)]
    pub stream: Option<Stream>,
}

/// Models that a board's `stream` firmware can run, and place of its slots; see `boards.toml` for the meaning of each key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "documented once, at the top of boards.toml")]
pub struct Stream {
    pub slots_origin: u32,
    pub slot_size: u32,
    pub erase_size: u32,
    #[serde(deserialize_with = "kernel_name")]
    pub kernel: Kernel,
    pub capacities: Capacities,
    pub channels: u16,
    #[serde(default, deserialize_with = "quantities")]
    pub gives: Vec<Quantity>,
    pub rate: u16,
    pub window: u16,
    pub sessions: u16,
    #[serde(default = "yes")]
    pub slots_mapped: bool,
    #[serde(default)]
    pub descriptor_address: Option<u32>,
    #[serde(default)]
    pub descriptor_section: Option<String>,
}

/// Quantities of a sample by their names.
fn quantities<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Quantity>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let quantity = |name: &String| match name.as_str() {
        "acceleration" => Ok(Quantity::Acceleration),
        "gravity" => Ok(Quantity::Gravity),
        "motion" => Ok(Quantity::Motion),
        "rotation" => Ok(Quantity::Rotation),
        "magnetic-field" => Ok(Quantity::MagneticField),
        "temperature" => Ok(Quantity::Temperature),
        _ => Err(serde::de::Error::custom(format!(
            "{name:?} is not one of acceleration, gravity, motion, rotation, magnetic-field, temperature"
        ))),
    };
    names.iter().map(quantity).collect()
}

const fn yes() -> bool {
    true
}

fn kernel_name<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Kernel, D::Error> {
    let name = String::deserialize(deserializer)?;
    Kernel::of_name(&name).ok_or_else(|| {
        let names = Kernel::ALL.map(Kernel::name).join(", ");
        serde::de::Error::custom(format!("kernel {name:?} is not one of {names}"))
    })
}

/// `boards.toml` as of when this was built.
const BUILT_IN: &str = include_str!("../boards.toml");

impl Registry {
    /// The boards that were known when this was built.
    ///
    /// # Errors
    /// None but for faults of `boards.toml`, which the tests find.
    pub fn built_in() -> Result<Self, toml::de::Error> {
        Self::parse(BUILT_IN)
    }

    /// Reads the text of `boards.toml`.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The boards that an emulator runs.
    pub fn emulated(&self) -> impl Iterator<Item = &Board> {
        self.board.iter().filter(|board| board.is_emulated())
    }

    /// The board of this name; the error names those there are.
    pub fn board(&self, name: &str) -> Result<&Board, String> {
        let board = self.board.iter().find(|board| board.name == name);
        board.ok_or_else(|| format!("no board named {name:?}; there are {}", names(&self.board)))
    }

    /// The emulated board of this name; the error names those there are.
    pub fn emulated_board(&self, name: &str) -> Result<&Board, String> {
        let board = self.board(name)?;
        match board.is_emulated() {
            true => Ok(board),
            false => Err(format!(
                "{name} is a real board, which is not run from here: `hadamrnn flash --board {name}` writes to it, `send` \
                 and `monitor` reach it by --port; the emulated boards are {}",
                names(self.emulated())
            )),
        }
    }

    /// The emulated board of this name, if it has model slots and a link; the error names those that have.
    pub fn emulated_board_with_slots(&self, name: &str) -> Result<&Board, String> {
        let board = self.emulated_board(name)?;
        match board.stream {
            Some(_) => Ok(board),
            None => Err(format!(
                "{name} has no model slots ([board.stream] in boards.toml); the emulated boards that have are {}",
                names(self.emulated().filter(|board| board.stream.is_some()))
            )),
        }
    }
}

/// Their names, for people.
fn names<'a>(boards: impl IntoIterator<Item = &'a Board>) -> String {
    let names = boards.into_iter().map(|board| board.name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

/// Flash that firmware takes beside the model and embedded windows, logs and reports included.
const CODE: u32 = 64 << 10;
/// RAM that firmware takes beside the session: its stack and its report.
const STACK: u32 = 6 << 10;

impl Board {
    /// Largest model, in bytes, that leaves flash for the firmware.
    #[must_use]
    pub const fn room_for_model(&self) -> usize {
        self.flash_size.saturating_sub(CODE) as usize
    }

    /// Largest session, in bytes, that leaves RAM for the firmware.
    #[must_use]
    pub const fn room_for_session(&self) -> usize {
        self.ram_size.saturating_sub(STACK) as usize
    }

    /// Whether an emulator runs it, and not a person's desk.
    #[must_use]
    pub const fn is_emulated(&self) -> bool {
        !self.qemu.is_empty()
    }

    /// Address of the firmware's [`Descriptor`], where the board has a `stream` firmware.
    #[must_use]
    pub fn descriptor_address(&self) -> Option<u32> {
        let end = self.flash_origin + self.flash_size - descriptor::LEN as u32;
        let stream = self.stream.as_ref()?;
        Some(stream.descriptor_address.unwrap_or(end))
    }

    /// Section of the firmware's [`Descriptor`], which the linker puts there.
    #[must_use]
    pub fn descriptor_section(&self) -> &str {
        let own = self.stream.as_ref();
        let own = own.and_then(|stream| stream.descriptor_section.as_deref());
        own.unwrap_or(".hadamrnn_descriptor")
    }

    /// Descriptor of the `stream` firmware of this board, without its version; none where the board has no such firmware.
    #[must_use]
    pub fn descriptor(&self) -> Option<Descriptor<'_>> {
        self.stream.as_ref().map(|stream| Descriptor {
            board: &self.name,
            version: [0; 3],
            kernel: stream.kernel,
            fallback: true,
            protocol: link::PROTOCOL,
            capacities: stream.capacities,
            channels: stream.channels,
            rate: stream.rate,
            window: stream.window,
            sessions: stream.sessions,
            slots_origin: stream.slots_origin,
            slot_size: stream.slot_size,
            gives: Channels::of(&stream.gives),
        })
    }

    /// How this board's SysTick counts instructions; `None` where it could not do so exactly.
    #[must_use]
    pub fn tick_scale(&self) -> Option<TickScale> {
        TickScale::new(self.systick_hz, self.icount_shift)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn registry() -> Registry {
        Registry::built_in().unwrap()
    }

    #[test]
    fn every_board_counts_exactly_and_has_a_unique_name() {
        let registry = registry();
        for board in &registry.board {
            assert!(
                board.tick_scale().is_some() || !board.is_emulated(),
                "{}",
                board.name
            );
            assert!(board.is_emulated() || !board.chip.is_empty());
            assert_eq!(
                registry
                    .board
                    .iter()
                    .filter(|other| other.name == board.name)
                    .count(),
                1
            );
            assert!(board.name.len() <= descriptor::MAX_NAME);
        }
    }

    #[test]
    fn qemu_command_and_memory_map() {
        let registry = registry();
        let board = registry.board("qemu-m33").unwrap();
        assert_eq!(
            board.qemu_args("x.elf").join(" "),
            "-machine mps2-an505 -icount shift=7,align=off,sleep=off \
             -semihosting-config enable=on,target=native \
             -nographic -monitor none -serial none -kernel x.elf"
        );
        let riscv = registry.board("qemu-rv32").unwrap().qemu_args("x.elf");
        assert!(riscv.join(" ").contains("-bios none"));
        assert!(
            board
                .memory_x()
                .contains("FLASH : ORIGIN = 0x10000000, LENGTH = 0x400000")
        );
    }

    #[test]
    fn stream_firmware_has_slots_of_whole_sectors_beside_the_firmware() {
        let registry = registry();
        let mut found = 0;
        for board in &registry.board {
            let Some(stream) = &board.stream else {
                continue;
            };
            found += 1;
            let name = &board.name;
            // A boot loader that takes UF2 files erases 4 KiB at once, whatever else is in them.
            let sector = board.uf2_family.map_or(stream.erase_size, |_| {
                stream.erase_size.next_multiple_of(4096)
            });
            for bytes in [stream.slots_origin, stream.slot_size] {
                assert_eq!(bytes % sector, 0, "{name}");
            }
            let slots = stream.slots_origin..stream.slots_origin + 2 * stream.slot_size;
            let firmware = board.flash_origin..board.flash_origin + board.flash_size;
            assert!(
                slots.end <= firmware.start || firmware.end <= slots.start,
                "{name}: slots lie in the firmware's region"
            );
            let descriptor = board.descriptor().unwrap();
            let bytes = descriptor.to_bytes();
            assert_eq!(Descriptor::parse(&bytes), Ok(descriptor), "{name}");
            assert!(board.memory_x().contains(board.descriptor_section()));
            assert!(
                board
                    .stream_constants()
                    .unwrap()
                    .contains("pub const SLOT_SIZE: u32")
            );
        }
        assert!(found >= 3);
    }

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

    fn real(registry: &Registry) -> impl Iterator<Item = &Board> {
        registry.board.iter().filter(|board| !board.is_emulated())
    }

    /// Adding a board is one folder, one entry and one page.
    #[test]
    fn every_real_board_is_a_folder_an_entry_and_a_page() {
        let names_in = |folder: &str| -> BTreeSet<String> {
            let entries = std::fs::read_dir(format!("{ROOT}/{folder}")).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.collect()
        };
        let registry = registry();
        let entries: BTreeSet<_> = real(&registry).map(|board| board.name.clone()).collect();
        assert_eq!(names_in("firmware-examples/boards"), entries);
        let pages = entries.iter().map(|name| format!("{name}.md"));
        let pages: BTreeSet<_> = pages.chain(["README.md".into()]).collect();
        assert_eq!(names_in("docs/boards"), pages);
    }

    #[test]
    fn the_folder_of_a_board_agrees_with_its_entry() {
        for board in real(&registry()) {
            let name = &board.name;
            let text = |file: &str| {
                std::fs::read_to_string(format!("{ROOT}/firmware-examples/boards/{name}/{file}"))
                    .unwrap_or_else(|error| panic!("{file} of {name}: {error}"))
            };
            let flags = board.rustflags.split_whitespace();
            let flags: Vec<_> = flags.map(|flag| format!("{flag:?}")).collect();
            let config = text(".cargo/config.toml");
            for line in [
                format!("target = {:?}", board.target),
                format!("runner = {:?}", board.runner),
                flags.join(", "),
            ] {
                assert!(config.contains(&line), "{name}: no {line}");
            }
            assert!(board.runner.contains(&board.chip), "{name}");
            assert!(text("build.rs").contains(&format!("{name:?}")), "{name}");
            // A host that has gone must not stop a board at a log.
            let logs =
                "\ndefmt-rtt = { version = \"1\", features = [\"disable-blocking-mode\"] }\n";
            assert!(text("Cargo.toml").contains(logs), "{name}: no {logs}");
            if let Some(partitions) = &board.partitions {
                let slots = board.stream.as_ref().unwrap();
                let place = format!("{:#x}, {:#x}", slots.slots_origin, 2 * slots.slot_size);
                assert!(text(partitions).contains(&place), "{name}: no {place}");
            }
            assert!((1..=board.flash_size).contains(&board.flash_budget));
            assert!((1..=board.ram_size).contains(&board.ram_budget));
        }
    }

    #[test]
    fn large_tables_fit_the_mps2_boards_only() {
        let registry = registry();
        let room = |name| registry.board(name).unwrap().room_for_model();
        assert_eq!(room("qemu-m0"), 192 << 10);
        assert_eq!(room("qemu-m4"), (4096 - 64) << 10);
        assert_eq!(
            registry.board("qemu-m0").unwrap().room_for_session(),
            10 << 10
        );
    }

    #[test]
    fn a_board_that_does_not_serve_is_told_with_those_that_do() {
        let registry = registry();
        let error = registry.board("qemu-m9").unwrap_err();
        assert!(
            error.contains("qemu-m9") && error.contains("qemu-m0, qemu-m3"),
            "{error}"
        );
        let error = registry.emulated_board("pico").unwrap_err();
        assert!(error.contains("flash --board pico"), "{error}");
        assert!(
            error.contains("qemu-m0") && !error.contains("pico2"),
            "{error}"
        );
        let error = registry.emulated_board_with_slots("qemu-m33").unwrap_err();
        assert!(error.ends_with("qemu-m3, qemu-m4, qemu-m7"), "{error}");
        for name in ["qemu-m3", "qemu-m4", "qemu-m7"] {
            assert_eq!(registry.emulated_board_with_slots(name).unwrap().name, name);
        }
    }
}
