//! `hadamrnn bench host`: samples per second on one core, each kernel beside a naive and a dense form of the same model.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hadamrnn::integer::KernelName;
use hadamrnn::shipped;
use hadamrnn_runtime::kernel::{Fwht, FwhtPacked, Kernel, XnorPopcount};
use hadamrnn_runtime::{Model, RoomOf, Session, standardise};
use serde::Serialize;

use super::synthetic;
use crate::Status;
use crate::output;

const SIZES: [u16; 5] = [64, 128, 256, 512, 1024];
/// Samples of a round.
const STEPS: usize = 64;
#[derive(clap::Args)]
pub struct Args {
    /// Milliseconds to time rounds of each form for; the fastest counts, as others share the machine
    #[arg(long, value_name = "MS", default_value_t = 400)]
    time: u64,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct HostRow {
    hidden: u16,
    form: &'static str,
    samples_per_second: u64,
}

pub fn run(args: &Args) -> Result<Status> {
    let shipped = shipped::har2();
    let base = shipped.model()?;
    let samples = synthetic::samples(base.sample_size(), STEPS);
    let mut rows = Vec::new();
    for hidden in SIZES {
        // Nine state bits are what the packed kernel takes at 1024 units.
        let file = synthetic::model(&base, hidden)?;
        let time = Duration::from_millis(args.time);
        rows.extend(size(&file.model()?, hidden, &samples, time)?);
    }
    if args.json {
        output::json(&rows)?;
    } else {
        print(&rows)?;
    }
    Ok(Status::Success)
}

/// Times every form; all must reach the same state.
fn size(model: &Model<'_>, hidden: u16, samples: &[i16], limit: Duration) -> Result<Vec<HostRow>> {
    let mut dense = Dense::new(model);
    let row = |form, (elapsed, states): (Duration, Vec<i32>), expected: &[i32]| {
        ensure!(states == expected, "{form} n = {hidden}: another state");
        let per_second = STEPS as f64 / elapsed.as_secs_f64();
        Ok(HostRow {
            hidden,
            form,
            samples_per_second: per_second as u64,
        })
    };
    let reference = time(limit, || dense.run(samples, Dense::product));
    let expected = reference.1.clone();
    Ok(vec![
        row(
            KernelName::FwhtPacked.name(),
            kernel::<FwhtPacked>(model, samples, limit)?,
            &expected,
        )?,
        row(
            KernelName::Fwht.name(),
            kernel::<Fwht>(model, samples, limit)?,
            &expected,
        )?,
        row(
            KernelName::Xnor.name(),
            kernel::<XnorPopcount>(model, samples, limit)?,
            &expected,
        )?,
        row("dense i8 matrix", reference, &expected)?,
        row(
            "naive, signs on the fly",
            time(limit, || dense.run(samples, Dense::naive_product)),
            &expected,
        )?,
    ])
}

/// The fastest round of those within `limit`, and the state at its end.
fn time(limit: Duration, mut round: impl FnMut() -> Vec<i32>) -> (Duration, Vec<i32>) {
    let start = Instant::now();
    let mut fastest = Duration::MAX;
    loop {
        let begin = Instant::now();
        let states = black_box(round());
        fastest = fastest.min(begin.elapsed());
        if start.elapsed() > limit {
            return (fastest, states);
        }
    }
}

fn kernel<K: Kernel>(
    model: &Model<'_>,
    samples: &[i16],
    limit: Duration,
) -> Result<(Duration, Vec<i32>)> {
    let mut session = Session::<RoomOf<K, 1024, 16>>::new(model)
        .with_context(|| format!("kernel {}", K::NAME))?;
    let mut pushed = Ok(());
    let timed = time(limit, || {
        session.reset();
        for sample in samples.chunks(model.sample_size()) {
            pushed = session.push(black_box(sample));
        }
        session.states().map(i32::from).collect()
    });
    pushed?;
    Ok(timed)
}

/// The model with all weights unpacked, and the recurrent matrix written out.
struct Dense<'a> {
    model: &'a Model<'a>,
    matrix: Vec<i8>,
    input: Vec<i32>,
    bias: Vec<i32>,
    signs: Vec<i32>,
    product: Vec<i32>,
}

