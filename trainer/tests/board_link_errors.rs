//! What the programs of slots, link and stream answer to mistakes, with firmware on emulated boards.

mod bench;
mod common;

use bench::{model, root};
use common::{fails, path};
use hadamrnn::board::{FirmwareFolder, FlashFile};

#[test]
fn errors_say_what_is_wrong_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| path(&folder.path().join(name)).to_owned();
    let cut = path("cut.hdrn");
    std::fs::write(&cut, &model("har2").bytes()[..500]).expect("is written");
    let (flash, other) = (path("flash.bin"), path("other.bin"));
    std::fs::write(&other, b"no flash").expect("is written");
    for (args, parts) in [
        (
            &["flash", "../models/har2", "--board", "qemu-m9"][..],
            &["qemu-m9", "qemu-m4"][..],
        ),
        (
            &["flash", "../models/har2", "--board", "qemu-m33"],
            &["qemu-m33", "[board.stream]"],
        ),
        (
            &["flash", "no-such-model", "--board", "qemu-m4"],
            &["no-such-model"],
        ),
        (
            &["flash", &cut, "--board", "qemu-m4"],
            &["cut.hdrn", "truncated"],
        ),
        (
            &[
                "flash",
                "../models/imdb",
                "--board",
                "qemu-m4",
                "--flash-file",
                &flash,
            ],
            &["qemu-m4", "takes tokens"],
        ),
        (
            &[
                "flash",
                "../models/har2",
                "--board",
                "qemu-m4",
                "--flash-file",
                &other,
            ],
            &["other.bin", "is no flash"],
        ),
        (
            &[
                "flash",
                "../models/har2",
                "--board",
                "qemu-m4",
                "--flash-file",
                &flash,
                "--hop",
                "48",
            ],
            &["128 samples every 48", "multiple of the hop"],
        ),
        (
            &[
                "flash",
                "../models/har2",
                "--board",
                "qemu-m4",
                "--uf2",
                "har2.uf2",
            ],
            &["qemu-m4 takes no UF2", "uf2_family"],
        ),
        (
            &["send", "../models/har2", "--port", "/dev/no-such-port"],
            &["/dev/no-such-port"],
        ),
        (
            &["send", "../models/har2", "--port", "unix:/no/socket"],
            &["nothing listens", "/no/socket"],
        ),
        (
            &["monitor", "--board", "qemu-m4", "--stream", &cut],
            &["cut.hdrn", "no window file"],
        ),
        (
            &["monitor", "--board", "pico"],
            &["pico is a real board", "--port", "qemu-m4"],
        ),
        (&["monitor", "--port", "tcp:4000"], &["tcp:HOST:PORT"]),
        (&["monitor"], &["--port", "--board"]),
    ] {
        fails(args, parts);
    }
}

/// A running board's flash is not written from outside, and a silent port is told.
#[test]
fn a_flash_in_use_and_a_board_that_does_not_answer_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let flash = folder.path().join("flash.bin");
    let sources = FirmwareFolder::locate(Some(&root().join("firmware-examples"))).expect("sources");
    let board = sources.board("qemu-m4").expect("in the registry");
    let open = FlashFile::open(&flash, &board).expect("opens");
    let board = ["--board", "qemu-m4", "--flash-file", path(&flash)];
    fails(
        &[&["flash", "../models/har2"], &board[..]].concat(),
        &["is in use", "--port"],
    );
    drop(open);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = format!("tcp:{}", listener.local_addr().expect("an address"));
    fails(
        &["monitor", "--port", &port, "--plain"],
        &["does not answer"],
    );
}
