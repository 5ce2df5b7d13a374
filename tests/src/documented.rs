//! The worked examples of `docs/FORMAT.md` and `docs/EXAMPLES.md`, read from their text.

use std::fmt::Debug;
use std::str::FromStr;

const DOCUMENTS: [&str; 2] = [
    include_str!("../../docs/FORMAT.md"),
    include_str!("../../docs/EXAMPLES.md"),
];

/// A model file with an input and what it must answer.
pub struct Documented {
    /// The file.
    pub bytes: Vec<u8>,
    /// Raw values, sample by sample.
    pub input: Vec<Vec<i16>>,
    /// Logits after each sample.
    pub logits: Vec<Vec<i64>>,
    /// State digest after the last sample.
    pub digest: u32,
    /// After each sample the novelty score and the class that is decided, of a model with both parts.
    pub judged: Option<Vec<(u32, Option<usize>)>>,
}

/// Every worked model, in the order of the documents.
pub fn models() -> Vec<Documented> {
    blocks("48 44 52 4e")
        .map(|block| Documented {
            bytes: bytes(block),
            input: numbers(line(block, "input")),
            logits: numbers(line(block, "logits")),
            digest: digest(line(block, "digest")),
            judged: judged(block),
        })
        .collect()
}

/// The worked `windows.bin`.
pub fn windows() -> Vec<u8> {
    bytes(blocks("48 44 57 4e").next().expect("a window file"))
}

/// The worked `golden.json`.
pub fn golden() -> &'static str {
    let block = blocks("json").next().expect("golden answers");
    block.trim_start_matches("json")
}

/// Names of the lines of a block that are no bytes.
const NOT_OF_THE_FILE: [&str; 5] = ["input", "logits", "digest", "novelty", "decided"];

/// What an example says of scores and decisions, if it does.
fn judged(block: &str) -> Option<Vec<(u32, Option<usize>)>> {
    rows(block).find(|(left, _)| left.trim() == "novelty")?;
    let scores = numbers(line(block, "novelty")).concat().into_iter();
    let class = |text: &str| match text.trim() {
        "none" => None,
        class => Some(class.parse().expect("a class")),
    };
    Some(
        scores
            .zip(line(block, "decided").split(';').map(class))
            .collect(),
    )
}

/// Fenced blocks with this start, its language included.
fn blocks(start: &str) -> impl Iterator<Item = &'static str> {
    let fenced = |text: &'static str| text.split("```").skip(1).step_by(2);
    let texts = DOCUMENTS.into_iter().flat_map(fenced);
    texts.filter(move |block| block.trim_start().starts_with(start))
}

/// The two columns of a block.
fn rows(block: &str) -> impl Iterator<Item = (&str, &str)> {
    block.lines().filter_map(|line| line.split_once('|'))
}

fn bytes(block: &str) -> Vec<u8> {
    let is_file = |left: &&str| !NOT_OF_THE_FILE.contains(&left.trim());
    let dump = rows(block).map(|(left, _)| left).filter(is_file);
    dump.flat_map(str::split_whitespace)
        .map(|byte| u8::from_str_radix(byte, 16).expect("a byte"))
        .collect()
}

fn line<'a>(block: &'a str, name: &str) -> &'a str {
    let (_, right) = rows(block)
        .find(|(left, _)| left.trim() == name)
        .unwrap_or_else(|| panic!("no {name} in the example\n{block}"));
    right.trim()
}

/// Samples are divided by semicolons, their values by commas.
fn numbers<T: FromStr<Err: Debug>>(text: &str) -> Vec<Vec<T>> {
    let sample = |sample: &str| {
        sample
            .split(',')
            .map(|value| value.trim().parse().expect("a number"))
            .collect()
    };
    text.split(';').map(sample).collect()
}

fn digest(text: &str) -> u32 {
    let digits = text.strip_prefix("0x").expect("a hexadecimal number");
    u32::from_str_radix(digits, 16).expect("32 bits")
}