impl<'a> Dense<'a> {
    fn new(model: &'a Model<'a>) -> Self {
        let n = model.hidden_size();
        let entry = |at: usize| {
            if ((at / n) & (at % n)).count_ones().is_multiple_of(2) {
                1
            } else {
                -1
            }
        };
        let columns = model.input_size();
        Self {
            model,
            matrix: (0..n * n).map(entry).collect(),
            input: (0..n * columns)
                .map(|at| model.input_weight(at / columns, at % columns))
                .collect(),
            bias: (0..n).map(|row| model.bias(row)).collect(),
            signs: (0..n).map(|row| model.sign(row)).collect(),
            product: vec![0; n],
        }
    }

    /// `H h` by a matrix in memory.
    fn product(&mut self, h: &[i32]) {
        let rows = self.matrix.chunks_exact(h.len());
        for (sum, row) in self.product.iter_mut().zip(rows) {
            // Without overflow checks, which would keep it from vector instructions in a debug build.
            let term =
                |sum: i32, (&w, &h): (&i8, &i32)| sum.wrapping_add(i32::from(w).wrapping_mul(h));
            *sum = row.iter().zip(h).fold(0, term);
        }
    }

    /// `H h` by its definition.
    fn naive_product(&mut self, h: &[i32]) {
        for (i, sum) in self.product.iter_mut().enumerate() {
            let term = |(j, &h): (usize, &i32)| {
                if (i & j).count_ones().is_multiple_of(2) {
                    h
                } else {
                    -h
                }
            };
            *sum = h.iter().enumerate().map(term).sum();
        }
    }

    /// Runs all samples from the zero state (`docs/ARITHMETIC.md`).
    fn run(&mut self, samples: &[i16], product: impl Fn(&mut Self, &[i32])) -> Vec<i32> {
        let header = *self.model.header();
        let (gain, mut phase) = (self.model.layer().gain(), 0);
        let mut h = vec![0; self.bias.len()];
        let limit = 1 << (header.state_bits - 1);
        for sample in samples.chunks(self.model.sample_size()) {
            let x: Vec<i32> = sample
                .iter()
                .enumerate()
                .map(|(channel, &raw)| {
                    let channel = self.model.channel(channel);
                    standardise(
                        raw,
                        channel,
                        header.input_shift.into(),
                        header.input_bits.into(),
                    )
                    .into()
                })
                .collect();
            product(self, &h);
            let gain = gain.next(&mut phase);
            let rows = self.input.chunks_exact(x.len());
            for (i, (h, row)) in h.iter_mut().zip(rows).enumerate() {
                let layer_input: i32 = row.iter().zip(&x).map(|(u, x)| u * x).sum();
                let sum = ((layer_input + self.bias[i]) << header.layer_input_shift)
                    + self.signs[i] * gain * self.product[i];
                let rounded = (sum + (1 << (header.gain_shift - 1))) >> header.gain_shift;
                *h = rounded.clamp(-limit, limit - 1);
            }
        }
        h
    }
}

fn print(rows: &[HostRow]) -> Result<()> {
    let forms: Vec<&str> = rows
        .iter()
        .take_while(|row| row.hidden == SIZES[0])
        .map(|row| row.form)
        .collect();
    let head = std::iter::once("samples/s").chain(forms.iter().copied());
    let mut table = vec![head.map(String::from).collect::<Vec<_>>()];
    for size in rows.chunks(forms.len()) {
        let mut cells = vec![format!("n = {}", size[0].hidden)];
        cells.extend(
            size.iter()
                .map(|row| output::grouped(row.samples_per_second)),
        );
        table.push(cells);
    }
    output::table(&table)
}
