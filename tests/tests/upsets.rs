//! Bits that flip in a model or a session: what the checks find, and that no changed answer escapes them.

use std::path::Path;

use hadamrnn::board::{
    FirmwareFolder, Happened, Request, Tally, random_upsets, run_guarded, run_upsets,
};
use hadamrnn::integer::{KernelName, ModelFile};
use hadamrnn::verify;
use hadamrnn_firmware_support::report::{Target, Upset};

/// Upsets on a board. `hadamrnn bench upsets` makes thousands.
const COUNT: usize = 144;

/// `har2` with its windows on a board, and a folder for the emulator.
fn with_request<R>(board: &str, run: impl FnOnce(&Request<'_>, &Path) -> R) -> R {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let folder = FirmwareFolder::locate(Some(&root.join("firmware-examples"))).expect("sources");
    let model = ModelFile::read(&root.join("models/har2/model.hdrn")).expect("a shipped model");
    let windows = std::fs::read(root.join("models/har2/windows.bin")).expect("its windows");
    let scratch = tempfile::tempdir().expect("a folder");
    let request = Request {
        folder: &folder,
        board: &folder.board(board).expect("in the registry"),
        kernel: KernelName::FwhtPacked,
        model: &model,
        windows: &windows,
        known: false,
    };
    run(&request, scratch.path())
}

fn no_changed_answer_escapes(board: &str) {
    let upsets: Vec<Upset> = random_upsets(COUNT, 5).into_iter().map(|it| it.1).collect();
    let (costs, happened, length) = with_request(board, |request, scratch| {
        let (costs, happened) = run_upsets(request, &upsets, scratch).expect("a run");
        (costs, happened, request.model.bytes().len())
    });
    assert_eq!(happened.len(), COUNT);
    let of = |target: Target| Tally::of(&upsets, &happened, |upset| upset.target == target);
    let quarter = COUNT as u32 / 4;
    // A file that is damaged does not run.
    let at_rest = of(Target::FileAtRest);
    assert_eq!((at_rest.injected, at_rest.refused), (quarter, quarter));
    // One that is damaged while it runs is found, whatever it does.
    let in_use = of(Target::FileInUse);
    assert_eq!(in_use.found + in_use.faults + in_use.hangs, quarter);
    assert!(in_use.degraded > 0, "{in_use:?}");
    let session = of(Target::Session);
    assert!(session.degraded + session.wrong > 0, "{session:?}");
    for target in Target::ALL {
        assert_eq!(of(target).escaped, 0, "{target:?}");
    }
    let [file, ..] = costs.bytes;
    assert_eq!(file as usize, length);
    assert!(costs.checksum < costs.sample / 2, "{costs:?}");
}

#[test]
fn no_changed_answer_escapes_on_a_cortex_m0() {
    no_changed_answer_escapes("qemu-m0");
}

#[test]
fn no_changed_answer_escapes_on_a_cortex_m4() {
    no_changed_answer_escapes("qemu-m4");
}

#[test]
fn no_changed_answer_escapes_on_risc_v() {
    no_changed_answer_escapes("qemu-rv32");
}

/// The board hangs at its third answer; the watchdog restarts it, and it answers everything.
#[test]
fn a_watchdog_restarts_a_board_that_hangs() {
    with_request("qemu-m4", |request, scratch| {
        let model = request.model.model().expect("a model");
        let expected = verify::answers_to_window_file(&model, request.windows).expect("valid");
        for (hangs_at, starts) in [(2, 2), (u32::MAX, 1)] {
            let found = run_guarded(request, hangs_at, scratch).expect("a run");
            assert_eq!(found, (expected.clone(), starts));
        }
    });
}

#[test]
fn a_fault_is_neither_found_nor_an_answer() {
    let mut tally = Tally::default();
    tally.count(Happened::Fault);
    assert_eq!((tally.faults, tally.found, tally.escaped), (1, 0, 0));
}
