//! Configures the firmware; see `hadamrnn_firmware_support::configure`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed=image-def.x");
    hadamrnn_firmware_support::configure::firmware("pico2", &["image-def.x", "link.x", "defmt.x"])
}
