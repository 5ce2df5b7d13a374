//! Learning curves: loss and validation accuracy over the epochs.

use anyhow::{Result, ensure};
use plotters::prelude::*;

use super::style::{self, Area, DrawError, FAINT_INK, GRID, INK};
use super::{Picture, draw};
use crate::run_log::Line;

const WIDTH: u32 = 1000;
const PANELS_HEIGHT: u32 = 400;
const HEADER_HEIGHT: u32 = 44;
const LEGEND_ROW: u32 = 22;
/// Losses below are drawn at this value: a logarithmic axis has no zero.
const LEAST_LOSS: f64 = 1e-9;

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
    ensure!(
        curves.iter().any(|curve| !curve.lines.is_empty()),
        "there is no finished epoch to draw"
    );
    style::register_typeface()?;
    let rows = legend_rows(curves);
    let height = HEADER_HEIGHT + PANELS_HEIGHT + LEGEND_ROW * rows.len() as u32 + 12;
    draw((WIDTH, height), |area| {
        let (header, rest) = area.split_vertically(HEADER_HEIGHT);
        header.draw_text(title, &style::text(21, INK), (16, 14))?;
        let (panels, legend) = rest.split_vertically(PANELS_HEIGHT);
        let (left, right) = panels.split_horizontally(WIDTH / 2);
        draw_losses(&left, curves)?;
        draw_accuracies(&right, curves)?;
        draw_legend(&legend, curves, &rows)
    })
}

fn last_epoch(curves: &[Curve]) -> f64 {
    let lines = curves.iter().flat_map(|curve| &curve.lines);
    lines.map(|line| f64::from(line.epoch)).fold(2.0, f64::max)
}

/// The logarithmic axis of losses: tens where they span decades, else twos, so that there are some ticks.
struct LossAxis {
    base: f64,
    low: f64,
    high: f64,
}

impl LossAxis {
    fn of(curves: &[Curve]) -> Self {
        let lines = curves.iter().flat_map(|curve| &curve.lines);
        let losses = lines.flat_map(|line| [train_loss(line), valid_loss(line)]);
        let start = (f64::INFINITY, LEAST_LOSS);
        let (low, high) = losses.flatten().fold(start, |(low, high), loss| {
            (low.min(loss.max(LEAST_LOSS)), high.max(loss))
        });
        let base = if high > 100.0 * low { 10.0 } else { 2.0 };
        Self {
            base,
            low: (0.98 * low).log(base).floor(),
            high: (1.02 * high).log(base).ceil(),
        }
    }

    fn points(&self, curve: &Curve, of: fn(&Line) -> Option<f64>) -> Vec<(f64, f64)> {
        let place = |loss: f64| loss.max(LEAST_LOSS).log(self.base);
        let point = |line: &Line| Some((f64::from(line.epoch), place(of(line)?)));
        curve.lines.iter().filter_map(point).collect()
    }
}

fn train_loss(line: &Line) -> Option<f64> {
    Some(line.train_loss)
}

fn valid_loss(line: &Line) -> Option<f64> {
    line.valid.map(|valid| valid.loss)
}

fn draw_losses(area: &Area<'_>, curves: &[Curve]) -> Result<(), DrawError> {
    let axis = LossAxis::of(curves);
    let mut chart = ChartBuilder::on(area)
        .caption(
            "loss (thin: training, thick: validation)",
            style::text(16, FAINT_INK),
        )
        .margin(10)
        .margin_right(20)
        .x_label_area_size(38)
        .y_label_area_size(66)
        .build_cartesian_2d(1.0..last_epoch(curves), axis.low..axis.high)?;
    chart
        .configure_mesh()
        .x_desc("epoch")
        .x_label_formatter(&|epoch| format!("{epoch:.0}"))
        .y_labels((axis.high - axis.low) as usize + 1)
        .y_label_formatter(&|power| short(axis.base.powf(*power)))
        .label_style(style::text(14, INK))
        .axis_desc_style(style::text(15, INK))
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(FAINT_INK)
        .draw()?;
    for (i, curve) in curves.iter().enumerate() {
        let colour = style::colour(i);
        let thin = colour.mix(0.6).stroke_width(1);
        chart.draw_series(LineSeries::new(axis.points(curve, train_loss), thin))?;
        let thick = colour.stroke_width(2);
        chart.draw_series(LineSeries::new(axis.points(curve, valid_loss), thick))?;
    }
    Ok(())
}

