//! Configures the firmware; see `hadamrnn_firmware_common::configure`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    hadamrnn_firmware_common::configure::firmware("nucleo-g071", &["link.x", "defmt.x"])
}
