//! Learning curves: loss and validation accuracy over the epochs.

use anyhow::{Result, ensure};
use plotters::prelude::*;

use super::chart::{Axis, Chart, Frame};
use super::labels::{self, End};
use super::style::{self, Area, DrawError, INK, shortened, text_width};
use super::{Picture, Shape, draw};
use crate::run_log::Line;

const HEADER_HEIGHT: u32 = 44;
const LEGEND_ROW: u32 = 22;
/// Losses below are drawn at this value: a logarithmic axis has no zero.
const LEAST_LOSS: f64 = 1e-9;
/// Runs beyond which the end of each line has the number of its run.
const HANDFUL: usize = 5;

/// A run and its name in the legend.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Name in the legend.
    pub name: String,
    /// Epochs of the run.
    pub lines: Vec<Line>,
}

/// Draws loss (training thin, validation thick) and validation accuracy of one or several runs.
///
/// # Errors
/// No run has an epoch.
pub fn learning_curves(title: &str, curves: &[Curve]) -> Result<Picture> {
    learning_curves_as(Shape::Wide, title, curves)
}

/// Draws like [`learning_curves`], in a shape; a narrow picture has no title, and its panels are one above the other. A single
/// run without a title has no legend.
///
/// # Errors
/// The same.
pub fn learning_curves_as(shape: Shape, title: &str, curves: &[Curve]) -> Result<Picture> {
    ensure!(
        curves.iter().any(|curve| !curve.lines.is_empty()),
        "there is no finished epoch to draw"
    );
    style::register_typeface()?;
    let sheet = Sheet::of(shape, title);
    // Without a title, what is drawn is known already.
    let named = if title.is_empty() && curves.len() == 1 {
        &[]
    } else {
        curves
    };
    let legend = Legend::of(named, sheet.width);
    let height = sheet.header + sheet.panels + legend.height();
    draw((sheet.width, height), |area| {
        let (header, rest) = area.split_vertically(sheet.header);
        if sheet.header > 0 {
            header.draw_text(title, &style::text(21, INK), (16, 14))?;
        }
        let (panels, below) = rest.split_vertically(sheet.panels);
        let (first, second) = match shape {
            Shape::Wide => panels.split_horizontally(sheet.width / 2),
            Shape::Narrow => panels.split_vertically(sheet.panels / 2),
        };
        draw_losses(&first, curves)?;
        draw_accuracies(&second, curves)?;
        legend.draw(&below)
    })
}

/// Sizes of the parts of a picture, in pixels.
struct Sheet {
    width: u32,
    header: u32,
    panels: u32,
}

impl Sheet {
    fn of(shape: Shape, title: &str) -> Self {
        match shape {
            Shape::Wide => Self {
                width: 1000,
                header: if title.is_empty() { 0 } else { HEADER_HEIGHT },
                panels: 400,
            },
            Shape::Narrow => Self {
                width: super::NARROW,
                header: 0,
                panels: 560,
            },
        }
    }
}

fn epochs(curves: &[Curve]) -> Axis {
    let lines = curves.iter().flat_map(|curve| &curve.lines);
    let last = lines.map(|line| f64::from(line.epoch)).fold(2.0, f64::max);
    Axis::whole("epoch", (1.0, last), 7)
}

fn train_loss(line: &Line) -> Option<f64> {
    Some(line.train_loss)
}

fn valid_loss(line: &Line) -> Option<f64> {
    line.valid.map(|valid| valid.loss)
}

fn accuracy(line: &Line) -> Option<f64> {
    Some(100.0 * line.valid?.accuracy)
}

/// Values of a curve over its epochs; those that are no number are left out.
fn points(curve: &Curve, of: fn(&Line) -> Option<f64>) -> Vec<(f64, f64)> {
    let point = |line: &Line| Some((f64::from(line.epoch), of(line)?));
    let points = curve.lines.iter().filter_map(point);
    points.filter(|point| point.1.is_finite()).collect()
}

/// The logarithmic axis of losses.
fn loss_axis(curves: &[Curve]) -> Axis {
    let all = curves
        .iter()
        .flat_map(|curve| [points(curve, train_loss), points(curve, valid_loss)].concat());
    let start = (f64::INFINITY, LEAST_LOSS);
    let (low, high) = all.fold(start, |(low, high), (_, loss)| {
        (low.min(loss.max(LEAST_LOSS)), high.max(loss))
    });
    Axis::logarithmic("", (0.9 * low.min(high), 1.1 * high), 8)
}

/// Room for numbers of runs at the ends of lines, where there are more than a handful.
fn room_for_numbers(curves: &[Curve]) -> u32 {
    match curves.len() > HANDFUL {
        true => labels::room(std::iter::once("99")),
        false => 20,
    }
}

fn draw_losses(area: &Area<'_>, curves: &[Curve]) -> Result<(), DrawError> {
    let frame = Frame {
        caption: "loss (thin: training, thick: validation)",
        right: room_for_numbers(curves),
        left: 56,
    };
    let mut chart = Chart::new(area, frame, epochs(curves), loss_axis(curves))?;
    let bounded = |points: Vec<(f64, f64)>| -> Vec<(f64, f64)> {
        let above = |(epoch, loss): (f64, f64)| (epoch, loss.max(LEAST_LOSS));
        points.into_iter().map(above).collect()
    };
    for (i, curve) in curves.iter().enumerate() {
        let look = style::look(i);
        chart.line(&bounded(points(curve, train_loss)), look, 1)?;
        chart.line(&bounded(points(curve, valid_loss)), look, 2)?;
    }
    let last = |curve: &Curve| {
        let valid = bounded(points(curve, valid_loss));
        let train = bounded(points(curve, train_loss));
        valid.last().or(train.last()).copied()
    };
    number(area, &chart, curves, last)
}

