//! Configures the firmware; see `hadamrnn_firmware_support::configure`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed=boot2.x");
    hadamrnn_firmware_support::configure::firmware(
        "pico",
        &["link.x", "boot2.x", "link-rp.x", "defmt.x"],
    )
}
