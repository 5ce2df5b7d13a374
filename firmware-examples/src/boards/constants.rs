//! Output of a board's build script: Rust constants, and the linker's memory map.

use hadamrnn_runtime::Capacities;

use super::Board;
use hadamrnn_device::channels::Channels;
use hadamrnn_device::descriptor::{self, Kernel};

impl Board {
    /// The linker's `memory.x`. Where there is a `stream` firmware, the last bytes of its flash are a section for the
    /// [descriptor].
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
            let section = self.descriptor_section();
            text += &format!(
                "  DESCRIPTOR : ORIGIN = {origin:#010x}, LENGTH = {}\n}}\n\
                 SECTIONS\n{{\n  {section} :\n  {{\n    KEEP(*({section}));\n  }} > DESCRIPTOR\n}} \
                 INSERT AFTER .rodata;\n",
                descriptor::LEN
            );
        } else {
            text += "}\n";
        }
        text
    }

    /// Rust for the `stream` firmware's build script: the [room](hadamrnn_runtime::Room) of its sessions, constants of what
    /// [`Board::descriptor`] has, and the descriptor itself.
    ///
    /// # Errors
    /// The board has no such firmware.
    pub fn stream_constants(&self) -> Result<String, String> {
        let missing = || format!("{} has no [board.stream] in boards.toml", self.name);
        let stream = self.stream.as_ref().ok_or_else(missing)?;
        let mut text = format!(
            "/// Room of the sessions.\npub type Room = {};\n\
             /// Their kernel, for the descriptor.\npub const KERNEL: \
             hadamrnn_device::descriptor::Kernel = hadamrnn_device::descriptor::Kernel::{:?};\n\
             /// Name of the board.\npub const BOARD: &str = {:?};\n",
            room(stream.kernel, stream.capacities),
            stream.kernel,
            self.name
        );
        for (what, name, kind, value) in [
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
            (
                "Channels of a sample by what they measure, as bits of `Channels`",
                "GIVES",
                "u16",
                Channels::of(&stream.gives).bits().into(),
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
        Ok(text + &FIRMWARE.replace("SECTION", self.descriptor_section()))
    }
}

/// The Rust type of a session's room.
#[must_use]
pub fn room(kernel: Kernel, capacities: Capacities) -> String {
    let kernel = match kernel {
        Kernel::Fwht => "Fwht",
        Kernel::FwhtPacked => "FwhtPacked",
        Kernel::Xnor => "XnorPopcount",
    };
    let Capacities {
        hidden,
        inputs,
        pool,
        second,
        read,
    } = capacities;
    format!(
        "hadamrnn_runtime::RoomOf<hadamrnn_runtime::kernel::{kernel}, {hidden}, {inputs}, {pool}, {second}, {read}>"
    )
}

/// The descriptor, of the constants above, and in its section, `SECTION`.
const FIRMWARE: &str = r#"
/// Descriptor of this firmware.
pub const FIRMWARE: hadamrnn_device::descriptor::Descriptor<'static> =
    hadamrnn_device::descriptor::Descriptor {
        board: BOARD,
        version: hadamrnn_device::descriptor::FIRMWARE,
        kernel: KERNEL,
        fallback: true,
        protocol: hadamrnn_device::link::PROTOCOL,
        capacities: <Room as hadamrnn_runtime::Room>::CAPACITIES,
        channels: CHANNELS,
        rate: RATE,
        window: WINDOW,
        sessions: SESSIONS as u16,
        slots_origin: SLOTS_ORIGIN,
        slot_size: SLOT_SIZE,
        gives: hadamrnn_device::channels::Channels::from_bits(GIVES),
    };
#[allow(unsafe_code, reason = "a section has a place, which the linker script gives it")]
mod descriptor {
    // SAFETY: nothing else is in this section, and the linker script puts it where nothing else is.
    #[unsafe(link_section = "SECTION")]
    #[used]
    static DESCRIPTOR: [u8; hadamrnn_device::descriptor::LEN] = super::FIRMWARE.to_bytes();
}
"#;
