//! Accuracy of candidates against their instructions, with the front.

use anyhow::{Result, ensure};
use plotters::prelude::*;

use super::chart::{Axis, Chart, Frame};
use super::style::{self, FAINT_INK, INK};
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
    let (x, y) = axes(marks);
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
        let frame = Frame {
            caption: "",
            right: 24,
            left: 62,
        };
        let mut chart = Chart::new(&body, frame, x, y)?;
        for mark in marks.iter().filter(|mark| !mark.is_final) {
            chart.dot(place(mark), 4, FAINT_INK.stroke_width(1))?;
        }
        let mut front: Vec<(f64, f64)> = (marks.iter().filter(|mark| mark.is_on_front))
            .map(place)
            .collect();
        front.sort_by(|a, b| a.0.total_cmp(&b.0));
        chart.line(&front, style::look(0), 2)?;
        for mark in marks.iter().filter(|mark| mark.is_final) {
            chart.dot(place(mark), 5, style::colour(0).filled())?;
        }
        for mark in marks.iter().filter(|mark| mark.is_chosen) {
            chart.dot(place(mark), 10, style::colour(1).stroke_width(2))?;
        }
        Ok(())
    })
}

/// Place of a mark: instructions and accuracy.
fn place(mark: &FrontMark) -> (f64, f64) {
    (mark.instructions, mark.accuracy)
}

/// The axes around marks, with air; short ranges have several ticks, too.
fn axes(marks: &[FrontMark]) -> (Axis, Axis) {
    let costs = marks.iter().map(|mark| mark.instructions);
    let (least, most) = costs.fold((f64::INFINITY, 1f64), |(a, b), cost| {
        (a.min(cost), b.max(cost))
    });
    let range = (least * 0.85, most * 1.2);
    let x = Axis::logarithmic("instructions a window (logarithmic)", range, 9);
    let (low, high) = style::round_range(marks.iter().map(|mark| mark.accuracy), 1.0);
    let range = (low.max(-0.5), high.min(100.5));
    let mut y = Axis::linear("validation accuracy, %", range, 8);
    y.keep_ticks(0.0, 100.0);
    (x, y)
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

    /// However near the marks are to each other.
    #[test]
    fn axes_have_three_ticks_or_more_with_labels_of_their_own() {
        let mark = |instructions: f64, accuracy: f64| FrontMark {
            instructions,
            accuracy,
            is_final: true,
            is_on_front: true,
            is_chosen: false,
        };
        for scale in 10..80 {
            let least = 10f64.powf(f64::from(scale) / 10.0);
            for (ratio, accuracy) in [
                (1.0, 50.0),
                (1.01, 100.0),
                (1.6, 0.0),
                (3.0, 97.3),
                (40.0, 12.0),
            ] {
                let marks = [mark(least, accuracy), mark(least * ratio, accuracy)];
                let (x, y) = axes(&marks);
                for labels in [x.labels(), y.labels()] {
                    let distinct: std::collections::BTreeSet<&str> =
                        labels.iter().copied().collect();
                    assert!(labels.len() >= 3, "{least} {ratio} {accuracy}: {labels:?}");
                    assert_eq!(distinct.len(), labels.len(), "{least} {ratio}: {labels:?}");
                }
            }
        }
    }
}
