//! Accuracy against the size of the model, the paper's Figure 1.

use anyhow::{Result, ensure};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::style::{self, Area, DrawError, FAINT_INK, GRID, INK};
use super::{Picture, draw};

const SIZE: (u32, u32) = (860, 540);
const HEADER_HEIGHT: u32 = 74;
const LABEL_SIZE: u32 = 14;
/// Half of a dot with its air.
const DOT: i32 = 7;
/// Half of the width of a bar with its air.
const BAR: i32 = 3;

/// A model in the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Name that is written beside it; an empty one is not shown.
    pub name: String,
    /// Size of the model.
    pub bytes: f64,
    /// Mean test accuracy in per cent.
    pub accuracy: f64,
    /// Standard deviation of the accuracy over seeds, in points.
    pub spread: Option<f64>,
    /// Whether it was published by others rather than measured here.
    pub published: bool,
}

/// A rectangle in pixels: left, top, right, bottom.
type Rectangle4 = (i32, i32, i32, i32);

/// Draws models over the logarithm of their bytes: measured ones filled, with a bar of one standard deviation each way
/// where there are several seeds; published ones hollow.
///
/// # Errors
/// There is no mark, or one has no size.
pub fn accuracy_against_bytes(title: &str, source: &str, marks: &[Mark]) -> Result<Picture> {
    ensure!(!marks.is_empty(), "there is no finished model to draw");
    ensure!(
        marks
            .iter()
            .all(|mark| mark.bytes >= 1.0 && mark.accuracy.is_finite()),
        "a model without bytes or accuracy cannot be drawn"
    );
    draw(SIZE, |area| {
        let (header, body) = area.split_vertically(HEADER_HEIGHT);
        draw_header(&header, title, source, marks)?;
        draw_marks(&body, marks)
    })
}

