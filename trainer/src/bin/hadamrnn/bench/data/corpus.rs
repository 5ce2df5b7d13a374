//! Recordings to be read: the same for the same size, with labels, a time column and six channels.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Number of channels.
pub const CHANNELS: usize = 6;
/// Labels, each with the amplitude and the period, in samples, of its motion.
const LABELS: [(&str, f32, f32); 4] = [
    ("walking", 2500.0, 25.0),
    ("standing", 60.0, 170.0),
    ("cycling", 1200.0, 40.0),
    ("sitting", 30.0, 230.0),
];
/// Samples of one label in a row: a minute.
const INTERVAL: u64 = 3000;
/// Milliseconds from sample to sample.
const PERIOD_MS: u64 = 20;

/// Files of recordings.
pub struct Corpus {
    pub files: Vec<PathBuf>,
    pub rows: u64,
    pub bytes: u64,
}

/// Writes `files` recordings with `bytes` bytes together, about, into a folder.
pub fn write(folder: &Path, files: u64, bytes: u64) -> Result<Corpus> {
    let mut corpus = Corpus {
        files: Vec::new(),
        rows: 0,
        bytes: 0,
    };
    for number in 0..files {
        let path = folder.join(format!("{number:03}.csv"));
        let most = bytes * (number + 1) / files;
        recording(&path, number, most, &mut corpus)
            .with_context(|| format!("cannot write {}", path.display()))?;
        corpus.files.push(path);
    }
    Ok(corpus)
}

/// Writes a recording, until the corpus has `most` bytes.
fn recording(path: &Path, number: u64, most: u64, corpus: &mut Corpus) -> Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut random = ChaCha8Rng::seed_from_u64(number);
    let mut line = b"time,label,ax,ay,az,gx,gy,gz\n".to_vec();
    let mut row = 0;
    loop {
        file.write_all(&line)?;
        corpus.bytes += line.len() as u64;
        if corpus.bytes >= most {
            break;
        }
        let (label, amplitude, period) = LABELS[((row / INTERVAL + number) % 4) as usize];
        line.clear();
        write!(line, "{},{label}", row * PERIOD_MS)?;
        for channel in 0..CHANNELS {
            let angle = row as f32 / period + channel as f32;
            let noise = random.random_range(-100..=100);
            let gravity = if channel == 2 { 8192 } else { 0 };
            write!(
                line,
                ",{}",
                (amplitude * angle.sin()) as i32 + noise + gravity
            )?;
        }
        line.push(b'\n');
        row += 1;
    }
    corpus.rows += row;
    file.flush()?;
    Ok(())
}
