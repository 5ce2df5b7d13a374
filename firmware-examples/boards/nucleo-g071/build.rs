//! Configures the firmware; see `hadamrnn_firmware_support::configure`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    hadamrnn_firmware_support::configure::firmware("nucleo-g071", &["link.x", "defmt.x"])
}