fn draw_header(
    area: &Area<'_>,
    title: &str,
    source: &str,
    marks: &[Mark],
) -> Result<(), DrawError> {
    area.draw_text(title, &style::text(21, INK), (16, 12))?;
    let (y, small) = (54, style::text(15, INK));
    area.draw(&Circle::new((24, y), 5, style::colour(0).filled()))?;
    area.draw_text(
        "measured here: integer model, test split",
        &small,
        (36, y - 6),
    )?;
    if marks.iter().any(|mark| mark.published) {
        area.draw(&Circle::new((384, y), 5, FAINT_INK.stroke_width(2)))?;
        area.draw_text(&format!("published: {source}"), &small, (396, y - 6))?;
    }
    Ok(())
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

fn draw_marks(area: &Area<'_>, marks: &[Mark]) -> Result<(), DrawError> {
    // Positions on the axis are log2 of the bytes: ticks then fall on powers of two.
    let sizes = marks.iter().map(|mark| mark.bytes.log2());
    let (low, high) = sizes.fold((f64::INFINITY, 0f64), |(low, high), size| {
        (low.min(size), high.max(size))
    });
    let (low, high) = ((low - 0.3).floor(), (high + 0.8).ceil());
    let reach = |sign: f64| {
        let accuracies = marks.iter();
        accuracies.map(move |mark| mark.accuracy + sign * mark.spread.unwrap_or(0.0))
    };
    let (bottom, top) = style::round_range(reach(-1.0).chain(reach(1.0)), 1.0);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_right(24)
        .x_label_area_size(46)
        .y_label_area_size(62)
        .build_cartesian_2d(low..high, bottom..top.min(101.0))?;
    chart
        .configure_mesh()
        .x_desc("bytes of the model (logarithmic)")
        .y_desc("test accuracy, %")
        .x_labels((high - low) as usize + 1)
        .x_label_formatter(&|size| style::bytes(size.exp2()))
        .y_label_formatter(&|accuracy| format!("{accuracy:.0}"))
        .label_style(style::text(14, INK))
        .axis_desc_style(style::text(15, INK))
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(FAINT_INK)
        .draw()?;
    draw_dots(&mut chart, marks)?;
    draw_names(area, &chart, marks)
}

fn draw_dots(chart: &mut Chart<'_, '_>, marks: &[Mark]) -> Result<(), DrawError> {
    let place = |mark: &Mark| (mark.bytes.log2(), mark.accuracy);
    let (published, measured): (Vec<&Mark>, Vec<&Mark>) =
        marks.iter().partition(|mark| mark.published);
    let hollow = published
        .iter()
        .map(|mark| Circle::new(place(mark), 5, FAINT_INK.stroke_width(2)));
    chart.draw_series(hollow)?;
    let bars = measured.iter().filter_map(|mark| {
        let ((x, y), spread) = (place(mark), mark.spread?);
        let ends = vec![(x, y - spread), (x, y + spread)];
        Some(PathElement::new(ends, style::colour(0).stroke_width(2)))
    });
    chart.draw_series(bars)?;
    let dots = measured
        .iter()
        .map(|mark| Circle::new(place(mark), 5, style::colour(0).filled()));
    chart.draw_series(dots)?;
    Ok(())
}

/// Writes each name where it covers no dot and no other name, if there is such a place near its dot.
fn draw_names(area: &Area<'_>, chart: &Chart<'_, '_>, marks: &[Mark]) -> Result<(), DrawError> {
    let origin = area.get_pixel_range();
    let place = |mark: &Mark, accuracy: f64| {
        let (x, y) = chart.backend_coord(&(mark.bytes.log2(), accuracy));
        (x - origin.0.start, y - origin.1.start)
    };
    let dots: Vec<(i32, i32)> = marks
        .iter()
        .map(|mark| place(mark, mark.accuracy))
        .collect();
    let around_dot = |&(x, y): &(i32, i32)| (x - DOT, y - DOT, x + DOT, y + DOT);
    let around_bar = |mark: &Mark| {
        let spread = mark.spread.unwrap_or(0.0);
        let (x, top) = place(mark, mark.accuracy + spread);
        let (_, bottom) = place(mark, mark.accuracy - spread);
        (x - BAR, top, x + BAR, bottom)
    };
    let bars: Vec<Rectangle4> = marks.iter().map(around_bar).collect();
    let mut taken: Vec<Rectangle4> = dots.iter().map(around_dot).collect();
    taken.extend(&bars);
    let (x_range, y_range) = chart.plotting_area().get_pixel_range();
    let frame = (
        x_range.start - origin.0.start,
        y_range.start - origin.1.start,
        x_range.end - origin.0.start,
        y_range.end - origin.1.start,
    );
    // Measured models first: they are what the picture is about.
    let mut order: Vec<usize> = (0..marks.len()).collect();
    order.sort_by_key(|&i| marks[i].published);
    for i in order {
        let mark = &marks[i];
        let colour = if mark.published { FAINT_INK } else { INK };
        let text = style::text(LABEL_SIZE, colour);
        let (width, height) = area.estimate_text_size(&mark.name, &text)?;
        let size = (width as i32, height as i32 + 2);
        let Some(box_) = free_place(dots[i], bars[i], size, &taken, frame) else {
            continue;
        };
        area.draw_text(&mark.name, &text, (box_.0, box_.1))?;
        taken.push(box_);
    }
    Ok(())
}

/// The first free rectangle of `size` around a dot, nearest first, then beyond the ends of its bar.
fn free_place(
    (x, y): (i32, i32),
    bar: Rectangle4,
    (width, height): (i32, i32),
    taken: &[Rectangle4],
    frame: Rectangle4,
) -> Option<Rectangle4> {
    let near = DOT + 2;
    let corners = (0..4).flat_map(|ring| {
        let far = ring * (height + 1);
        [
            (x + near, y - height / 2 - far),
            (x + near, y - height / 2 + far),
            (x - near - width, y - height / 2 - far),
            (x - near - width, y - height / 2 + far),
            (x - DOT, y + near + far),
            (x - DOT, y - near - height - far),
            (x - width / 2, y - near - height - far),
            (x - width / 2, y + near + far),
        ]
    });
    let beyond = [
        (x - width / 2, bar.1 - height - 3),
        (x - width / 2, bar.3 + 3),
    ];
    corners
        .chain(beyond)
        .map(|(left, top)| (left, top, left + width, top + height))
        .find(|place| inside(*place, frame) && taken.iter().all(|other| apart(*place, *other)))
}

fn inside(a: Rectangle4, frame: Rectangle4) -> bool {
    a.0 >= frame.0 && a.1 >= frame.1 && a.2 <= frame.2 && a.3 <= frame.3
}

fn apart(a: Rectangle4, b: Rectangle4) -> bool {
    a.2 < b.0 || b.2 < a.0 || a.3 < b.1 || b.3 < a.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_find_no_place_are_left_out_and_others_do_not_overlap() {
        let frame = (0, 0, 300, 100);
        let mut taken = vec![(143, 43, 157, 57)];
        let mut placed = Vec::new();
        while let Some(place) = free_place((150, 50), (147, 40, 153, 60), (60, 14), &taken, frame) {
            taken.push(place);
            placed.push(place);
        }
        assert!(placed.len() >= 4, "{placed:?}");
        for (i, a) in placed.iter().enumerate() {
            assert!(inside(*a, frame));
            assert!(placed[i + 1..].iter().all(|b| apart(*a, *b)));
        }
    }
}
