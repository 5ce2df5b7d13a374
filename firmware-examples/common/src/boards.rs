//! The board registry, `firmware-examples/boards.toml`. Its comments say what each key means.

use serde::Deserialize;

use crate::count::TickScale;
use crate::descriptor::{self, Capacities, Descriptor, Kernel};
use crate::link;
use crate::slots::Region;

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
    pub flash_budget: u32,
    #[serde(default)]
    pub ram_budget: u32,
    #[serde(default)]
    pub stream: Option<Stream>,
}

/// What a board's `stream` firmware can run, and where its slots are; see `boards.toml` for the meaning of each key.
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
    pub rate: u16,
    pub window: u16,
    pub sessions: u16,
    #[serde(default = "yes")]
    pub slots_mapped: bool,
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

impl Registry {
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
        self.board
            .iter()
            .find(|board| board.name == name)
            .ok_or_else(|| {
                let names: Vec<_> = self.board.iter().map(|board| board.name.as_str()).collect();
                format!("no board named {name:?}; there are {}", names.join(", "))
            })
    }
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

    /// The linker's `memory.x`. Where there is a `stream` firmware, the last bytes of its flash are a section for the
    /// [descriptor], `.hadamrnn_descriptor`.
    #[must_use]
    pub fn memory_x(&self) -> String {
        let descriptor = self.descriptor_address();
        let flash = descriptor.unwrap_or(self.flash_origin + self.flash_size) - self.flash_origin;
        let mut text = format!(
            "MEMORY\n{{\n  FLASH : ORIGIN = {:#010x}, LENGTH = {flash:#x}\n  \
             RAM : ORIGIN = {:#010x}, LENGTH = {:#x}\n",
            self.flash_origin, self.ram_origin, self.ram_size
        );
        if let Some(origin) = descriptor {
            text += &format!(
                "  DESCRIPTOR : ORIGIN = {origin:#010x}, LENGTH = {}\n}}\n\
                 SECTIONS\n{{\n  .hadamrnn_descriptor :\n  {{\n    KEEP(*(.hadamrnn_descriptor));\n  }} > DESCRIPTOR\n}} \
                 INSERT AFTER .rodata;\n",
                descriptor::LEN
            );
        } else {
            text += "}\n";
        }
        text
    }

    /// Address of the firmware's [`Descriptor`], where the board has a `stream` firmware.
    #[must_use]
    pub fn descriptor_address(&self) -> Option<u32> {
        let end = self.flash_origin + self.flash_size - descriptor::LEN as u32;
        self.stream.as_ref().map(|_| end)
    }

    /// What the `stream` firmware of this board is, without its version; none where the board has no such firmware.
    #[must_use]
    pub fn descriptor(&self) -> Option<Descriptor<'_>> {
        self.stream.as_ref().map(|stream| Descriptor {
            board: &self.name,
            version: [0; 3],
            kernel: stream.kernel,
            any_shape: true,
            protocol: link::PROTOCOL,
            capacities: stream.capacities,
            channels: stream.channels,
            rate: stream.rate,
            window: stream.window,
            sessions: stream.sessions,
            slots_origin: stream.slots_origin,
            slot_size: stream.slot_size,
        })
    }

    /// Rust constants for the `stream` firmware's build script: what [`Board::descriptor`] has, to be used in const
    /// generics, and the type `Kernel` of `hadamrnn_runtime::kernel`.
    ///
    /// # Errors
    /// The board has no such firmware.
    pub fn stream_constants(&self) -> Result<String, String> {
        let missing = || format!("{} has no [board.stream] in boards.toml", self.name);
        let stream = self.stream.as_ref().ok_or_else(missing)?;
        let (kernel, session) = match stream.kernel {
            Kernel::Fwht => ("Fwht", "Fwht"),
            Kernel::FwhtPacked => ("FwhtPacked", "FwhtPacked"),
            Kernel::Xnor => ("Xnor", "XnorPopcount"),
        };
        let Capacities {
            hidden,
            inputs,
            pool,
            second,
            read,
        } = stream.capacities;
        let mut text = format!(
            "/// Kernel of the sessions.\npub type Kernel = hadamrnn_runtime::kernel::{session};\n\
             /// The same, for the descriptor.\npub const KERNEL: \
             hadamrnn_firmware_common::descriptor::Kernel = hadamrnn_firmware_common::descriptor::Kernel::{kernel};\n\
             /// Name of the board.\npub const BOARD: &str = {:?};\n",
            self.name
        );
        for (what, name, kind, value) in [
            (
                "Hidden units a session has room for",
                "HIDDEN",
                "usize",
                u32::from(hidden),
            ),
            (
                "Inputs a session has room for",
                "INPUTS",
                "usize",
                inputs.into(),
            ),
            (
                "Pooled units a session has room for",
                "POOL",
                "usize",
                pool.into(),
            ),
            (
                "Units of a second layer a session has room for",
                "SECOND",
                "usize",
                second.into(),
            ),
            (
                "Units of a hidden readout layer a session has room for",
                "READ",
                "usize",
                read.into(),
            ),
            (
                "Windows that may overlap",
                "SESSIONS",
                "usize",
                stream.sessions.into(),
            ),
            (
                "Values of a sample",
                "CHANNELS",
                "u16",
                stream.channels.into(),
            ),
            ("Samples a second", "RATE", "u16", stream.rate.into()),
            (
                "Samples in a window, where the slot does not say",
                "WINDOW",
                "u16",
                stream.window.into(),
            ),
            (
                "Address of the first slot",
                "SLOTS_ORIGIN",
                "u32",
                stream.slots_origin,
            ),
            ("Bytes of a slot", "SLOT_SIZE", "u32", stream.slot_size),
            (
                "Bytes of a flash sector",
                "ERASE_SIZE",
                "usize",
                stream.erase_size,
            ),
        ] {
            text += &format!("/// {what}.\npub const {name}: {kind} = {value};\n");
        }
        Ok(text)
    }

    /// How this board's SysTick counts instructions; `None` where it could not do so exactly.
    #[must_use]
    pub fn tick_scale(&self) -> Option<TickScale> {
        TickScale::new(self.systick_hz, self.icount_shift)
    }

    /// Arguments for [`Board::qemu`] that run the `stream` firmware: its slots are the file `flash`, of
    /// [`Board::SLOTS_FILE`] bytes at least, and its link is the socket `link`, an argument of QEMU's `-serial`.
    /// `program` are the firmware's own arguments.
    #[must_use]
    pub fn qemu_stream_args(
        &self,
        firmware: &str,
        flash: &str,
        link: &str,
        program: &[&str],
    ) -> Vec<String> {
        let memory = &self.qemu_slots_memory;
        let size = Self::SLOTS_FILE;
        let mut semihosting = String::from("enable=on,target=native,arg=stream");
        for argument in program {
            semihosting += &format!(",arg={argument}");
        }
        let backend =
            format!("memory-backend-file,id={memory},size={size},mem-path={flash},share=on");
        let machine = format!("{},memory-backend={memory}", self.qemu_machine);
        [
            "-object",
            &backend,
            "-machine",
            &machine,
            "-semihosting-config",
            &semihosting,
            "-nographic",
            "-monitor",
            "none",
            "-serial",
            link,
            "-kernel",
            firmware,
        ]
        .map(String::from)
        .into()
    }

    /// Bytes of the file that an emulated board's slots are in: all of the memory that QEMU keeps in it.
    pub const SLOTS_FILE: u64 = 16 << 20;

    /// Where an emulated board's slots are in that file.
    #[must_use]
    pub fn slots_in_file(&self) -> Option<Region> {
        let stream = self.stream.as_ref()?;
        Some(Region {
            offset: 0,
            slot_size: stream.slot_size,
        })
    }

    /// Arguments for [`Board::qemu`] that run the ELF file `firmware`. The report is written to
    /// `report.bin` and window files are looked for in QEMU's working directory; defmt frames go
    /// to its standard output.
    #[must_use]
    pub fn qemu_args(&self, firmware: &str) -> Vec<String> {
        let mut args: Vec<String> = ["-machine", &self.qemu_machine].map(Into::into).into();
        if !self.qemu_cpu.is_empty() {
            args.extend(["-cpu".into(), self.qemu_cpu.clone()]);
        }
        if self.target.starts_with("riscv") {
            // No boot loader: the core starts in the firmware.
            args.extend(["-bios", "none"].map(Into::into));
        }
        let icount = format!("shift={},align=off,sleep=off", self.icount_shift);
        let rest = [
            "-icount",
            &icount,
            "-semihosting-config",
            "enable=on,target=native",
        ];
        args.extend(rest.map(Into::into));
        let quiet = [
            "-nographic",
            "-monitor",
            "none",
            "-serial",
            "none",
            "-kernel",
            firmware,
        ];
        args.extend(quiet.map(Into::into));
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> Registry {
        Registry::parse(include_str!("../../boards.toml")).unwrap()
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
            for bytes in [stream.slots_origin, stream.slot_size] {
                assert_eq!(bytes % stream.erase_size, 0, "{name}");
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
            assert!(board.memory_x().contains(".hadamrnn_descriptor"));
            assert!(
                board
                    .stream_constants()
                    .unwrap()
                    .contains("pub const SLOT_SIZE: u32")
            );
        }
        assert!(found >= 3);
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
    fn an_unknown_board_lists_the_known_ones() {
        let error = registry().board("qemu-m9").unwrap_err();
        assert!(
            error.contains("qemu-m9") && error.contains("qemu-m0, qemu-m3"),
            "{error}"
        );
    }
}
