//! The board registry, `firmware-examples/boards.toml`. Its comments say what each key means.

use serde::Deserialize;

use crate::count::TickScale;

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
    pub qemu: String,
    pub qemu_machine: String,
    #[serde(default)]
    pub qemu_cpu: String,
    pub systick_hz: u32,
    pub icount_shift: u32,
}

impl Registry {
    /// Reads the text of `boards.toml`.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
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

    /// The linker's `memory.x`.
    #[must_use]
    pub fn memory_x(&self) -> String {
        format!(
            "MEMORY\n{{\n  FLASH : ORIGIN = {:#010x}, LENGTH = {:#x}\n  \
             RAM : ORIGIN = {:#010x}, LENGTH = {:#x}\n}}\n",
            self.flash_origin, self.flash_size, self.ram_origin, self.ram_size
        )
    }

    /// How this board's SysTick counts instructions; `None` where it could not do so exactly.
    #[must_use]
    pub fn tick_scale(&self) -> Option<TickScale> {
        TickScale::new(self.systick_hz, self.icount_shift)
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
        let boards = registry().board;
        for board in &boards {
            assert!(board.tick_scale().is_some(), "{}", board.name);
            assert_eq!(
                boards
                    .iter()
                    .filter(|other| other.name == board.name)
                    .count(),
                1
            );
            assert!(board.name.len() <= crate::report::MAX_NAME);
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
