//! The published form: a text a segment.

use std::path::Path;
use std::sync::Mutex;

use anyhow::{Result, bail};

use super::{COUNT, Place, SEGMENT, number, parse, remedy};
use crate::data::archive::{self, Input, Select};
use crate::untrusted::Budget;

/// All values of the folder or archive at `path`, parsed on all cores while it is read.
pub(super) fn read(path: &Path, budget: &Budget) -> Result<Vec<f32>> {
    // By segment, and then in one piece.
    budget.take_items::<f32>(2 * COUNT * SEGMENT)?;
    let parsed: Mutex<Vec<Option<Result<Vec<f32>>>>> =
        Mutex::new((0..COUNT).map(|_| None).collect());
    let store = |index: usize, values: Result<Vec<f32>>| {
        let mut slots = parsed.lock().unwrap_or_else(|poison| poison.into_inner());
        slots[index] = Some(values);
    };
    rayon::scope(|scope| {
        archive::visit(
            Input::Path(path),
            Select::Paths(&number),
            budget,
            &mut |index, text| {
                let store = &store;
                scope.spawn(move |_| {
                    let name = Place::from_number(index).name();
                    store(index, parse::segment(&name, &text));
                });
                Ok(())
            },
        )
    })?;
    let parsed = parsed
        .into_inner()
        .unwrap_or_else(|poison| poison.into_inner());
    let missing = || parsed.iter().enumerate().filter(|(_, slot)| slot.is_none());
    if let Some((first, _)) = missing().next() {
        bail!(
            "{} is missing ({} of {COUNT} segments are): the published layout is needed, folders a01 to a19 with p1 to \
             p8 and s01.txt to s60.txt in them, or a whole archive of it; {}",
            Place::from_number(first).name(),
            missing().count(),
            remedy()
        );
    }
    let mut values = Vec::with_capacity(COUNT * SEGMENT);
    for segment in parsed.into_iter().flatten() {
        values.extend(segment?);
    }
    Ok(values)
}
