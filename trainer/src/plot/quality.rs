//! Recordings before training: windows of each class, values of each channel, a strip of each recording.

use anyhow::{Result, ensure};
use plotters::prelude::*;

use super::legend::{HEADER_HEIGHT, Item, Sizes, Swatch, draw_band, head, legend_height, short};
use super::style::{self, Area, DrawError, FAINT_INK, GRID, INK};
use super::{Picture, Shape, draw};
use crate::data::import::Recording;
use crate::data::quality::{ChannelFacts, ClassFacts, Summary};

/// Height of the row of a class, of a panel of a channel, of the strip of a recording.
const ROW: u32 = 30;
const PANEL: u32 = 150;
const STRIP: u32 = 64;
/// The most classes, channels and recordings that are drawn.
const MOST_CLASSES: usize = 60;
const MOST_CHANNELS: usize = 48;
const MOST_RECORDINGS: usize = 60;

/// Draws the windows of each class as bars, in training, validation and test where they are split.
///
/// # Errors
/// There is no class.
pub fn class_balance(summary: &Summary, shape: Shape) -> Result<Picture> {
    let sizes = Sizes::of(shape);
    let classes = &summary.classes[..summary.classes.len().min(MOST_CLASSES)];
    ensure!(!classes.is_empty(), "there is no class to draw");
    let height = HEADER_HEIGHT + ROW * classes.len() as u32 + 16;
    let most = classes
        .iter()
        .map(|class| class.windows.max(parts(class).iter().sum()));
    let most = most.max().unwrap_or(1).max(1);
    draw((sizes.width, height), |area| {
        let (header, body) = area.split_vertically(HEADER_HEIGHT);
        let title = format!(
            "Windows of each class: {} samples, one every {}",
            summary.steps, summary.hop
        );
        let is_split = classes.iter().any(|class| class.splits.is_some());
        let names = match is_split {
            true => &["training", "validation", "test"][..],
            false => &["all, for they cannot be split"],
        };
        let items = items(names, Swatch::Band);
        head(&header, &title, &items, sizes)?;
        for (i, class) in classes.iter().enumerate() {
            let top = ROW as i32 * i as i32;
            body.draw_text(
                &short(&class.name, sizes),
                &style::text(14, INK),
                (16, top + 6),
            )?;
            let scale = f64::from(sizes.width as i32 - sizes.names - 90) / most as f64;
            let mut left = 0;
            for (part, &count) in parts(class).iter().enumerate() {
                let x = |windows: usize| sizes.names + (windows as f64 * scale) as i32;
                let ends = [(x(left), top + 5), (x(left + count), top + ROW as i32 - 7)];
                body.draw(&Rectangle::new(ends, style::colour(part).filled()))?;
                left += count;
            }
            let x = sizes.names + (left as f64 * scale) as i32 + 6;
            body.draw_text(&left.to_string(), &style::text(14, FAINT_INK), (x, top + 6))?;
        }
        Ok(())
    })
}

/// A legend of classes, or of splits, in their order.
fn items<N: AsRef<str>>(names: &[N], swatch: fn(usize) -> Swatch) -> Vec<Item<'_>> {
    let names = names.iter().enumerate();
    names.map(|(i, name)| (name.as_ref(), swatch(i))).collect()
}

/// Windows of a class in each split, or all of them as one.
fn parts(class: &ClassFacts) -> Vec<usize> {
    class.splits.map_or(vec![class.windows], Vec::from)
}

/// Draws how often each value of a channel is there, a line a class.
///
/// # Errors
/// There is no channel.
pub fn channel_histograms(summary: &Summary, shape: Shape) -> Result<Picture> {
    let sizes = Sizes::of(shape);
    let channels = &summary.channels[..summary.channels.len().min(MOST_CHANNELS)];
    ensure!(!channels.is_empty(), "there is no channel to draw");
    let rows = (channels.len() as u32).div_ceil(sizes.columns);
    let names: Vec<String> = summary
        .classes
        .iter()
        .map(|class| short(&class.name, sizes))
        .collect();
    let items = items(&names, Swatch::Line);
    let legend = legend_height(&items, sizes);
    draw(
        (sizes.width, HEADER_HEIGHT + legend + PANEL * rows + 8),
        |area| {
            let (header, body) = area.split_vertically(HEADER_HEIGHT + legend);
            head(&header, "Values of each channel, by class", &items, sizes)?;
            let panels = body.split_evenly((rows as usize, sizes.columns as usize));
            for (channel, panel) in channels.iter().zip(&panels) {
                draw_histogram(panel, channel, sizes)?;
            }
            Ok(())
        },
    )
}

