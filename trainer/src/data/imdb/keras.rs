//! Keras' form: an `.npz` of ranks, whose reviews of unequal length are pickled lists.
//!
//! A pickle can name any Python object. Here nothing is run: lists and whole numbers are read, a named object is only
//! the place where its state goes.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_pickle::{DeOptions, Value};

use super::{Reviews, remedy, shown};
use crate::data::Sequences;
use crate::data::archive;
use crate::data::check::MAX_PLAIN_BYTES;
use crate::data::npz::Npz;

/// The training and the test part.
pub(super) fn read(path: &Path) -> Result<Vec<Sequences>> {
    let bytes = archive::read_plain(path, MAX_PLAIN_BYTES)?;
    let read = || -> Result<Vec<Sequences>> {
        let mut npz = Npz::open(&bytes)?;
        ["train", "test"]
            .into_iter()
            .map(|part| self::part(&mut npz, part))
            .collect()
    };
    read().with_context(|| format!("{}: {}", shown(path), remedy()))
}

fn part(npz: &mut Npz<'_>, part: &str) -> Result<Sequences> {
    let (x, y) = (format!("x_{part}"), format!("y_{part}"));
    let classes = npz.array(&y)?.integers().with_context(|| y.clone())?;
    let array = npz.array(&x)?;
    ensure!(
        array.kind == "|O",
        "{x}: its values are of type {} instead of |O, lists",
        array.kind
    );
    let state = serde_pickle::value_from_slice(&array.data, DeOptions::new())
        .with_context(|| format!("{x} is not a pickle of lists"))?;
    let lists = lists(state).with_context(|| format!("{x} is not an array of lists"))?;
    ensure!(
        lists.len() == classes.len(),
        "{x} has {} reviews, {y} has {} labels",
        lists.len(),
        classes.len()
    );
    let mut reviews = Reviews::default();
    for (row, (list, class)) in lists.into_iter().zip(classes).enumerate() {
        let class = u32::try_from(class).ok().filter(|class| *class < 2);
        let class = class.with_context(|| format!("{y}, row {row}: a label is 0 or 1"))?;
        let ranks = ranks(list).with_context(|| format!("{x}, row {row}: ranks are from 1 up"))?;
        reviews.push(ranks, class);
    }
    reviews.sequences()
}

/// The elements of a pickled array of objects: the last field of its state, a tuple of version, shape, type, order
/// and elements.
fn lists(state: Value) -> Option<Vec<Value>> {
    match state {
        Value::Tuple(mut fields) => match fields.pop()? {
            Value::List(lists) => Some(lists),
            _ => None,
        },
        _ => None,
    }
}

fn ranks(list: Value) -> Option<Vec<u32>> {
    let Value::List(ranks) = list else {
        return None;
    };
    let rank = |value| match value {
        Value::I64(rank) => u32::try_from(rank).ok().filter(|&rank| rank > 0),
        _ => None,
    };
    ranks.into_iter().map(rank).collect()
}
