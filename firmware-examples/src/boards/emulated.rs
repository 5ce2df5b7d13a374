//! How QEMU runs a board.

use super::Board;
use hadamrnn_device::slots::Region;

impl Board {
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
