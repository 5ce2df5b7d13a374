//! A validation split of whole sentences.
//!
//! SST-2's training rows are sentences and phrases of them, each with a label of its own. A row that is held out teaches
//! little where rows that it contains, or that contain it, are trained on. So whole sentences are held out with the phrases
//! that no other sentence has. The test part relates to training in the same way: it is made of sentences only, and what
//! has been seen of their wording are the words and phrases that other sentences share.

use std::cmp::Reverse;
use std::collections::HashSet;

use anyhow::Result;

use super::Sequences;
use crate::data::{Holdout, holdout};
use crate::untrusted::Budget;

/// One sentence in so many is held out by [`Holdout::Standard`].
const STANDARD_EVERY: usize = 10;

/// The rows that are left to train on and the sentences that `holdout` holds out; phrases of these alone are in neither.
///
/// # Errors
/// `holdout` names subjects, or a share that is not of 1 to 99 %; or there are more phrases than `budget` has room for.
pub(super) fn split(
    train: &Sequences,
    holdout: &Holdout,
    budget: &Budget,
) -> Result<(Vec<usize>, Vec<usize>)> {
    if *holdout == Holdout::None {
        return Ok(((0..train.len()).collect(), Vec::new()));
    }
    let rows: Vec<&[u16]> = (0..train.len())
        .map(|row| pieces(train.tokens(row)))
        .collect();
    let sentences = sentences(&rows, budget)?;
    let standard = |sentence| sentence % STANDARD_EVERY == STANDARD_EVERY - 1;
    let (kept, held) = holdout::rows(sentences.len(), holdout, standard)?;
    let of_kept = kept.iter().flat_map(|&i| phrases(rows[sentences[i]]));
    let of_kept: HashSet<&[u16]> = of_kept.collect();
    // Each row is a phrase of some sentence, if only of itself.
    let kept = (0..rows.len()).filter(|&row| of_kept.contains(rows[row]));
    Ok((kept.collect(), held.iter().map(|&i| sentences[i]).collect()))
}

/// A row without padding and the pieces that begin and end it.
fn pieces(tokens: &[u16]) -> &[u16] {
    let first = tokens.iter().position(|&piece| piece != 0).unwrap_or(0);
    let end = tokens.iter().rposition(|&piece| piece != 0);
    let end = end.unwrap_or(0).max(first + 1);
    tokens.get(first + 1..end).unwrap_or(&[])
}

/// Bytes of memory that a phrase takes in the two sets that hold it.
const PHRASE_COST: usize = 48;

/// The rows that are no phrase of a longer row, rising.
fn sentences(rows: &[&[u16]], budget: &Budget) -> Result<Vec<usize>> {
    let mut longest_first: Vec<usize> = (0..rows.len()).collect();
    longest_first.sort_by_key(|&row| Reverse(rows[row].len()));
    let mut seen = HashSet::new();
    let mut sentences = Vec::new();
    for row in longest_first {
        if !seen.contains(rows[row]) {
            let ends = rows[row].len() + 1;
            budget.take(ends * (ends + 1) / 2 * PHRASE_COST)?;
            seen.extend(phrases(rows[row]));
            sentences.push(row);
        }
    }
    sentences.sort_unstable();
    Ok(sentences)
}

/// Every run of pieces of a row, the row itself and the empty run included.
fn phrases(row: &[u16]) -> impl Iterator<Item = &[u16]> {
    (0..=row.len()).flat_map(move |start| (start..=row.len()).map(move |end| &row[start..end]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Targets, Values};

    /// Rows of pieces, padded behind as the loader does.
    fn sequences(rows: &[&[u16]]) -> Sequences {
        let mut ids = Vec::new();
        for row in rows {
            let padding = vec![0; 8 - row.len()];
            ids.extend([&[2][..], row, &[3], &padding].concat());
        }
        let values = Values::Tokens {
            ids,
            vocabulary: 50,
        };
        let targets = Targets::Class(vec![0; rows.len()]);
        Sequences::new(1, 10, values, targets, vec![]).expect("rows of ten")
    }

    fn split(train: &Sequences, holdout: &Holdout) -> Result<(Vec<usize>, Vec<usize>)> {
        super::split(train, holdout, &Budget::of_data_set())
    }

    #[test]
    fn phrases_take_of_the_budget() {
        let row = |row: u16| std::array::from_fn(|i| 9 * row + i as u16);
        let rows: Vec<[u16; 8]> = (0..5).map(row).collect();
        let rows: Vec<&[u16]> = rows.iter().map(|row| &row[..]).collect();
        let error =
            super::split(&sequences(&rows), &Holdout::Standard, &Budget::new(9999)).unwrap_err();
        assert!(
            error.to_string().contains("more than 9999 bytes of memory"),
            "{error}"
        );
    }

    #[test]
    fn sentences_are_held_out_with_their_phrases() {
        // Ten sentences 10+i, 20+i, 30+i with a phrase each, then some phrases of several.
        let sentences: Vec<[u16; 3]> = (0..10).map(|i| [10 + i, 20 + i, 30 + i]).collect();
        let mut rows: Vec<&[u16]> = sentences.iter().map(|row| &row[..]).collect();
        rows.extend(sentences.iter().map(|row| &row[1..]));
        rows.push(&[29]);
        // A sentence of its own, of words of the tenth: it keeps the last row.
        rows.push(&[39, 29]);
        rows.push(&[39]);
        let train = sequences(&rows);
        let (kept, held) = split(&train, &Holdout::Standard).expect("sentences");
        assert_eq!(held, [9]);
        // The tenth's own phrase goes with it; words that the eleventh has too stay.
        let expected: Vec<usize> = (0..23).filter(|row| ![9, 19].contains(row)).collect();
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_share_is_of_the_sentences() {
        let rows: Vec<[u16; 2]> = (0..20).map(|i| [10 + i, 10 + i]).collect();
        let rows: Vec<&[u16]> = rows.iter().flat_map(|row| [&row[..], &row[..1]]).collect();
        let holdout = Holdout::Random {
            percent: 25,
            seed: 1,
        };
        let (kept, held) = split(&sequences(&rows), &holdout).expect("sentences");
        assert_eq!((kept.len(), held.len()), (30, 5));
        assert!(
            held.iter()
                .all(|row| row % 2 == 0 && !kept.contains(&(row + 1)))
        );
        let (kept, held) = split(&sequences(&rows), &Holdout::None).expect("all");
        assert_eq!((kept.len(), held.len()), (40, 0));
        assert!(split(&sequences(&rows), &Holdout::Subjects(vec![1])).is_err());
    }

    #[test]
    fn rows_lose_padding_on_either_side_and_their_ends() {
        assert_eq!(pieces(&[2, 7, 8, 3, 0, 0]), [7, 8]);
        assert_eq!(pieces(&[0, 0, 2, 7, 8, 3]), [7, 8]);
        assert_eq!(pieces(&[2, 3, 0]), [] as [u16; 0]);
        assert_eq!(pieces(&[0, 0]), [] as [u16; 0]);
    }
}
