//! Accuracy of candidates against their instructions, with the front.

use anyhow::{Result, ensure};
use plotters::prelude::*;

use super::style::{self, FAINT_INK, GRID, INK};
use super::{Picture, draw};

const SIZE: (u32, u32) = (860, 540);
const HEADER_HEIGHT: u32 = 74;

/// A candidate in the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrontMark {
    /// Instructions of a window, 1 or more.
    pub instructions: f64,
    /// Accuracy on the validation split in per cent.
    pub accuracy: f64,
    /// Whether it was trained for all epochs.
    pub is_final: bool,
    /// Whether it is on the front.
    pub is_on_front: bool,
    /// Whether it was chosen.
    pub is_chosen: bool,
}

/// Draws candidates over the logarithm of their instructions: hollow those that were trained for some epochs only, filled the others, the
/// front as a line, and a ring around the chosen one.
///
/// # Errors
/// There is no candidate, or one has no instructions.
pub fn accuracy_against_instructions(title: &str, marks: &[FrontMark]) -> Result<Picture> {
    ensure!(!marks.is_empty(), "there is no candidate to draw");
    ensure!(
        marks
            .iter()
            .all(|mark| mark.instructions >= 1.0 && mark.accuracy.is_finite()),
        "a candidate without instructions or accuracy cannot be drawn"
    );
    let (low, high) = style::round_range(marks.iter().map(|mark| mark.accuracy), 1.0);
    let costs = marks.iter().map(|mark| mark.instructions);
    let (least, most) = costs.fold((f64::INFINITY, 1f64), |(a, b), cost| {
        (a.min(cost), b.max(cost))
    });
    let place = |mark: &FrontMark| (mark.instructions, mark.accuracy);
    draw(SIZE, |area| {
        let (header, body) = area.split_vertically(HEADER_HEIGHT);
        header.draw_text(title, &style::text(21, INK), (16, 12))?;
        let small = style::text(15, INK);
        header.draw(&Circle::new((24, 54), 5, style::colour(0).filled()))?;
        header.draw_text(
            "all epochs, the front as a line, the chosen one ringed",
            &small,
            (36, 48),
        )?;
        header.draw(&Circle::new((444, 54), 4, FAINT_INK.stroke_width(1)))?;
        header.draw_text("fewer epochs", &small, (456, 48))?;
        let mut chart = ChartBuilder::on(&body)
            .margin(12)
            .margin_right(24)
            .x_label_area_size(46)
            .y_label_area_size(62)
            .build_cartesian_2d((least * 0.85..most * 1.2).log_scale(), low..high.min(101.0))?;
        chart
            .configure_mesh()
            .x_desc("instructions a window (logarithmic)")
            .y_desc("validation accuracy, %")
            .x_label_formatter(&|count| format!("{:.0} k", count / 1000.0))
            .y_label_formatter(&|accuracy| format!("{accuracy:.0}"))
            .label_style(style::text(14, INK))
            .axis_desc_style(style::text(15, INK))
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(FAINT_INK)
            .draw()?;
        let short = marks.iter().filter(|mark| !mark.is_final);
        chart.draw_series(
            short.map(|mark| Circle::new(place(mark), 4, FAINT_INK.stroke_width(1))),
        )?;
        let mut front: Vec<(f64, f64)> = (marks.iter().filter(|mark| mark.is_on_front))
            .map(place)
            .collect();
        front.sort_by(|a, b| a.0.total_cmp(&b.0));
        chart.draw_series(LineSeries::new(front, style::colour(0).stroke_width(2)))?;
        let full = marks.iter().filter(|mark| mark.is_final);
        chart
            .draw_series(full.map(|mark| Circle::new(place(mark), 5, style::colour(0).filled())))?;
        let chosen = marks.iter().filter(|mark| mark.is_chosen);
        chart.draw_series(
            chosen.map(|mark| Circle::new(place(mark), 10, style::colour(1).stroke_width(2))),
        )?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_drawn_and_none_is_an_error() {
        let mark = FrontMark {
            instructions: 90_000.0,
            accuracy: 97.0,
            is_final: true,
            is_on_front: true,
            is_chosen: true,
        };
        let short = FrontMark {
            instructions: 40_000.0,
            accuracy: 90.0,
            is_final: false,
            is_on_front: false,
            is_chosen: false,
        };
        let picture = accuracy_against_instructions("a <title>", &[mark, short]).expect("drawn");
        assert!(picture.svg().contains("a &lt;title&gt;"));
        assert_eq!(picture.svg().matches("<circle").count(), 5);
        assert!(accuracy_against_instructions("title", &[]).is_err());
    }
}
