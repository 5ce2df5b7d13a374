//! Groups or recordings that the user holds out by name.

use anyhow::{Result, bail};

use super::shares::Unit;
use super::{By, Drawing, Holdout};
use crate::data::recordings::short;
use crate::visible;

/// Names that an error tells of.
const MOST_TOLD: usize = 30;

impl Drawing<'_> {
    /// The units with the groups or recordings that are held out by number or name.
    pub(super) fn named(&self, by: By, units: &[Unit]) -> Result<Vec<usize>> {
        let names = match by {
            By::Group => &self.segments.groups,
            _ => &self.segments.recordings,
        };
        let names: Vec<String> = names.iter().map(|name| short(name)).collect();
        let wanted: Vec<String> = match self.holdout {
            Holdout::Subjects(numbers) => numbers.iter().map(u32::to_string).collect(),
            Holdout::Names(names) => names.clone(),
            Holdout::Standard | Holdout::None | Holdout::Random { .. } => return Ok(Vec::new()),
        };
        let ids = numbers_of(&names);
        let is_called = |i: usize, wanted: &str| {
            names[i] == wanted || wanted.parse().is_ok_and(|number: u32| number == ids[i])
        };
        let mut found = Vec::new();
        for wanted in &wanted {
            let has = |unit: &Unit| {
                unit.segments().iter().any(|&segment| {
                    let segment = &self.segments.all[segment];
                    let name = match by {
                        By::Group => segment.group,
                        _ => Some(segment.recording),
                    };
                    name.is_some_and(|name| is_called(name, wanted))
                })
            };
            let Some(unit) = units.iter().position(has) else {
                let more = if names.len() > MOST_TOLD { ", …" } else { "" };
                bail!(
                    "{} \"{}\" cannot be held out, there is none with a window: there are {}{more}",
                    by.singular(),
                    visible::name(wanted),
                    visible::names(&names[..names.len().min(MOST_TOLD)])
                );
            };
            found.push(unit);
        }
        Ok(found)
    }
}

/// The numbers by which names are called: themselves where all are numbers, else from 1.
fn numbers_of(names: &[String]) -> Vec<u32> {
    let own: Option<Vec<u32>> = names.iter().map(|name| name.parse().ok()).collect();
    own.unwrap_or_else(|| (1..).take(names.len()).collect())
}
