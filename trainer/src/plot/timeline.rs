//! Streams over time: what was there, what was answered, what was decided.

use anyhow::{Result, ensure};
use plotters::prelude::*;

use super::legend::{
    Item, Sizes, Swatch, draw_band, draw_mark, draw_nothing, head, head_height, short,
};
use super::style::{self, Area, DrawError, FAINT_INK, GRID, INK};
use super::{Picture, Shape, draw};
use crate::events::{StreamEvaluation, Timeline, none_name};
use crate::visible;

/// Streams that are drawn, at most: the first ones.
pub const MOST_STREAMS: usize = 12;
/// Height of a name above bands, of a band with the gap below it, of the marks below them, and of the time below all.
const NAME: i32 = 19;
const BAND: i32 = 15;
const GAP: i32 = 2;
const MARKS: i32 = 14;
/// Pixels from a mark to the next, at least.
const MARK: i32 = 4;
const TIME: u32 = 40;
/// Where bands begin and how far they are from the right edge.
const LEFT: i32 = 76;
const RIGHT: i32 = 22;

/// Unit of a time axis.
struct Unit {
    name: &'static str,
    /// Answers of one unit.
    answers: f64,
}

/// Draws the streams of an evaluation, the first [`MOST_STREAMS`] of them: a row each for the classes that were there, were answered
/// and were decided. Marks are where false alarms start.
///
/// # Errors
/// There is no stream.
pub fn timelines(title: &str, found: &StreamEvaluation, shape: Shape) -> Result<Picture> {
    let shown = &found.streams[..found.streams.len().min(MOST_STREAMS)];
    let longest = shown.iter().map(|stream| stream.truth.len()).max();
    let longest = longest.unwrap_or(0);
    ensure!(longest > 0, "there is no stream to draw");
    let sizes = Sizes::of(shape);
    let names: Vec<String> = (found.classes.iter())
        .map(|class| short(class, sizes))
        .collect();
    let none = none_name(&found.classes);
    let items = items(found, &names, &none);
    let top = head_height(title, &items, sizes);
    let strip = NAME + BAND * rows(found) + MARKS;
    let height = top + strip as u32 * shown.len() as u32 + TIME;
    draw((sizes.width, height), |area| {
        let (header, body) = area.split_vertically(top);
        head(&header, title, &items, sizes)?;
        let axis = Axis {
            left: LEFT,
            right: sizes.width as i32 - RIGHT,
            answers: longest,
        };
        draw_time(
            &body,
            &axis,
            found.seconds,
            strip * shown.len() as i32,
            shape,
        )?;
        for (stream, i) in shown.iter().zip(0..) {
            draw_stream(&body, stream, &axis, strip * i)?;
        }
        Ok(())
    })
}

/// Rows of a stream.
fn rows(found: &StreamEvaluation) -> i32 {
    if found.decided.is_some() { 3 } else { 2 }
}

/// The legend: classes, none of them where it is there, and false alarms where there are some.
fn items<'a>(found: &StreamEvaluation, names: &'a [String], none: &'a str) -> Vec<Item<'a>> {
    let mut items: Vec<Item<'a>> = (names.iter().enumerate())
        .map(|(class, name)| (name.as_str(), Swatch::Band(class)))
        .collect();
    let has_none = |stream: &Timeline| {
        let rows = [&stream.truth, &stream.answered]
            .into_iter()
            .chain(&stream.decided);
        rows.flatten().any(Option::is_none)
    };
    if found.streams.iter().any(has_none) {
        items.push((none, Swatch::Nothing));
    }
    if (found.streams.iter()).any(|stream| !stream.false_alarms.is_empty()) {
        items.push(("a false alarm starts", Swatch::Mark));
    }
    items
}

/// Places of answers.
struct Axis {
    left: i32,
    right: i32,
    /// Answers of the whole axis.
    answers: usize,
}

impl Axis {
    fn x(&self, answer: f64) -> i32 {
        let share = answer / self.answers as f64;
        self.left + (f64::from(self.right - self.left) * share).round() as i32
    }
}

/// Lines and labels of the time.
fn draw_time(
    area: &Area<'_>,
    axis: &Axis,
    seconds: Option<f64>,
    bottom: i32,
    shape: Shape,
) -> Result<(), DrawError> {
    let unit = unit(axis.answers, seconds);
    let whole = axis.answers as f64 / unit.answers;
    let most = match shape {
        Shape::Wide => 10.0,
        Shape::Narrow => 5.0,
    };
    let step = step(whole / most);
    let small = style::text(12, FAINT_INK);
    let ticks = (0..)
        .map(|i| f64::from(i) * step)
        .take_while(|tick| *tick <= whole);
    for tick in ticks {
        let x = axis.x(tick * unit.answers);
        let line = vec![(x, 4), (x, bottom + 2)];
        area.draw(&PathElement::new(line, GRID.stroke_width(1)))?;
        let label = format!("{tick}");
        let width = style::text_width(&label) * 12 / 14;
        area.draw_text(&label, &small, (x - width / 2, bottom + 5))?;
    }
    let width = style::text_width(unit.name) * 12 / 14;
    let middle = (axis.left + axis.right - width) / 2;
    area.draw_text(unit.name, &small, (middle, bottom + 21))
}

