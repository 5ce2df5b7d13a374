//! Whether a split leaves no class without windows, and what it would take.

use anyhow::{Result, bail, ensure};

use super::super::labels;
use super::shares::Unit;
use super::{By, Drawing, Holdout, Place, Places, SPLITS, VALID, parts, windows_of};
use crate::visible;

impl Drawing<'_> {
    /// The end of a message that tells of classes whose names may be one; empty where there are none.
    fn slips(&self) -> String {
        let pairs = labels::alike(&self.segments.classes);
        let pairs: Vec<String> = (pairs.iter())
            .map(|(a, b)| format!("\"{}\" and \"{}\"", visible::name(a), visible::name(b)))
            .collect();
        match pairs.is_empty() {
            true => String::new(),
            false => format!(
                ". {} are different classes: if one is a slip, spell them alike",
                pairs.join(", ")
            ),
        }
    }

    /// Checks that every class is in enough units.
    pub(super) fn check_units(&self, by: By, units: &[Unit]) -> Result<()> {
        let needed = self.needed();
        let counts = self.units_of_classes(units);
        let lacking: Vec<String> = (self.segments.classes.iter().zip(&counts))
            .filter(|(_, count)| **count < needed)
            .map(|(class, count)| {
                let (class, more) = (visible::name(class), needed - count);
                format!(
                    "\"{class}\" is in {count} {}, it takes {more} more",
                    by.plural(*count)
                )
            })
            .collect();
        let splits = match self.holdout {
            Holdout::None => "to train on some and test on others",
            _ => "to train on some, choose by others and test on yet others",
        };
        ensure!(
            lacking.is_empty(),
            "{splits}, every class has to be in {needed} {} with windows of {} samples, none a copy of another: {}{}{}",
            by.plural(needed),
            self.cutting.steps,
            lacking.join("; "),
            match by {
                By::Group =>
                    ". Record more, or split by recording with --group none, which flatters",
                _ => "",
            },
            self.slips()
        );
        Ok(())
    }

    /// Whether every class is where it has to be: whole units may share classes so that no choice serves all.
    pub(super) fn check_assigned(&self, by: By, units: &[Unit], of_unit: &[usize]) -> Result<()> {
        if let Holdout::Subjects(_) | Holdout::Names(_) = self.holdout {
            return Ok(());
        }
        let counts = self.units_of_classes(units);
        for split in 0..SPLITS {
            if split == VALID && self.needed() < SPLITS {
                continue;
            }
            let in_split = units.iter().zip(of_unit).filter(|(_, of)| **of == split);
            let units: Vec<Unit> = in_split.map(|(unit, _)| unit.clone()).collect();
            let windows = windows_of(&units, self.classes);
            if let Some(class) =
                (0..self.classes).find(|&class| counts[class] > 0 && windows[class] == 0)
            {
                bail!(
                    "the {} cannot be shared out so that each split has \"{}\": record it in more of them",
                    by.plural(2),
                    visible::name(&self.segments.classes[class])
                );
            }
        }
        Ok(())
    }

    /// Whether each class has validation windows in what the user holds out by name, `counts` being `[classes][splits]`.
    fn check_held(&self, counts: &[[usize; SPLITS]]) -> Result<()> {
        if !matches!(self.holdout, Holdout::Subjects(_) | Holdout::Names(_)) {
            return Ok(());
        }
        let lacking = (self.segments.classes.iter().zip(counts))
            .filter(|(_, counts)| counts[VALID] == 0)
            .map(|(class, _)| class);
        let lacking = visible::names(lacking);
        ensure!(
            lacking.is_empty(),
            "what --holdout names has no windows of {lacking} to choose by (validation): name others that have them, too, or leave \
             --holdout out"
        );
        Ok(())
    }

    /// Whether each class has windows in each split that there is to be.
    pub(super) fn check(&self, places: &Places) -> Result<()> {
        let mut counts = vec![[0; SPLITS]; self.classes];
        let mut intervals = vec![0; self.classes];
        for (segment, place) in self.segments.all.iter().zip(&places.of) {
            intervals[segment.class] += 1;
            match place {
                Place::Split(split) => counts[segment.class][*split] += self.windows(segment),
                Place::Cut => {
                    let parts = parts(segment.samples, self.cutting, self.holdout);
                    for (count, part) in counts[segment.class].iter_mut().zip(parts) {
                        *count += self.cutting.windows_in(part.len());
                    }
                }
                Place::New | Place::Parts(_) => {}
            }
        }
        let names = ["to train on", "to choose by (validation)", "to test on"];
        let is_wanted = |split: usize| match self.holdout {
            Holdout::None => split != VALID,
            _ => true,
        };
        self.check_held(&counts)?;
        let mut lacks = Vec::new();
        for (class, counts) in counts.iter().enumerate() {
            let missing: Vec<&str> = (0..SPLITS)
                .filter(|&split| is_wanted(split) && counts[split] == 0)
                .map(|split| names[split])
                .collect();
            if !missing.is_empty() {
                let have = intervals[class];
                lacks.push(format!(
                    "\"{}\" has no windows {}: it is in {have} interval{} of one label, record {} more, each in a recording of \
                     its own",
                    visible::name(&self.segments.classes[class]),
                    missing.join(" and "),
                    if have == 1 { "" } else { "s" },
                    self.needed().saturating_sub(have).max(1)
                ));
            }
        }
        ensure!(
            lacks.is_empty(),
            "too little is recorded, with windows of {} samples: {}. Record more, or set a smaller --steps or --hop{}",
            self.cutting.steps,
            lacks.join("; "),
            self.slips()
        );
        Ok(())
    }
}
