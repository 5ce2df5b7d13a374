//! The committed header is the generated one.

use std::path::Path;

#[test]
fn the_header_is_what_cbindgen_makes_of_the_sources() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = ["src/lib.rs", "src/decide.rs", "src/net.rs", "src/error.rs"];
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml");
    let builder = sources.iter().fold(
        cbindgen::Builder::new().with_config(config),
        |builder, file| builder.with_src(root.join(file)),
    );
    let mut header = Vec::new();
    builder.generate().expect("a header").write(&mut header);
    // Sections for readers of Rust.
    let header = String::from_utf8(header)
        .expect("text")
        .replace(" * # Safety\n", " * Needs:\n");
    let path = root.join("hadamrnn.h");
    if std::env::var_os("HADAMRNN_BLESS").is_some() {
        std::fs::write(&path, &header).expect("written");
    }
    let committed = std::fs::read_to_string(&path).expect("hadamrnn.h");
    assert!(
        committed == header,
        "hadamrnn.h is not up to date: run HADAMRNN_BLESS=1 cargo test -p hadamrnn-c"
    );
}
