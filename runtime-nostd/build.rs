//! Chooses the backend of the kernels from the target: `cfg(hadamrnn_arch = "…")`, see `src/arch.rs`.
//!
//! Cargo feature `portable` overrides the choice. Target features would be the natural switch, but a stable compiler does
//! not show those of Arm M-profile to `cfg`; so `-C target-feature=+dsp`, for an Armv8-M core that has the DSP extension, is
//! looked for in the compiler's flags.

use std::env;

const BACKENDS: [&str; 5] = ["portable", "armv6m", "armv7m", "armv7em", "riscv32"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::rustc-check-cfg=cfg(hadamrnn_arch, values(\"{}\"))",
        BACKENDS.join("\",\"")
    );
    let target = env::var("TARGET").unwrap_or_default();
    let portable = env::var_os("CARGO_FEATURE_PORTABLE").is_some();
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let backend = backend_for(&target, portable, flags.contains("+dsp"));
    println!("cargo::rustc-cfg=hadamrnn_arch=\"{backend}\"");
    // For RUSTFLAGS: how the XNOR kernel counts, see src/kernel/xnor.rs.
    println!("cargo::rustc-check-cfg=cfg(hadamrnn_popcount)");
    println!("cargo::rustc-check-cfg=cfg(hadamrnn_armv8m)");
    if target.starts_with("thumbv8m") {
        println!("cargo::rustc-cfg=hadamrnn_armv8m");
    }
}

/// The backend for a target triple; an unknown target is served by the portable one.
fn backend_for(target: &str, portable: bool, dsp: bool) -> &'static str {
    let architecture = target.split('-').next().unwrap_or_default();
    match architecture {
        _ if portable => "portable",
        "thumbv6m" | "thumbv8m.base" => "armv6m",
        "thumbv7em" => "armv7em",
        "thumbv8m.main" if dsp => "armv7em",
        "thumbv7m" | "thumbv8m.main" => "armv7m",
        _ if architecture.starts_with("riscv32") => "riscv32",
        _ => "portable",
    }
}
