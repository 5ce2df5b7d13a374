//! Accuracy against the size of the model, the paper's Figure 1.

use anyhow::{Result, ensure};
use plotters::prelude::*;

use super::chart::{Axis, Chart, Frame};
use super::style::{self, Area, DrawError, FAINT_INK, INK};
use super::{Picture, Shape, draw};

const SIZE: (u32, u32) = (860, 540);
const NARROW_SIZE: (u32, u32) = (super::NARROW, 400);
const NARROW_HEADER_HEIGHT: u32 = 48;
const HEADER_HEIGHT: u32 = 74;
const LABEL_SIZE: u32 = 14;
/// Models that are measured here, from which on they have numbers in place of names, which a key below tells.
const NUMBERED: usize = 8;
/// Height of a line of the key.
const KEY_ROW: u32 = 20;
/// Half of a dot with its air.
const DOT: i32 = 7;
/// Half of the width of a bar with its air.
const BAR: i32 = 3;

/// A model in the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Name that is written beside it; an empty one is not shown.
    pub name: String,
    /// Size of the model, or another [`Cost`] of it.
    pub bytes: f64,
    /// Mean test accuracy in per cent.
    pub accuracy: f64,
    /// Standard deviation of the accuracy over seeds, in points.
    pub spread: Option<f64>,
    /// Whether it is of others, and drawn hollow.
    pub published: bool,
}

/// A rectangle in pixels: left, top, right, bottom.
type Rectangle4 = (i32, i32, i32, i32);

/// What a model costs, the horizontal axis of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Bytes of the model.
    Bytes,
    /// Instructions of a window on a board.
    Instructions,
}

/// A picture of models: accuracy against a cost.
#[derive(Clone, Debug)]
pub struct AccuracyPicture<'a> {
    /// Title above a wide picture.
    pub title: &'a str,
    /// What hollow marks are.
    pub source: &'a str,
    /// Cost that [`Mark::bytes`] is.
    pub cost: Cost,
    /// Models.
    pub marks: &'a [Mark],
    /// Index of a mark that a ring distinguishes from the others.
    pub ringed: Option<usize>,
}

/// Draws models over the logarithm of their bytes: measured ones filled, with a bar of one standard deviation each way
/// where there are several seeds; published ones hollow.
///
/// # Errors
/// There is no mark, or one has no size.
pub fn accuracy_against_bytes(title: &str, source: &str, marks: &[Mark]) -> Result<Picture> {
    let picture = AccuracyPicture {
        title,
        source,
        cost: Cost::Bytes,
        marks,
        ringed: None,
    };
    picture.draw(Shape::Wide)
}

