//! Models that are part of a program: what the compiler makes of a file is what a program makes of it, and a file with a
//! fault does not compile.

use std::path::Path;
use std::process::Command;

use hadamrnn_device::windows::{WindowFile, decode_sample};
use hadamrnn_runtime::format::crc32;
use hadamrnn_runtime::{Embedded, EmbeddedModel, Model, ModelError};

/// A module with an embedded model for each shipped one that is named, and a test of it.
macro_rules! shipped {
    ($($name:ident, $folder:literal, $kernel:ident;)*) => {$(
        mod $name {
            hadamrnn_runtime::model! {
                static MODEL: Shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/", $folder, "/model.hdrn"),
                    kernel = hadamrnn_runtime::kernel::$kernel;
            }

            #[test]
            fn gives_what_the_loaded_model_gives() {
                let windows = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/", $folder, "/windows.bin"));
                super::both_ways_give_the_same(&MODEL, windows);
            }
        }
    )*};
}

shipped! {
    har2, "har2", FwhtPacked;
    hidden_readout, "har2-hidden", FwhtPacked;
    two_layers, "har2-two-layers", FwhtPacked;
    six_classes, "har6", FwhtPacked;
    nineteen_classes, "dsa19", FwhtPacked;
    every_step, "copy", FwhtPacked;
    images, "pmnist-4k", Fwht;
    pooled_tokens, "imdb", FwhtPacked;
}

/// Each state of each step, each logit and each class.
fn both_ways_give_the_same<M: EmbeddedModel>(embedded: &Embedded<M>, windows: &[u8]) {
    let windows = WindowFile::parse(windows).expect("shipped windows");
    let header = windows.header();
    let loaded = embedded.model().expect("a shipped model");
    assert_eq!(loaded.bounds(), M::MODEL.bounds());
    assert_eq!(loaded.header(), M::MODEL.header());
    assert_eq!(loaded.has_fast_path(), M::MODEL.has_fast_path());
    let mut read = embedded.session(&loaded).expect("room");
    let mut known = embedded.start();
    assert!(size_of_val(&known) <= size_of_val(&read) - size_of::<usize>());
    let mut sample = vec![0; header.channels.into()];
    for (step, bytes) in windows.samples().enumerate() {
        if step % usize::from(header.steps) == 0 {
            read.reset();
            known.reset();
        }
        decode_sample(bytes, &mut sample);
        read.push_raw(&sample).expect("a sample");
        known.push_raw(&sample).expect("a sample");
        assert!(read.states().eq(known.states()), "step {step}");
        // Logits of long windows are read now and then.
        if step % 64 == 63 || step < 4 {
            assert!(read.logits().eq(known.logits()), "step {step}");
            assert_eq!(read.class(), known.class(), "step {step}");
        }
    }
    assert_eq!(known.push_raw(&[0; 99]), read.push_raw(&[0; 99]));
}

/// Runs the compiler over a crate that embeds `file`; gives what it says, or none where it is content.
fn compile(crate_folder: &Path, file: &[u8], kernel: &str) -> Option<String> {
    let write = |name: &str, text: &[u8]| {
        std::fs::write(crate_folder.join(name), text).expect("a file");
    };
    write("model.hdrn", file);
    let code = format!(
        "#![no_std]\nhadamrnn_runtime::model!(pub static MODEL: Room = \"model.hdrn\", kernel = {kernel});\n"
    );
    write("lib.rs", code.as_bytes());
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet"])
        .current_dir(crate_folder)
        // One folder for all runs: the runtime is compiled once.
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("embedded"),
        )
        .output()
        .expect("cargo");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success()).then_some(text)
}

/// A crate that depends on the runtime, with the versions of this workspace.
fn new_crate() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = format!(
        "[package]\nname = \"embeds\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n[dependencies]\n\
         hadamrnn-runtime = {{ path = {:?} }}\n\n[workspace]\n",
        root.join("runtime-nostd")
    );
    std::fs::write(folder.path().join("Cargo.toml"), manifest).expect("a file");
    std::fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock")).expect("a copy");
    folder
}

/// `bytes` with another checksum, that of their content.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 4;
    let crc = crc32(&bytes[..end]);
    bytes[end..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

#[test]
fn a_file_with_a_fault_does_not_compile() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/har2-hidden/model.hdrn");
    let file = std::fs::read(shipped).expect("shipped");
    let folder = new_crate();
    let said = |file: &[u8], kernel: &str| compile(folder.path(), file, kernel);
    let packed = "hadamrnn_runtime::kernel::FwhtPacked";
    assert_eq!(said(&file, packed), None);

    let mut damaged = file.clone();
    damaged[100] ^= 1;
    // A bias of an output that overflows, and one that makes another bound than the file states: the last word of all.
    let bias = file.len() - 8;
    let [overflow, other] = [i32::MAX, 12345].map(|value| {
        let mut bytes = file.clone();
        bytes[bias..bias + 4].copy_from_slice(&value.to_le_bytes());
        sealed(bytes)
    });
    for (file, error) in [
        (&b"board = 1\nname = 2"[..], ModelError::BadMagic),
        (&file[..200], ModelError::Truncated),
        (&damaged, ModelError::Checksum),
        (&overflow, ModelError::Overflow),
        (&other, ModelError::Bounds),
    ] {
        let aligned = hadamrnn_tests::models::AlignedBytes::new(file);
        assert_eq!(Model::from_bytes(aligned.as_slice()).err(), Some(error));
        let text = said(file, packed).unwrap_or_else(|| panic!("compiles in spite of: {error}"));
        assert!(text.contains(error.text()), "{error}:\n{text}");
    }
}
