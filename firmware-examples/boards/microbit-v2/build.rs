//! Configures the firmware; see `hadamrnn_firmware_common::configure`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    hadamrnn_firmware_common::configure::firmware("microbit-v2", &["link.x", "defmt.x"])
}