/// The unit in which so many answers are told.
fn unit(answers: usize, seconds: Option<f64>) -> Unit {
    let Some(seconds) = seconds.filter(|seconds| *seconds > 0.0) else {
        return Unit {
            name: "answers",
            answers: 1.0,
        };
    };
    let (name, unit) = match answers as f64 * seconds {
        whole if whole < 180.0 => ("seconds", 1.0),
        whole if whole < 180.0 * 60.0 => ("minutes", 60.0),
        _ => ("hours", 3600.0),
    };
    Unit {
        name,
        answers: unit / seconds,
    }
}

/// The least of 1, 2, 5, 10, … and of their tenths and hundredths that is no less than `least`.
fn step(least: f64) -> f64 {
    let steps = (-2..9).flat_map(|power| [1.0, 2.0, 5.0].map(|step| step * 10f64.powi(power)));
    let mut steps = steps.skip_while(|step| *step < least);
    // Rounded, so that a label has no more digits than it needs.
    steps
        .next()
        .map_or(least, |step| (step * 100.0).round() / 100.0)
}

fn draw_stream(area: &Area<'_>, stream: &Timeline, axis: &Axis, top: i32) -> Result<(), DrawError> {
    let name = visible::name(&stream.name);
    let name = style::shortened(&name, axis.right - LEFT);
    area.draw_text(&name, &style::text(14, INK), (LEFT, top + 3))?;
    let rows = [
        ("there", Some(&stream.truth)),
        ("answered", Some(&stream.answered)),
    ];
    let rows = rows
        .into_iter()
        .chain([("decided", stream.decided.as_ref())]);
    let mut y = top + NAME;
    for (label, classes) in rows {
        let Some(classes) = classes else {
            continue;
        };
        area.draw_text(label, &style::text(12, FAINT_INK), (16, y + 1))?;
        draw_row(area, classes, axis, y)?;
        y += BAND;
    }
    let mut last = i32::MIN;
    for &at in &stream.false_alarms {
        let x = axis.x(at as f64 + 0.5);
        // Where they would lie on each other, one stands for several.
        if x >= last.saturating_add(MARK) {
            draw_mark(area, (x, y))?;
            last = x;
        }
    }
    Ok(())
}

/// Draws the classes of a row: where a column of pixels stands for several answers, the commonest of them.
fn draw_row(
    area: &Area<'_>,
    classes: &[Option<usize>],
    axis: &Axis,
    top: i32,
) -> Result<(), DrawError> {
    let right = axis.x(classes.len() as f64);
    let columns = (right - axis.left).max(1) as usize;
    let column = |i: usize| {
        let from = i * classes.len() / columns;
        let to = ((i + 1) * classes.len() / columns).max(from + 1);
        commonest(&classes[from..to.min(classes.len())])
    };
    let columns: Vec<Option<usize>> = (0..columns).map(column).collect();
    let mut left = axis.left;
    for run in columns.chunk_by(|a, b| a == b) {
        let right = left + run.len() as i32;
        let ends = [(left, top), (right, top + BAND - GAP)];
        match run[0] {
            Some(class) => draw_band(area, ends, class)?,
            None => draw_nothing(area, ends)?,
        }
        left = right;
    }
    Ok(())
}

/// The commonest of some classes.
fn commonest(classes: &[Option<usize>]) -> Option<usize> {
    let mut sorted = classes.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b);
    runs.max_by_key(|run| run.len()).and_then(|run| run[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(name: &str, answers: usize, decides: bool) -> Timeline {
        let classes: Vec<Option<usize>> = (0..answers).map(|at| Some(at / 7 % 3)).collect();
        let late = (0..answers).map(|at| at.checked_sub(3).map(|at| at / 7 % 3));
        Timeline {
            name: name.into(),
            answered: classes.iter().copied().rev().collect(),
            decided: decides.then(|| late.collect()),
            truth: classes,
            false_alarms: Vec::new(),
        }
    }

    fn found(streams: Vec<Timeline>, seconds: Option<f64>) -> StreamEvaluation {
        let classes = ["sit <b>", "walk", "run"].map(String::from).to_vec();
        let mut found = StreamEvaluation::of(classes, None, false, streams, seconds);
        found.decided = found.streams[0]
            .decided
            .as_ref()
            .map(|_| found.every_answer.clone());
        found
    }

    #[test]
    fn streams_of_any_length_are_drawn_and_bounded() {
        for (answers, seconds, unit) in [
            (1, None, "answers"),
            (50, Some(1.28), "seconds"),
            (900, Some(1.28), "minutes"),
            (200_000, Some(0.5), "hours"),
        ] {
            for decides in [false, true] {
                let streams = (0..30).map(|i| stream(&format!("person {i}"), answers, decides));
                let found = found(streams.collect(), seconds);
                for shape in [Shape::Wide, Shape::Narrow] {
                    let picture = timelines("Streams", &found, shape).unwrap();
                    let svg = picture.svg();
                    assert!(svg.len() < 3 << 20, "{}", svg.len());
                    assert!(svg.contains(unit) && svg.contains("person 11"));
                    assert!(!svg.contains("person 12") && !svg.contains("<b>"));
                    assert_eq!(svg.matches("decided").count() > 0, decides);
                }
            }
        }
        let none = StreamEvaluation::of(vec![], None, false, vec![], None);
        assert!(timelines("", &none, Shape::Wide).is_err());
    }

    #[test]
    fn ticks_are_round() {
        for (least, expected) in [
            (0.0, 0.01),
            (0.3, 0.5),
            (1.0, 1.0),
            (7.2, 10.0),
            (450.0, 500.0),
        ] {
            assert_eq!(step(least), expected);
        }
    }
}
