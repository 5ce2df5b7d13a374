//! Configures the firmware; see `hadamrnn_firmware_common::configure`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    hadamrnn_firmware_common::configure::firmware("esp32c3", &["linkall.x", "defmt.x"])
}