fn draw_accuracies(area: &Area<'_>, curves: &[Curve]) -> Result<(), DrawError> {
    let points = |curve: &Curve| -> Vec<(f64, f64)> {
        let point = |line: &Line| {
            let accuracy = 100.0 * line.valid?.accuracy;
            Some((f64::from(line.epoch), accuracy))
        };
        curve.lines.iter().filter_map(point).collect()
    };
    let all = || curves.iter().flat_map(points);
    let caption = match all().next() {
        Some(_) => "validation accuracy, %",
        None => "validation accuracy: nothing was held out",
    };
    let (low, high) = style::round_range(all().map(|(_, accuracy)| accuracy), 1.0);
    let high = high.min(100.5);
    let mut chart = ChartBuilder::on(area)
        .caption(caption, style::text(16, FAINT_INK))
        .margin(10)
        .margin_right(20)
        .x_label_area_size(38)
        .y_label_area_size(56)
        .build_cartesian_2d(1.0..last_epoch(curves), low..high)?;
    chart
        .configure_mesh()
        .x_desc("epoch")
        .x_label_formatter(&|epoch| format!("{epoch:.0}"))
        .y_label_formatter(&|accuracy| short(*accuracy))
        .label_style(style::text(14, INK))
        .axis_desc_style(style::text(15, INK))
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(FAINT_INK)
        .draw()?;
    for (i, curve) in curves.iter().enumerate() {
        let colour = style::colour(i);
        let best = curve.lines.iter().rev().find(|line| line.best);
        let best = best.map(|line| f64::from(line.epoch));
        let points = points(curve);
        let chosen: Vec<_> = points
            .iter()
            .filter(|point| Some(point.0) == best)
            .collect();
        let dots = chosen
            .iter()
            .map(|&&point| Circle::new(point, 4, colour.filled()));
        chart.draw_series(dots)?;
        chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
    }
    Ok(())
}

/// A number with as many digits as an axis needs.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if size < 1e-3 => format!("{value:.0e}"),
        size if size < 10.0 && value.fract() != 0.0 => {
            let text = format!("{value:.3}");
            text.trim_end_matches('0').trim_end_matches('.').into()
        }
        _ if value.fract() != 0.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Room of an entry: its line, its text and the gap to the next.
fn entry_width(name: &str) -> i32 {
    let text = style::text(15, INK);
    let layout = text.font.layout_box(name);
    36 + 24
        + layout.map_or(8 * name.len() as i32, |((left, _), (right, _))| {
            right - left
        })
}

/// The entries of each row, by index.
fn legend_rows(curves: &[Curve]) -> Vec<Vec<usize>> {
    let (mut rows, mut used): (Vec<Vec<usize>>, i32) = (Vec::new(), 0);
    for (i, curve) in curves.iter().enumerate() {
        let width = entry_width(&curve.name);
        match rows.last_mut() {
            Some(row) if used + width <= WIDTH as i32 - 32 => row.push(i),
            _ => {
                rows.push(vec![i]);
                used = 0;
            }
        }
        used += width;
    }
    rows
}

fn draw_legend(area: &Area<'_>, curves: &[Curve], rows: &[Vec<usize>]) -> Result<(), DrawError> {
    for (row, entries) in rows.iter().enumerate() {
        let (mut x, y) = (16, LEGEND_ROW as i32 * row as i32 + 8);
        for &i in entries {
            let name = &curves[i].name;
            let line =
                PathElement::new(vec![(x, y), (x + 26, y)], style::colour(i).stroke_width(3));
            area.draw(&line)?;
            area.draw_text(name, &style::text(15, INK), (x + 36, y - 8))?;
            x += entry_width(name);
        }
    }
    Ok(())
}