impl AccuracyPicture<'_> {
    /// Draws the models in a shape; a narrow picture has no title.
    ///
    /// # Errors
    /// There is no mark, or one has no cost.
    pub fn draw(&self, shape: Shape) -> Result<Picture> {
        ensure!(!self.marks.is_empty(), "there is no finished model to draw");
        ensure!(
            self.marks
                .iter()
                .all(|mark| mark.bytes >= 1.0 && mark.accuracy.is_finite()),
            "a model without cost or accuracy cannot be drawn"
        );
        let ((width, height), header_height) = match shape {
            Shape::Wide if self.title.is_empty() => ((SIZE.0, 420), NARROW_HEADER_HEIGHT),
            Shape::Wide => (SIZE, HEADER_HEIGHT),
            Shape::Narrow => (NARROW_SIZE, NARROW_HEADER_HEIGHT),
        };
        style::register_typeface()?;
        let (named, key) = self.numbered();
        let columns = match shape {
            Shape::Wide => 2,
            Shape::Narrow => 1,
        };
        let rows = key.len().div_ceil(columns);
        let below = KEY_ROW * rows as u32;
        draw((width, height + below), |area| {
            let (above, below) = area.split_vertically(height);
            let (header, body) = above.split_vertically(header_height);
            self.draw_header(&header, shape)?;
            self.draw_marks(&body, shape, &named)?;
            let column = (width as usize / columns) as i32;
            for (i, line) in key.iter().enumerate() {
                let line = style::shortened(line, column - 32);
                let at = (
                    16 + column * (i / rows) as i32,
                    (KEY_ROW as usize * (i % rows)) as i32,
                );
                below.draw_text(&line, &style::text(LABEL_SIZE, INK), at)?;
            }
            Ok(())
        })
    }

    /// The marks with the names that are written beside them, and the lines of the key: of many models numbers are written, but
    /// for the ringed one.
    fn numbered(&self) -> (Vec<Mark>, Vec<String>) {
        let mut named = self.marks.to_vec();
        let is_measured = |mark: &Mark| !mark.published && !mark.name.is_empty();
        let mut key = Vec::new();
        if named.iter().filter(|mark| is_measured(mark)).count() > NUMBERED {
            for (i, mark) in named.iter_mut().enumerate() {
                if is_measured(mark) && self.ringed != Some(i) {
                    let number = (key.len() + 1).to_string();
                    key.push(format!("{number} {}", mark.name));
                    mark.name = number;
                }
            }
        }
        (named, key)
    }

    /// Whether the ringed mark is the only one that was measured here.
    fn is_ringed_alone(&self) -> bool {
        let mut measured = (self.marks.iter().enumerate()).filter(|(_, mark)| !mark.published);
        measured.all(|(i, _)| self.ringed == Some(i))
    }

    fn draw_header(&self, area: &Area<'_>, shape: Shape) -> Result<(), DrawError> {
        let is_titled = shape == Shape::Wide && !self.title.is_empty();
        if is_titled {
            area.draw_text(self.title, &style::text(21, INK), (16, 12))?;
        }
        let y = if is_titled { 54 } else { 14 };
        let first = (24, y);
        let (small, second) = match shape {
            Shape::Wide => (style::text(15, INK), (384, y)),
            Shape::Narrow => (style::text(13, INK), (24, y + 20)),
        };
        let beside = |(x, y): (i32, i32)| (x + 12, y - 6);
        if self.is_ringed_alone() {
            area.draw(&Circle::new(first, 5, style::colour(1).filled()))?;
            area.draw(&Circle::new(first, 8, style::colour(1).stroke_width(2)))?;
        } else {
            area.draw(&Circle::new(first, 5, style::colour(0).filled()))?;
        }
        let text = "measured here: integer model, test split";
        area.draw_text(text, &small, beside(first))?;
        if self.marks.iter().any(|mark| mark.published) {
            area.draw(&Circle::new(second, 5, FAINT_INK.stroke_width(2)))?;
            area.draw_text(self.source, &small, beside(second))?;
        }
        Ok(())
    }

    fn axes(&self, shape: Shape) -> (Axis, Axis) {
        let marks = self.marks;
        let costs = marks.iter().map(|mark| mark.bytes);
        let (low, high) = costs.fold((f64::INFINITY, 0f64), |(low, high), cost| {
            (low.min(cost), high.max(cost))
        });
        // Wide enough for some ticks, also around models of one size.
        let range = match high < 4.0 * low {
            true => (low / 2.2, high * 2.4),
            false => (low / 1.3, high * 1.8),
        };
        let most = match shape {
            Shape::Wide => 11,
            Shape::Narrow => 6,
        };
        let reach = |sign: f64| {
            let accuracies = marks.iter();
            accuracies.map(move |mark| mark.accuracy + sign * mark.spread.unwrap_or(0.0))
        };
        let (bottom, top) = style::round_range(reach(-1.0).chain(reach(1.0)), 1.0);
        let x = match self.cost {
            Cost::Bytes => Axis::bytes("bytes of the model (logarithmic)", range, most),
            Cost::Instructions => {
                Axis::logarithmic("instructions a window (logarithmic)", range, most)
            }
        };
        let y = Axis::linear("test accuracy, %", (bottom.max(-0.5), top.min(101.0)), 8);
        (x, y)
    }

    fn draw_marks(&self, area: &Area<'_>, shape: Shape, named: &[Mark]) -> Result<(), DrawError> {
        let frame = Frame {
            caption: "",
            right: 20,
            left: 60,
        };
        let (x, y) = self.axes(shape);
        let mut chart = Chart::new(area, frame, x, y)?;
        self.draw_dots(&mut chart)?;
        draw_names(area, &chart, named)
    }

    fn draw_dots(&self, chart: &mut Chart<'_, '_>) -> Result<(), DrawError> {
        let place = |mark: &Mark| (mark.bytes, mark.accuracy);
        let (published, measured): (Vec<&Mark>, Vec<&Mark>) =
            self.marks.iter().partition(|mark| mark.published);
        for mark in published {
            chart.dot(place(mark), 5, FAINT_INK.stroke_width(2))?;
        }
        for mark in &measured {
            if let Some(spread) = mark.spread {
                let ends = [-spread, spread].map(|part| (mark.bytes, mark.accuracy + part));
                chart.line(&ends, style::look(0), 2)?;
            }
        }
        let ringed = self.ringed.and_then(|ringed| self.marks.get(ringed));
        let is_ringed = |mark: &Mark| ringed.is_some_and(|ringed| std::ptr::eq(ringed, mark));
        for mark in measured.into_iter().filter(|mark| !is_ringed(mark)) {
            chart.dot(place(mark), 5, style::colour(0).filled())?;
        }
        if let Some(mark) = ringed {
            chart.dot(place(mark), 6, style::colour(1).filled())?;
            chart.dot(place(mark), 10, style::colour(1).stroke_width(2))?;
        }
        Ok(())
    }
}

