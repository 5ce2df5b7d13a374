//! Turns the environment into a firmware configuration: linker memory map, constants, embedded data.
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `HADAMRNN_BOARD` | `qemu-m4` | entry of `boards.toml` |
//! | `HADAMRNN_KERNEL` | `fwht-packed` | `fwht`, `fwht-packed` or `xnor` |
//! | `HADAMRNN_MODEL` | the shipped HAR-2 model | model file to embed |
//! | `HADAMRNN_WINDOWS` | the shipped HAR-2 windows | window file to embed |
//! | `HADAMRNN_POOL` | what the model needs | units of a pooled readout the session has room for |
//! | `HADAMRNN_SECOND` | what the model needs | units of a second layer the session has room for |
//! | `HADAMRNN_TOKENS` | as the model | 1 where samples are tokens, else 0 |
//! | `HADAMRNN_PARTS` | as the model | 1 where `nopanic` has the code of a metric and a decision, else 0 |

use std::{env, error::Error, fs, path::PathBuf};

use hadamrnn_device::descriptor::Kernel;
use hadamrnn_device::windows::WindowFile;
use hadamrnn_firmware_support::boards::{Board, Registry, room};
use hadamrnn_firmware_support::configure::{
    MODEL, WINDOWS, check_target, embed, input_file, model_that_fits, variable, windows_that_fit,
    with_model,
};
use hadamrnn_runtime::format::part;
use hadamrnn_runtime::kernel::{FwhtPacked, Kernel as _};
use hadamrnn_runtime::{Capacities, Model};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");

    let registry = input_file("boards.toml");
    let registry = Registry::parse(&fs::read_to_string(registry)?)?;
    let board = registry.board(&variable("HADAMRNN_BOARD", "qemu-m4"))?;
    check_target(board)?;

    fs::write(out.join("memory.x"), memory_x(board))?;
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rustc-link-arg-bins=--nmagic");
    if env::var_os("CARGO_FEATURE_REPORT").is_some() {
        for name in [
            "classify", "embed", "minimal", "cases", "endless", "upsets", "guarded",
        ] {
            println!("cargo::rustc-link-arg-bin={name}=-Tdefmt.x");
        }
    }
    if env::var_os("CARGO_FEATURE_STREAM").is_some() {
        println!("cargo::rustc-link-arg-bin=stream=-Tdefmt.x");
        fs::write(out.join("stream.rs"), board.stream_constants()?)?;
    }

    if board.tick_scale().is_none() {
        return Err(format!(
            "{}: its counter is too slow to count instructions exactly",
            board.name
        )
        .into());
    }
    let mut needs = None;
    let model = embed("HADAMRNN_MODEL", MODEL, &out.join("model.bin"), |file| {
        let of = |model: &Model<'_>| {
            let has = |id| model.parts().get(id).is_some();
            let parts = has(part::METRIC) || has(part::DECISION);
            (
                Capacities::needed_by(model),
                model.tokens().is_some(),
                parts,
            )
        };
        needs = Some(with_model(&file, of)?);
        model_that_fits(file, board)
    })?;
    let (capacities, tokens, parts) = needs.ok_or("there is no model")?;
    for (variable_name, name, is_needed) in [
        ("HADAMRNN_TOKENS", "hadamrnn_tokens", tokens),
        ("HADAMRNN_PARTS", "hadamrnn_parts", parts),
    ] {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if variable(variable_name, &u8::from(is_needed).to_string()) == "1" {
            println!("cargo::rustc-cfg={name}");
        }
    }
    fs::write(out.join("config.rs"), config(board, capacities)?)?;
    embed(
        "HADAMRNN_WINDOWS",
        WINDOWS,
        &out.join("windows.bin"),
        |file| windows_beside(file, board, model),
    )?;
    Ok(())
}

/// The file `memory.x`, which the linker script of the start-up code includes.
fn memory_x(board: &Board) -> String {
    let mut text = board.memory_x();
    if board.target.starts_with("riscv") {
        for (region, memory) in [
            ("TEXT", "FLASH"),
            ("RODATA", "FLASH"),
            ("DATA", "RAM"),
            ("BSS", "RAM"),
            ("HEAP", "RAM"),
            ("STACK", "RAM"),
        ] {
            text += &format!("REGION_ALIAS(\"REGION_{region}\", {memory});\n");
        }
    }
    text
}

/// The constants of `config.rs`, around a model that needs these capacities.
fn config(board: &Board, needs: Capacities) -> Result<String, Box<dyn Error>> {
    let kernel = variable("HADAMRNN_KERNEL", FwhtPacked::NAME);
    let names = Kernel::ALL.map(Kernel::name).join(", ");
    let known = Kernel::of_name(&kernel);
    let known = known.ok_or_else(|| format!("HADAMRNN_KERNEL={kernel}: not one of {names}"))?;
    let capacities = Capacities {
        // A token is a sample of one value.
        inputs: needs.inputs.max(1),
        pool: variable("HADAMRNN_POOL", &needs.pool.to_string()).parse()?,
        second: variable("HADAMRNN_SECOND", &needs.second.to_string()).parse()?,
        ..needs
    };
    Ok(format!(
        "/// Board this firmware is built for.\npub const BOARD: &str = {:?};\n\
         /// Kernel this firmware is built with.\npub const KERNEL: &str = {kernel:?};\n\
         /// Clock of the board's counter.\npub const SYSTICK_HZ: u32 = {};\n\
         /// Shift of `-icount` this board is run with.\npub const ICOUNT_SHIFT: u32 = {};\n\
         /// Most values of a sample.\npub const INPUTS: usize = {};\n\
         /// Room of the session.\npub type Room = {};\n",
        board.name,
        board.systick_hz,
        board.icount_shift,
        capacities.inputs,
        room(known, capacities)
    ))
}

/// The windows that fit beside a model of so many bytes; firmware finds more in a file, see `samples`.
fn windows_beside(file: Vec<u8>, board: &Board, model: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let all = WindowFile::parse(&file)?.header().windows;
    let file = windows_that_fit(file, board, model)?;
    let room = WindowFile::parse(&file)?.header().windows;
    if room < all {
        println!(
            "cargo::warning={}: flash has room for {room} of {all} windows; put windows.bin in the emulator's working \
             directory to run all",
            board.name
        );
    }
    Ok(file)
}