fn draw_accuracies(area: &Area<'_>, curves: &[Curve]) -> Result<(), DrawError> {
    let all = || curves.iter().flat_map(|curve| points(curve, accuracy));
    let caption = match all().next() {
        Some(_) => "validation accuracy, %",
        None => "validation accuracy: nothing was held out",
    };
    let (low, high) = style::round_range(all().map(|(_, accuracy)| accuracy), 1.0);
    let frame = Frame {
        caption,
        right: room_for_numbers(curves),
        left: 48,
    };
    let axis = Axis::linear("", (low.max(-0.5), high.min(100.5)), 8);
    let mut chart = Chart::new(area, frame, epochs(curves), axis)?;
    for (i, curve) in curves.iter().enumerate() {
        let look = style::look(i);
        let points = points(curve, accuracy);
        chart.line(&points, look, 2)?;
        let best = curve.lines.iter().rev().find(|line| line.best);
        let best = best.map(|line| f64::from(line.epoch));
        for &point in points.iter().filter(|point| Some(point.0) == best) {
            chart.dot(point, 4, look.colour.filled())?;
        }
    }
    number(area, &chart, curves, |curve| {
        points(curve, accuracy).last().copied()
    })
}

/// Writes the numbers of runs at the ends of their lines, where there are more than a handful and they have room.
fn number(
    area: &Area<'_>,
    chart: &Chart<'_, '_>,
    curves: &[Curve],
    last: impl Fn(&Curve) -> Option<(f64, f64)>,
) -> Result<(), DrawError> {
    let (_, top, right, bottom) = chart.inside();
    if curves.len() <= HANDFUL || !labels::fit(curves.len(), (bottom - top) as u32) {
        return Ok(());
    }
    let end = |(i, curve): (usize, &Curve)| {
        Some(End {
            at: chart.pixel(last(curve)?),
            name: (i + 1).to_string(),
            look: style::look(i),
        })
    };
    let ends: Vec<End> = curves.iter().enumerate().filter_map(end).collect();
    labels::draw(area, ends, right, (top, bottom))
}

/// The names of runs below the panels.
struct Legend {
    names: Vec<String>,
    /// Entries of each row, by index.
    rows: Vec<Vec<usize>>,
}

impl Legend {
    fn of(curves: &[Curve], width: u32) -> Self {
        let is_numbered = curves.len() > HANDFUL;
        let names = curves.iter().enumerate().map(|(i, curve)| {
            let name = shortened(&curve.name, width as i32 - 80);
            match is_numbered {
                true => format!("{} {name}", i + 1),
                false => name,
            }
        });
        let names: Vec<String> = names.collect();
        let (mut rows, mut used): (Vec<Vec<usize>>, i32) = (Vec::new(), 0);
        for (i, name) in names.iter().enumerate() {
            let entry = entry_width(name);
            match rows.last_mut() {
                Some(row) if used + entry <= width as i32 - 16 => row.push(i),
                _ => {
                    rows.push(vec![i]);
                    used = 0;
                }
            }
            used += entry;
        }
        Self { names, rows }
    }

    fn height(&self) -> u32 {
        LEGEND_ROW * self.rows.len() as u32 + 12
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), DrawError> {
        for (row, entries) in self.rows.iter().enumerate() {
            let (mut x, y) = (16, LEGEND_ROW as i32 * row as i32 + 8);
            for &i in entries {
                let name = &self.names[i];
                style::stroke(area, vec![(x, y), (x + 28, y)], style::look(i), 3)?;
                area.draw_text(name, &style::text(14, INK), (x + 36, y - 8))?;
                x += entry_width(name);
            }
        }
        Ok(())
    }
}

/// Room of an entry: its line, its text and the gap to the next.
fn entry_width(name: &str) -> i32 {
    36 + 20 + text_width(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    fn curve(name: &str, epochs: u32) -> Curve {
        let line = |epoch| Line {
            epoch,
            train_loss: 1.0 / f64::from(epoch),
            valid: Some(Metrics {
                loss: 1.1 / f64::from(epoch),
                accuracy: 0.9,
                count: 8,
            }),
            learning_rate: 1e-3,
            sign_flips: 0,
            best: epoch == 2,
            time: 0.0,
            seconds: 0.0,
        };
        Curve {
            name: name.into(),
            lines: (1..=epochs).map(line).collect(),
        }
    }

    #[test]
    fn fifteen_runs_have_colours_of_their_own_and_numbers() {
        let curves: Vec<Curve> = (0..15).map(|i| curve(&format!("run {i}"), 9)).collect();
        for shape in [Shape::Wide, Shape::Narrow] {
            let picture = learning_curves_as(shape, "Fifteen", &curves).unwrap();
            for i in 0..15 {
                let RGBColor(r, g, b) = style::colour(i);
                let stroke = format!("stroke=\"#{r:02X}{g:02X}{b:02X}\"");
                assert!(picture.svg().contains(&stroke), "{i}");
                assert!(
                    picture.svg().contains(&format!("\n{} run {i}\n", i + 1)),
                    "{i}"
                );
            }
            picture.png().unwrap();
        }
    }

    #[test]
    fn odd_runs_are_drawn() {
        let mut odd = curve("of one epoch", 1);
        odd.lines[0].train_loss = f64::NAN;
        odd.lines[0].valid = None;
        let names = [odd, curve(&"very long name ".repeat(40), 3)];
        for shape in [Shape::Wide, Shape::Narrow] {
            learning_curves_as(shape, "Odd", &names).unwrap();
            learning_curves_as(shape, "Odd", &names[..1]).unwrap();
            assert!(learning_curves_as(shape, "None", &[curve("a", 0)]).is_err());
        }
    }
}
