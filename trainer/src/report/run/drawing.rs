//! Small pictures of windows.

use std::fmt::Write;
use std::ops::Range;

use super::markup::name;
use crate::usage::Channel;

/// Channels of a row: the axes of a sensor belong together.
const OF_ROW: usize = 3;
/// Rows of a picture.
const MOST_ROWS: usize = 5;
/// Units of a picture: its width, the height of a row and that of the names above it.
const WIDTH: usize = 320;
const ROW: usize = 56;
const NAMES: usize = 14;
/// Columns of points beyond which a line is drawn by the least and the largest value of each column.
const COLUMNS: usize = WIDTH / 2;
/// Characters of a channel's name.
const LONGEST: usize = 12;

/// Channels that share a row of all pictures, and their values there.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Channels of the row.
    pub channels: Range<usize>,
    low: f32,
    high: f32,
}

impl Scale {
    /// The rows of pictures of these windows, each `[steps][channels]`.
    pub fn of(windows: &[&[f32]], channels: &[Channel]) -> Vec<Self> {
        let count = channels.len();
        let rows = (0..count).step_by(OF_ROW).take(MOST_ROWS);
        let row = |first: usize| {
            let channels = first..(first + OF_ROW).min(count);
            let steps = windows.iter().flat_map(|window| window.chunks_exact(count));
            let values = steps.flat_map(|step| &step[channels.clone()]).copied();
            let values = values.filter(|value| value.is_finite());
            let (low, high) = values
                .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
                    (low.min(value), high.max(value))
                });
            let (low, high) = if low < high {
                (low, high)
            } else {
                (low.min(0.0), low.max(0.0) + 1.0)
            };
            Self {
                channels,
                low: if low.is_finite() { low } else { 0.0 },
                high: if high.is_finite() { high } else { 1.0 },
            }
        };
        rows.map(row).collect()
    }

    /// Height of a value in its row, from its top.
    fn height(&self, value: f32) -> usize {
        // In double precision, as the range of two singles may not be one.
        let (low, high) = (f64::from(self.low), f64::from(self.high));
        let share = ((f64::from(value) - low) / (high - low)).clamp(0.0, 1.0);
        // A value that is no number lies at the bottom.
        (((1.0 - share) * (ROW - 4) as f64).round() as usize).min(ROW - 4)
    }
}

/// Pictures of windows of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Drawing<'a> {
    /// Channels of a sample.
    pub channels: &'a [Channel],
    /// Rows.
    pub scales: &'a [Scale],
}

impl Drawing<'_> {
    /// The picture of a window, `[steps][channels]`.
    pub fn svg(&self, samples: &[f32]) -> String {
        let height = self.scales.len() * (ROW + NAMES);
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"channels over time\">"
        );
        for (row, scale) in self.scales.iter().enumerate() {
            let top = row * (ROW + NAMES);
            self.names(&mut svg, scale, top + NAMES - 3);
            let base = top + NAMES;
            if scale.low < 0.0 && scale.high > 0.0 {
                let zero = base + scale.height(0.0);
                let _ = write!(svg, "<path class=\"l z\" d=\"M0 {zero}H{WIDTH}\"/>");
            }
            for (colour, channel) in scale.channels.clone().enumerate() {
                let _ = write!(svg, "<path class=\"l k{colour}\" d=\"");
                self.line(&mut svg, samples, channel, scale, base);
                svg += "\"/>";
            }
        }
        svg + "</svg>"
    }

    /// Names of a row's channels, and the range of its values.
    fn names(&self, svg: &mut String, scale: &Scale, y: usize) {
        let _ = write!(svg, "<text y=\"{y}\">");
        for (colour, channel) in scale.channels.clone().enumerate() {
            let label: String = self.channels[channel].name.chars().take(LONGEST).collect();
            let _ = write!(svg, "<tspan class=\"t{colour}\">{} </tspan>", name(&label));
        }
        let unit = self.channels[scale.channels.start].unit.unwrap_or_default();
        let unit = if unit.is_empty() {
            String::new()
        } else {
            format!(" {}", name(unit))
        };
        let _ = write!(
            svg,
            "</text><text class=\"r\" x=\"{WIDTH}\" y=\"{y}\" text-anchor=\"end\">{} to {}{unit}</text>",
            number(scale.low),
            number(scale.high)
        );
    }

    fn line(&self, svg: &mut String, samples: &[f32], channel: usize, scale: &Scale, base: usize) {
        let values = samples
            .chunks_exact(self.channels.len())
            .map(|step| step[channel]);
        let heights: Vec<usize> = values.map(|value| base + scale.height(value)).collect();
        let last = heights.len().saturating_sub(1).max(1);
        if heights.len() <= COLUMNS {
            for (i, y) in heights.iter().enumerate() {
                let _ = write!(
                    svg,
                    "{}{} {y}",
                    if i == 0 { "M" } else { "L" },
                    i * WIDTH / last
                );
            }
            return;
        }
        for column in 0..COLUMNS {
            let part = column * heights.len() / COLUMNS..(column + 1) * heights.len() / COLUMNS;
            let part = &heights[part];
            let (Some(least), Some(most)) = (part.iter().min(), part.iter().max()) else {
                continue;
            };
            let x = column * WIDTH / COLUMNS;
            let _ = write!(
                svg,
                "{}{x} {least}V{most}",
                if column == 0 { "M" } else { "L" }
            );
        }
    }
}

/// A number with three digits that count.
fn number(value: f32) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(count: usize) -> Vec<Channel> {
        let channel = |i| Channel {
            name: format!("<c{i}>"),
            lsb: 1.0,
            unit: None,
        };
        (0..count).map(channel).collect()
    }

    #[test]
    fn windows_of_any_size_and_value_are_drawn_and_bounded() {
        for (count, steps) in [(1, 1), (1, 784), (3, 128), (45, 125), (2, 5000)] {
            let channels = channels(count);
            let mut samples: Vec<f32> =
                (0..count * steps).map(|i| (i % 97) as f32 - 40.0).collect();
            samples[0] = f32::NAN;
            samples[count * steps - 1] = f32::MAX;
            let scales = Scale::of(&[&samples], &channels);
            assert!(scales.len() <= MOST_ROWS);
            let drawing = Drawing {
                channels: &channels,
                scales: &scales,
            };
            let svg = drawing.svg(&samples);
            assert!(svg.len() < 30_000, "{}", svg.len());
            assert!(svg.contains("&lt;c0&gt;") && !svg.contains("NaN"));
        }
    }

    #[test]
    fn lines_go_from_edge_to_edge() {
        let channels = channels(1);
        let samples = [0.0, 1.0, 0.5];
        let scales = Scale::of(&[&samples], &channels);
        let drawing = Drawing {
            channels: &channels,
            scales: &scales,
        };
        assert!(drawing.svg(&samples).contains("d=\"M0 66L160 14L320 40\""));
    }
}