/// Writes each name where it covers no dot and no other name, if there is such a place near its dot.
fn draw_names(area: &Area<'_>, chart: &Chart<'_, '_>, marks: &[Mark]) -> Result<(), DrawError> {
    let origin = area.get_base_pixel();
    let place = |mark: &Mark, accuracy: f64| {
        let (x, y) = chart.pixel((mark.bytes, accuracy));
        (x - origin.0, y - origin.1)
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
    let (left, top, right, bottom) = chart.inside();
    let frame = (
        left - origin.0,
        top - origin.1,
        right - origin.0,
        bottom - origin.1,
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

    fn mark(name: &str, bytes: f64, accuracy: f64) -> Mark {
        Mark {
            name: name.into(),
            bytes,
            accuracy,
            spread: None,
            published: false,
        }
    }

    fn picture(marks: &[Mark], ringed: Option<usize>) -> AccuracyPicture<'_> {
        AccuracyPicture {
            title: "",
            source: "",
            cost: Cost::Bytes,
            marks,
            ringed,
        }
    }

    #[test]
    fn many_models_have_numbers_and_a_key() {
        let model = |i: u32| mark(&format!("hidden={i}"), 500.0 + 97.0 * f64::from(i), 80.0);
        let marks: Vec<Mark> = (0..10).map(model).collect();
        for shape in [Shape::Wide, Shape::Narrow] {
            let drawn = picture(&marks, Some(3)).draw(shape).unwrap();
            let texts: Vec<&str> = drawn.svg().lines().map(str::trim).collect();
            let count = |text: &str| texts.iter().filter(|found| **found == text).count();
            assert_eq!((count("1 hidden=0"), count("1")), (1, 1));
            // The ringed one has its name.
            assert_eq!((count("hidden=3"), count("4 hidden=4")), (1, 1));
            assert_eq!((count("9 hidden=9"), count("9")), (1, 1));
            let few = picture(&marks[..8], None).draw(shape).unwrap();
            assert!(!few.svg().contains("1 hidden=0"));
        }
        let other = Mark {
            published: true,
            ..mark("LSTM", 900.0, 81.0)
        };
        let all: Vec<Mark> = marks.iter().cloned().chain([other]).collect();
        assert_eq!(picture(&all, None).numbered().1.len(), 10);
    }

    #[test]
    fn the_legend_has_the_colour_of_what_is_drawn() {
        let marks = [mark("this model", 900.0, 81.0), mark("b", 1000.0, 82.0)];
        let blue = "fill=\"#0072B2\"";
        for (count, has_blue) in [(1, false), (2, true)] {
            let drawn = picture(&marks[..count], Some(0)).draw(Shape::Wide).unwrap();
            assert_eq!(drawn.svg().contains(blue), has_blue, "{count}");
            assert!(drawn.svg().contains("fill=\"#D55E00\""));
        }
    }

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
