//! Texts to the numbers of their word pieces.

use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use rayon::prelude::*;
use tokenizers::Tokenizer;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;

use super::table::TableRow;
use super::{Padding, STEPS, shown};
use crate::data::DataSet;
use crate::data::archive;
use crate::untrusted::{Budget, Kind};

/// The tokenizer of bert-base-uncased.
pub(super) struct Encoder {
    tokenizer: Tokenizer,
    vocabulary: usize,
    start: u16,
    separator: u16,
}

impl Encoder {
    /// Reads a `vocab.txt`: a piece a line, numbered from 0.
    pub(super) fn read(path: &Path, set: &DataSet, budget: &Budget) -> Result<Self> {
        let bytes = archive::read_plain(path, Kind::WORDS, budget)?;
        Self::new(&bytes).with_context(|| format!("{}: {}", shown(path), set.remedy()))
    }

    fn new(vocabulary: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(vocabulary).context("the vocabulary is not UTF-8")?;
        let pieces = || text.lines().zip(0_u32..);
        let number = |piece: &str| {
            let found = pieces().find(|(other, _)| *other == piece);
            let number = found.and_then(|(_, number)| u16::try_from(number).ok());
            number.with_context(|| format!("the vocabulary has no {piece}"))
        };
        ensure!(
            number("[PAD]")? == 0,
            "the first line of the vocabulary is not [PAD]: padding must be number 0"
        );
        number("[UNK]")?;
        let count = pieces().count();
        ensure!(
            count <= 1 << 16,
            "{count} pieces: numbers of 16 bits hold 65536"
        );
        let numbers = WordPiece::read_bytes(vocabulary).map_err(|error| anyhow!(error))?;
        let model = WordPiece::builder()
            .vocab(numbers)
            .unk_token("[UNK]".into())
            .build()
            .map_err(|error| anyhow!(error))?;
        let mut tokenizer = Tokenizer::new(model);
        tokenizer
            .with_normalizer(Some(BertNormalizer::new(true, true, None, true)))
            .map_err(|error| anyhow!(error))?;
        tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
        Ok(Self {
            tokenizer,
            vocabulary: count,
            start: number("[CLS]")?,
            separator: number("[SEP]")?,
        })
    }

    /// Numbers of pieces.
    pub(super) fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The rows, `[N][STEPS]`.
    pub(super) fn encode(&self, rows: &[TableRow], padding: Padding) -> Result<Vec<u16>> {
        let mut ids = vec![0; rows.len() * STEPS];
        ids.par_chunks_exact_mut(STEPS)
            .zip(rows)
            .try_for_each(|(ids, row)| -> Result<()> {
                let pieces = self.pieces(row)?;
                let at = match padding {
                    Padding::Left => STEPS - pieces.len(),
                    Padding::Right => 0,
                };
                ids[at..at + pieces.len()].copy_from_slice(&pieces);
                Ok(())
            })?;
        Ok(ids)
    }

    /// The pieces of a row with what stands around and between them, at most [`STEPS`].
    fn pieces(&self, row: &TableRow) -> Result<Vec<u16>> {
        let mut pieces = vec![self.start];
        for (i, text) in row.texts.iter().enumerate() {
            if i > 0 {
                pieces.extend([self.separator; 2]);
            }
            let encoding = self
                .tokenizer
                .encode_fast(text.as_str(), false)
                .map_err(|error| anyhow!(error))?;
            for &id in encoding.get_ids() {
                pieces.push(u16::try_from(id).context("a piece is beyond 65535")?);
            }
        }
        pieces.truncate(STEPS - 1);
        pieces.push(self.separator);
        Ok(pieces)
    }
}
