//! The front of a search as files.

use super::{FitResult, Search};
use crate::files::write_atomically;
use crate::fit::Point;
use crate::pipeline::error::{Error, Result, Sort};
use crate::plot::{FrontMark, accuracy_against_instructions};
use crate::visible;

impl Search<'_> {
    /// Writes the front as a picture, a table and JSON.
    pub(super) fn write(&self, result: &FitResult, finals: &[Point]) -> Result<()> {
        let folder = &self.options.folder;
        let write = || -> anyhow::Result<()> {
            let json = serde_json::to_string_pretty(result)? + "\n";
            write_atomically(&folder.join("fit.json"), json.as_bytes())?;
            write_atomically(&folder.join("front.md"), markdown(result).as_bytes())?;
            let marks = self.marks(result, finals);
            let title = format!(
                "{} on {}: accuracy against instructions",
                self.options.config.task, result.core
            );
            accuracy_against_instructions(&title, &marks)?.save(&folder.join("front.svg"))
        };
        write().sort_at(Error::Io, folder)
    }

    /// All points of the picture; one that is on the front and was trained for fewer epochs is not shown twice.
    fn marks(&self, result: &FitResult, finals: &[Point]) -> Vec<FrontMark> {
        let mark = |point: &Point, is_final: bool| {
            Some(FrontMark {
                instructions: point.instructions_per_window as f64,
                accuracy: 100.0 * point.accuracy?,
                is_final,
                is_on_front: is_final && result.front.contains(point),
                is_chosen: is_final && *point == result.chosen,
            })
        };
        let short = self
            .points
            .iter()
            .filter(|point| point.rung < self.race && point.fits);
        let short = short.filter_map(|point| mark(point, false));
        let finals = finals.iter().filter(|point| point.fits);
        short
            .chain(finals.filter_map(|point| mark(point, true)))
            .collect()
    }
}

/// The front as a table for people, and the chosen model.
fn markdown(result: &FitResult) -> String {
    let mut text = format!(
        "# Front for {} ({})\n\n| model | validation | instructions a window | bytes | flash | RAM |\n|---|---|---|---|---|---|\n",
        result.target, result.core
    );
    for point in &result.front {
        let name = visible::text(&point.name).replace('|', "\\|");
        let mark = if *point == result.chosen {
            " **chosen**"
        } else {
            ""
        };
        text += &format!(
            "| {name}{mark} | {:.2} % | {} | {} | {} | {} |\n",
            100.0 * point.accuracy.unwrap_or(0.0),
            point.instructions_per_window,
            point.costs.model_bytes,
            point.costs.flash(),
            point.costs.ram()
        );
    }
    let accuracies: Vec<f64> = result.tests.iter().map(|test| test.accuracy).collect();
    let least = accuracies.iter().copied().fold(f64::INFINITY, f64::min);
    let most = accuracies.iter().copied().fold(0.0, f64::max);
    text += &format!(
        "\nValidation: integer models, means over the seeds of the search; what dropped out of the race by its differences. Test split, {} fresh seeds of the chosen model: {:.2} % ({:.2} to \
         {:.2}).\n",
        result.tests.len(),
        100.0 * result.test_accuracy,
        100.0 * least,
        100.0 * most
    );
    match &result.measured {
        Some(measured) => {
            text += &format!(
                "Measured on {}: {} instructions a window, {} bytes of flash, {} bytes of RAM.\n",
                measured.board,
                measured.instructions_per_window,
                measured.costs.flash(),
                measured.costs.ram()
            );
        }
        None => text += "Costs are estimates: they were not measured on the emulated core.\n",
    }
    text
}
