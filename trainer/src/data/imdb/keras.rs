//! Keras' form: an `.npz` of ranks, whose reviews of unequal length are pickled lists.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::{Reviews, pickle, remedy, shown};
use crate::data::Sequences;
use crate::data::archive;
use crate::data::npz::Npz;
use crate::untrusted::{Budget, Kind};

/// The training and the test part.
pub(super) fn read(path: &Path, budget: &Budget) -> Result<Vec<Sequences>> {
    let bytes = archive::read_plain(path, Kind::ARCHIVE, budget)?;
    let read = || -> Result<Vec<Sequences>> {
        let mut npz = Npz::open(&bytes, budget)?;
        ["train", "test"]
            .into_iter()
            .map(|part| self::part(&mut npz, part, budget))
            .collect()
    };
    read().with_context(|| format!("{}: {}", shown(path), remedy()))
}

fn part(npz: &mut Npz<'_>, part: &str, budget: &Budget) -> Result<Sequences> {
    let (x, y) = (format!("x_{part}"), format!("y_{part}"));
    let classes = npz.array(&y)?.integers().with_context(|| y.clone())?;
    let array = npz.array(&x)?;
    ensure!(
        array.kind == "|O",
        "{x}: its values are of type {} instead of |O, lists",
        array.kind
    );
    let lists = pickle::lists(&array.data, classes.len(), budget)
        .with_context(|| format!("{x} is not a pickle of lists"))?;
    ensure!(
        lists.len() == classes.len(),
        "{x} has {} reviews, {y} has {} labels",
        lists.len(),
        classes.len()
    );
    let mut reviews = Reviews::default();
    for (row, (ranks, class)) in lists.into_iter().zip(classes).enumerate() {
        let class = u32::try_from(class).ok().filter(|class| *class < 2);
        let class = class.with_context(|| format!("{y}, row {row}: a label is 0 or 1"))?;
        ensure!(
            !ranks.contains(&0),
            "{x}, row {row}: ranks are from 1 up, of 32 bits"
        );
        reviews.push(&ranks, class, budget)?;
    }
    reviews.sequences()
}
