//! IDX: a magic number and sizes, big-endian 32-bit words, then bytes.

use anyhow::{Context, Result, bail, ensure};

use super::STEPS;

const IMAGES: u32 = 0x0803;
const LABELS: u32 = 0x0801;

/// The pixels of images of 28 x 28, `[N][STEPS]`.
pub(super) fn images(bytes: &[u8]) -> Result<Vec<u8>> {
    let ([count, rows, columns], pixels) = header(bytes, IMAGES)?;
    ensure!(
        rows == 28 && columns == 28,
        "images of {rows} x {columns} pixels where MNIST has 28 x 28"
    );
    body(pixels, count as usize * STEPS)
}

/// Labels 0 to 9.
pub(super) fn labels(bytes: &[u8]) -> Result<Vec<u8>> {
    let ([count], labels) = header(bytes, LABELS)?;
    if let Some(row) = labels.iter().position(|&label| label > 9) {
        bail!("label {row} is {}: a digit is 0 to 9", labels[row]);
    }
    body(labels, count as usize)
}

/// The sizes and what follows them.
fn header<const N: usize>(bytes: &[u8], magic: u32) -> Result<([u32; N], &[u8])> {
    let words = || {
        let (words, _) = bytes.as_chunks::<4>();
        words.iter().map(|&word| u32::from_be_bytes(word))
    };
    let found = words().next().context("the file is shorter than 4 bytes")?;
    ensure!(
        found == magic,
        "the file starts with {found:#010x} where IDX has {magic:#010x}"
    );
    let mut sizes = [0; N];
    for (size, word) in sizes.iter_mut().zip(words().skip(1)) {
        *size = word;
    }
    let start = 4 * (N + 1);
    let body = bytes
        .get(start..)
        .with_context(|| format!("the header of {start} bytes is cut off"))?;
    Ok((sizes, body))
}

fn body(bytes: &[u8], expected: usize) -> Result<Vec<u8>> {
    ensure!(
        bytes.len() == expected,
        "{} bytes follow the header, which announces {expected}",
        bytes.len()
    );
    Ok(bytes.to_vec())
}