fn draw_histogram(area: &Area<'_>, channel: &ChannelFacts, sizes: Sizes) -> Result<(), DrawError> {
    let (width, height) = area.dim_in_pixel();
    let (left, right, top, bottom) = (16, width as i32 - 12, 24, height as i32 - 24);
    let title = match channel.unit {
        "unknown" => short(&channel.name, sizes),
        unit => format!("{}, {unit}", short(&channel.name, sizes)),
    };
    area.draw_text(&title, &style::text(14, INK), (left, 4))?;
    area.draw(&PathElement::new(
        vec![(left, bottom), (right, bottom)],
        GRID.stroke_width(1),
    ))?;
    for (class, bars) in channel.histogram.iter().enumerate() {
        // Each class by itself, so that rare ones are seen.
        let most = bars.iter().copied().max().unwrap_or(0).max(1) as f64;
        let step = f64::from(right - left) / bars.len().max(1) as f64;
        let point = |(i, &count): (usize, &usize)| {
            let x = left + ((i as f64 + 0.5) * step) as i32;
            (
                x,
                bottom - (f64::from(bottom - top) * count as f64 / most) as i32,
            )
        };
        let line: Vec<(i32, i32)> = bars.iter().enumerate().map(point).collect();
        style::stroke(area, line, style::look(class), 2)?;
    }
    let small = style::text(12, FAINT_INK);
    area.draw_text(&number(channel.min), &small, (left, bottom + 4))?;
    let high = number(channel.max);
    let x = right - 7 * high.chars().count() as i32;
    area.draw_text(&high, &small, (x, bottom + 4))
}

/// Draws each recording as a strip: its channels, each to its own range, above a band of its classes; grey marks are gaps.
///
/// # Errors
/// There is no recording.
pub fn recording_strips(
    summary: &Summary,
    recordings: &[Recording],
    shape: Shape,
) -> Result<Picture> {
    let sizes = Sizes::of(shape);
    ensure!(!recordings.is_empty(), "there is no recording to draw");
    let shown = &recordings[..recordings.len().min(MOST_RECORDINGS)];
    let names: Vec<String> = summary
        .classes
        .iter()
        .map(|class| short(&class.name, sizes))
        .collect();
    let items = items(&names, Swatch::Band);
    let legend = legend_height(&items, sizes);
    let height = HEADER_HEIGHT + legend + STRIP * shown.len() as u32 + 8;
    draw((sizes.width, height), |area| {
        let (header, body) = area.split_vertically(HEADER_HEIGHT + legend);
        let title = match shown.len() < recordings.len() {
            true => format!(
                "The first {} of {} recordings: lines are channels, bands classes",
                shown.len(),
                recordings.len()
            ),
            false => "Recordings: lines are channels, bands classes".into(),
        };
        head(&header, &title, &items, sizes)?;
        for (i, recording) in shown.iter().enumerate() {
            draw_strip(&body, recording, summary, (STRIP * i as u32) as i32, sizes)?;
        }
        Ok(())
    })
}

fn draw_strip(
    area: &Area<'_>,
    recording: &Recording,
    summary: &Summary,
    top: i32,
    sizes: Sizes,
) -> Result<(), DrawError> {
    let samples = recording.samples().max(1);
    let (left, right) = (sizes.names, sizes.width as i32 - 16);
    let (bottom, band) = (top + STRIP as i32 - 20, top + STRIP as i32 - 16);
    area.draw_text(
        &short(&recording.name, sizes),
        &style::text(13, INK),
        (16, top + 12),
    )?;
    let x =
        |sample: usize| left + (f64::from(right - left) * sample as f64 / samples as f64) as i32;
    for interval in &recording.labels {
        let class = summary
            .classes
            .iter()
            .position(|class| class.name == interval.label);
        let ends = [
            (x(interval.start), band),
            (x(interval.end).max(x(interval.start) + 1), band + 8),
        ];
        draw_band(area, ends, class.unwrap_or(0))?;
    }
    // Half as many as pixels.
    let columns = (right - left) as usize / 2;
    for (number, facts) in summary.channels.iter().enumerate() {
        let range = (facts.max - facts.min).max(f64::MIN_POSITIVE);
        let y = |value: f32| {
            let share = (f64::from(value) - facts.min) / range;
            bottom - (share.clamp(0.0, 1.0) * f64::from(bottom - top - 4)) as i32
        };
        // As much as pixels show: lowest and highest value of each column.
        let mut line = Vec::with_capacity(2 * columns);
        for column in 0..columns.min(samples) {
            let from = column * samples / columns.min(samples);
            let to = ((column + 1) * samples / columns.min(samples)).max(from + 1);
            let values = (from..to).filter_map(|i| recording.sample(i).get(number).copied());
            let (low, high) = values
                .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
                    (low.min(value), high.max(value))
                });
            if low <= high {
                line.extend([(x(from), y(low)), (x(from), y(high))]);
            }
        }
        let colour = style::colour(number).mix(0.6);
        area.draw(&PathElement::new(line, colour.stroke_width(1)))?;
    }
    for &gap in &recording.gaps {
        let ends = vec![(x(gap), top + 2), (x(gap), bottom)];
        area.draw(&PathElement::new(ends, FAINT_INK.stroke_width(1)))?;
    }
    Ok(())
}

fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        magnitude if magnitude >= 1000.0 => format!("{value:.0}"),
        magnitude if magnitude >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
