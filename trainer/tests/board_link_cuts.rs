//! Power cuts while a model is sent to an emulated board. Line noise is in the library's `link::noise`.
//!
//! `cargo test -p hadamrnn --test board_link_cuts -- --ignored` makes 2,000 power cuts instead of a few.

mod bench;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bench::{Bench, TIMING, crc, model};
use hadamrnn::link::send;
use hadamrnn_device::slots::digest;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Power cuts, counted by the state in which they left the board.
#[derive(Debug, Default)]
struct Tally {
    /// The board runs what it ran before, and both slots are whole.
    untouched: u32,
    /// The board runs what it ran before; the other slot is erased or half written.
    half: u32,
    /// The board runs the new model.
    new: u32,
}

/// Moment of a transfer at which the power is cut.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// Time after the request for the transfer: most often in the erase of the header's sector.
    Begin(Duration),
    /// Bytes written, and time after them: between or in the words of a piece, or of the header at the end.
    After(u32, Duration),
}

impl Moment {
    fn any(random: &mut ChaCha8Rng, length: u32, erase: Duration) -> Self {
        if random.random_bool(0.3) {
            return Self::Begin(erase.mul_f64(random.random_range(0.0..1.2)));
        }
        let bytes = random.random_range(0..=length.div_ceil(128)) * 128;
        let wait = Duration::from_micros(random.random_range(0..1500));
        Self::After(bytes.min(length), wait)
    }

    /// Waits for the moment, or for the end of the transfer.
    fn wait(self, written: &AtomicU32, is_over: impl Fn() -> bool) {
        match self {
            Self::Begin(wait) => std::thread::sleep(wait),
            Self::After(bytes, wait) => {
                // One more than the bytes that are written; 0 before the board has begun.
                while written.load(Ordering::SeqCst) <= bytes && !is_over() {
                    std::thread::yield_now();
                }
                std::thread::sleep(wait);
            }
        }
    }
}

/// Kills the emulator `count` times while a model is being sent to it, at a random moment of the transfer, and starts it
/// again: it must run the old model or the new one.
fn power_cuts(count: u32, seed: u64) -> Tally {
    let bench = Bench::new("qemu-m4");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let models = [model("har2"), model("har6")];
    let crcs = models.each_ref().map(|model| digest(model.bytes()));
    let mut flash = bench.flash();
    // Both slots are whole before the first cut.
    bench.install(&mut flash, "har6", TIMING);
    bench.install(&mut flash, "har2", TIMING);
    let mut runs = crcs[0];
    // How long the first erase takes at best.
    let mut erase = Duration::from_millis(50);
    let mut tally = Tally::default();
    for cut in 0..count {
        let (emulator, mut client) = bench.launch(flash);
        let status = client.status().expect("answers after a power cut");
        assert_eq!(crc(status.running), Some(runs), "cut {cut}");
        client.hello().expect("answers");
        let next = models[usize::from(runs == crcs[0])].clone();
        let new = digest(next.bytes());
        let moment = Moment::any(&mut random, next.bytes().len() as u32, erase);
        let written = Arc::new(AtomicU32::new(0));
        let told = written.clone();
        let sender = std::thread::spawn(move || {
            let start = Instant::now();
            let mut begun = None;
            let sent = send(&mut client, &next, TIMING, |bytes| {
                begun.get_or_insert_with(|| start.elapsed());
                told.store(bytes + 1, Ordering::SeqCst);
            });
            (sent.is_ok(), begun)
        });
        moment.wait(&written, || sender.is_finished());
        flash = emulator.cut_power().expect("stops");
        // The link is broken now, or the transfer was over: the sender ends either way.
        let (is_sent, begun) = sender.join().expect("no panic");
        erase = begun.map_or(erase, |begun| begun.min(erase));
        let (boots, faults) = bench.boots(&mut flash);
        assert!(
            !is_sent || boots == Some(new),
            "cut {cut}, {moment:?}: sent, yet gone"
        );
        let is_half = faults.iter().any(Option::is_some);
        match boots {
            Some(crc) if crc == new => tally.new += 1,
            Some(crc) if crc == runs && is_half => tally.half += 1,
            Some(crc) if crc == runs => tally.untouched += 1,
            other => panic!("cut {cut}, {moment:?}: boots {other:?}: {faults:?}"),
        }
        runs = boots.expect("a slot");
    }
    tally
}

#[test]
fn power_cuts_leave_a_model_that_runs() {
    let count = 60;
    let tally = power_cuts(count, 1);
    assert_eq!(tally.untouched + tally.half + tally.new, count);
    assert!(
        tally.half >= count / 10,
        "cuts do not hit the writing: {tally:?}"
    );
}

#[test]
#[ignore = "takes some ten minutes"]
fn two_thousand_power_cuts_leave_a_model_that_runs() {
    let start = Instant::now();
    let boards: Vec<_> = (2..6)
        .map(|seed| std::thread::spawn(move || power_cuts(500, seed)))
        .collect();
    let mut all = Tally::default();
    for board in boards {
        let tally = board.join().expect("no panic");
        all.untouched += tally.untouched;
        all.half += tally.half;
        all.new += tally.new;
    }
    let count = all.untouched + all.half + all.new;
    let seconds = start.elapsed().as_secs();
    println!("{all:?} of {count} power cuts in {seconds} s");
    assert_eq!(count, 2000);
    assert!(
        all.half >= count / 10,
        "cuts do not hit the writing: {all:?}"
    );
}
