//! Configures the firmware; see `hadamrnn_firmware_support::configure`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    hadamrnn_firmware_support::configure::firmware("nrf52840-dk", &["link.x", "defmt.x"])
}
