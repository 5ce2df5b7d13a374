//! A search whose points jobs of a scheduler bring.

use super::points::PointWork;
use super::{FitOptions, Fitted, Search};
use crate::files::write_atomically;
use crate::fit::{self, Point};
use crate::observer::Observer;
use crate::pipeline::error::{Error, Fault, Result, Sort};
use crate::train::Outcome;
use crate::untrusted::{self, Kind};

/// Name of the folder with the points that jobs have brought.
const PARTS_NAME: &str = "parts";

/// The same by jobs: takes the points that jobs have brought, and tells which are to be done next. Without any left it chooses.
///
/// # Errors
/// The same as those of [`fit`](fn@super::fit).
pub fn fit_by_jobs(options: &FitOptions, observer: &mut dyn Observer) -> Result<Fitted> {
    let mut search = Search::open(options, observer)?;
    search.gather()?;
    for number in 1..=search.rungs.len() {
        let left = search.left(&search.work_of(number));
        if !left.is_empty() {
            let jobs = left.iter().map(PointWork::entry).collect();
            return Ok(Fitted::Waiting { rung: number, jobs });
        }
    }
    search.finish(observer)
}

/// Does one of the jobs that [`fit_by_jobs`] names, and keeps its point in the folder of the search.
///
/// # Errors
/// The same as those of [`fit`](fn@super::fit), and [`Error::Plan`]: the search has no such job.
pub fn fit_job(options: &FitOptions, name: &str, observer: &mut dyn Observer) -> Result<Outcome> {
    let mut search = Search::read(options, observer)?;
    search.gather()?;
    let all = (1..=search.rungs.len()).flat_map(|number| search.work_of(number));
    let work = all.into_iter().find(|work| work.entry().name == name);
    let work = work.ok_or_else(|| {
        let folder = options.folder.display();
        Error::Plan(Fault::new(format_args!(
            "the search in {folder} has no job {name}"
        )))
    })?;
    let path = options.folder.join(PARTS_NAME).join(format!("{name}.json"));
    let mut points = Vec::new();
    let outcome = search.train(&[work], observer, |point, _| {
        points.push(point);
        Ok(())
    })?;
    if let Some(point) = points.first() {
        let text = serde_json::to_string(point)
            .map_err(anyhow::Error::from)
            .sort(Error::Io)?;
        std::fs::create_dir_all(options.folder.join(PARTS_NAME))
            .map_err(anyhow::Error::from)
            .and_then(|()| write_atomically(&path, text.as_bytes()))
            .sort_at(Error::Io, &path)?;
    }
    Ok(outcome)
}

impl Search<'_> {
    /// Takes the points that jobs have brought.
    fn gather(&mut self) -> Result<()> {
        let parts = self.options.folder.join(PARTS_NAME);
        let Ok(entries) = std::fs::read_dir(&parts) else {
            return Ok(());
        };
        let mut found = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let text = untrusted::text(&path, Kind::RECORD).sort_at(Error::Plan, &path)?;
            let point: Point = serde_json::from_str(&text)
                .map_err(|error| anyhow::anyhow!("{} is damaged: {error}", path.display()))
                .sort_at(Error::Plan, &path)?;
            let is_known = self
                .points
                .iter()
                .any(|known| known.is_of(point.rung, point.candidate, point.seed));
            if !is_known {
                found.push(point);
            }
        }
        found.sort_by_key(|point| (point.rung, point.candidate, point.seed));
        if self._lock.is_some() {
            fit::append(&self.options.folder, &found).sort_at(Error::Io, &parts)?;
        }
        self.points.extend(found);
        Ok(())
    }
}
