//! Axes with round ticks, and the chart between them: all pictures have them from here.

use std::ops::Range;

use anyhow::Result;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::element::DashedPathElement;
use plotters::prelude::*;

use super::style::{self, Area, DrawError, FAINT_INK, GRID, INK, Look};

/// Fewest ticks of an axis, where its range has so many round numbers.
const FEWEST: usize = 3;

/// Positions of an axis, with those of its ticks.
struct Coordinate {
    inner: RangedCoordf64,
    ticks: Vec<f64>,
}

impl Ranged for Coordinate {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.inner.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.inner.range()
    }
}

type Inner<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Coordinate, Coordinate>>;

/// An axis: what values it shows, and where it has ticks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    title: String,
    /// Range of positions.
    low: f64,
    high: f64,
    /// Positions of the ticks and their labels.
    ticks: Vec<(f64, String)>,
    is_logarithmic: bool,
}

impl Axis {
    /// A linear axis from `low` to `high` with at most `most` ticks.
    pub fn linear(title: &str, (low, high): (f64, f64), most: usize) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        let ticks = linear_ticks(low, high, most).into_iter();
        Self {
            title: title.into(),
            low,
            high,
            ticks: ticks.map(|value| (value, short(value))).collect(),
            is_logarithmic: false,
        }
    }

    /// A linear axis whose ticks are whole numbers.
    pub fn whole(title: &str, range: (f64, f64), most: usize) -> Self {
        let mut axis = Self::linear(title, range, most);
        axis.ticks.retain(|tick| tick.0.fract() == 0.0);
        axis
    }

    /// A logarithmic axis from `low` to `high`, both above zero, with at most `most` ticks at 1, 2 and 5 times powers of ten.
    pub fn logarithmic(title: &str, (low, high): (f64, f64), most: usize) -> Self {
        let low = low.max(f64::MIN_POSITIVE);
        let high = if high > low { high } else { low * 2.0 };
        let ticks = log_ticks(low, high, most).into_iter();
        Self {
            title: title.into(),
            low: low.log10(),
            high: high.log10(),
            ticks: ticks.map(|value| (value.log10(), short(value))).collect(),
            is_logarithmic: true,
        }
    }

    /// A logarithmic axis of bytes, with at most `most` ticks at powers of two.
    pub fn bytes(title: &str, range: (f64, f64), most: usize) -> Self {
        Self::with_doubled(title, range, most, style::bytes)
    }

    /// A logarithmic axis with at most `most` ticks at powers of two.
    pub fn doubled(title: &str, range: (f64, f64), most: usize) -> Self {
        Self::with_doubled(title, range, most, short)
    }

    fn with_doubled(title: &str, range: (f64, f64), most: usize, label: fn(f64) -> String) -> Self {
        let axis = Self::logarithmic(title, range, most);
        let (first, last) = (range.0.log2().ceil() as i32, range.1.log2().floor() as i32);
        let count = (last - first).max(0) as usize + 1;
        let every = count.div_ceil(most.max(1));
        let ticks = (first..=last).step_by(every).map(f64::from).map(f64::exp2);
        Self {
            ticks: ticks.map(|value| (value.log10(), label(value))).collect(),
            ..axis
        }
    }

    /// Drops ticks outside of `low..=high`, which values cannot reach.
    pub fn keep_ticks(&mut self, low: f64, high: f64) {
        self.ticks
            .retain(|(position, _)| (low..=high).contains(position));
    }

    /// Labels of the ticks.
    #[cfg(test)]
    pub fn labels(&self) -> Vec<&str> {
        self.ticks.iter().map(|tick| tick.1.as_str()).collect()
    }

    /// Position of a value.
    pub fn place(&self, value: f64) -> f64 {
        match self.is_logarithmic {
            true => value.max(f64::MIN_POSITIVE).log10(),
            false => value,
        }
    }

    fn coordinate(&self) -> Coordinate {
        Coordinate {
            inner: (self.low..self.high).into(),
            ticks: self.ticks.iter().map(|tick| tick.0).collect(),
        }
    }

    fn label(&self, position: &f64) -> String {
        let found = self.ticks.iter().find(|tick| tick.0 == *position);
        found.map_or(String::new(), |tick| tick.1.clone())
    }
}

/// Size of what surrounds a chart, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// Text above the chart; an empty one takes no room.
    pub caption: &'a str,
    /// Room for labels at the right.
    pub right: u32,
    /// Room for the labels of the vertical axis.
    pub left: u32,
}

/// A chart with its axes, drawn.
pub(super) struct Chart<'a, 'b> {
    inner: Inner<'a, 'b>,
    x: Axis,
    y: Axis,
}

impl<'a, 'b> Chart<'a, 'b> {
    /// Draws axes and grid into `area`.
    pub fn new(area: &'a Area<'b>, frame: Frame<'_>, x: Axis, y: Axis) -> Result<Self, DrawError> {
        let mut builder = ChartBuilder::on(area);
        builder
            .margin(8)
            .margin_right(frame.right)
            .x_label_area_size(42)
            .y_label_area_size(frame.left);
        if !frame.caption.is_empty() {
            builder.caption(frame.caption, style::text(15, FAINT_INK));
        }
        let mut inner = builder.build_cartesian_2d(x.coordinate(), y.coordinate())?;
        inner
            .configure_mesh()
            .x_desc(x.title.as_str())
            .y_desc(y.title.as_str())
            .x_label_formatter(&|position| x.label(position))
            .y_label_formatter(&|position| y.label(position))
            .label_style(style::text(14, INK))
            .axis_desc_style(style::text(14, INK))
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(FAINT_INK)
            .draw()?;
        Ok(Self { inner, x, y })
    }

    /// Draws a line through values.
    pub fn line(&mut self, values: &[(f64, f64)], look: Look, width: u32) -> Result<(), DrawError> {
        let points = values.iter().map(|&value| self.place(value));
        let points: Vec<(f64, f64)> = points.collect();
        let style = look.colour.stroke_width(width);
        match look.dash {
            None => {
                let line = PathElement::new(points, style);
                self.inner.draw_series(std::iter::once(line))?;
            }
            Some((dash, gap)) => {
                let line = DashedPathElement::new(points, dash, gap, style);
                self.inner.draw_series(std::iter::once(line))?;
            }
        }
        Ok(())
    }

    /// Draws a dot.
    pub fn dot(
        &mut self,
        value: (f64, f64),
        size: i32,
        style: ShapeStyle,
    ) -> Result<(), DrawError> {
        let dot = Circle::new(self.place(value), size, style);
        self.inner.draw_series(std::iter::once(dot))?;
        Ok(())
    }

    /// Place of a value in pixels of the whole picture.
    pub fn pixel(&self, value: (f64, f64)) -> (i32, i32) {
        self.inner.backend_coord(&self.place(value))
    }

    /// Pixels of the whole picture between the axes: left, top, right, bottom.
    pub fn inside(&self) -> (i32, i32, i32, i32) {
        let (x, y) = self.inner.plotting_area().get_pixel_range();
        (x.start, y.start, x.end, y.end)
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.place(x), self.y.place(y))
    }
}

/// Round numbers of a range: multiples of 1, 2 or 5 times a power of ten, at most `most` of them.
pub(super) fn linear_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let span = high - low;
    if !(span.is_finite() && span > 0.0) {
        return Vec::new();
    }
    let power = 10f64.powf((span / most.max(1) as f64).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0, 20.0].map(|factor| factor * power);
    let multiples = |step: f64| {
        let (first, last) = ((low / step).ceil(), (high / step).floor());
        // Multiples, so that errors do not add up.
        let count = (last - first).clamp(-1.0, 1e4) as i64 + 1;
        (0..count).map(move |i| (first + i as f64) * step)
    };
    let found = steps
        .into_iter()
        .map(|step| multiples(step).collect::<Vec<_>>());
    let mut found = found.filter(|ticks| ticks.len() <= most.max(1));
    found.next().unwrap_or_default()
}

/// Round numbers of a logarithmic range, at most `most` of them: 1, 2 and 5 times powers of ten, or some powers of ten where
/// those are too many, or multiples where they are too few.
pub(super) fn log_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let inside = |value: &f64| (low..=high).contains(value);
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let of = |factors: &'static [f64], every: usize| -> Vec<f64> {
        let powers = (first..=last).filter(|power| power.rem_euclid(every as i32) == 0);
        let values = powers.flat_map(|power| factors.iter().map(move |f| scaled(*f, power)));
        values.filter(inside).collect()
    };
    let fine = of(&[1.0, 2.0, 5.0], 1);
    if fine.len() < FEWEST {
        return linear_ticks(low, high, most);
    }
    if fine.len() <= most {
        return fine;
    }
    let mut every = 1;
    loop {
        let coarse = of(&[1.0], every);
        if coarse.len() <= most.max(1) {
            return coarse;
        }
        every += 1;
    }
}

/// A factor times a power of ten, as near as a number can be.
fn scaled(factor: f64, power: i32) -> f64 {
    match power {
        0.. => factor * 10f64.powi(power),
        _ => factor / 10f64.powi(-power),
    }
}

/// A number with as many digits as an axis needs.
pub(super) fn short(value: f64) -> String {
    let trimmed = |text: String| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    };
    match value.abs() {
        0.0 => "0".into(),
        size if size < 1e-3 => format!("{value:.0e}"),
        size if size < 10.0 => trimmed(format!("{value:.3}")),
        size if size < 1e4 => trimmed(format!("{value:.1}")),
        size if size < 1e6 => format!("{} k", trimmed(format!("{:.1}", value / 1e3))),
        size if size < 1e9 => format!("{} M", trimmed(format!("{:.2}", value / 1e6))),
        _ => format!("{value:.0e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_several() {
        assert_eq!(
            linear_ticks(0.0, 100.0, 6),
            [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
        );
        assert_eq!(
            linear_ticks(91.2, 97.9, 8),
            [92.0, 93.0, 94.0, 95.0, 96.0, 97.0]
        );
        assert_eq!(
            linear_ticks(1.0, 30.0, 7),
            [5.0, 10.0, 15.0, 20.0, 25.0, 30.0]
        );
        assert_eq!(linear_ticks(5.0, 5.0, 7), [0.0; 0]);
        assert_eq!(
            log_ticks(900.0, 60_000.0, 8),
            [1e3, 2e3, 5e3, 1e4, 2e4, 5e4]
        );
        assert_eq!(log_ticks(1e-8, 1.0, 5), [1e-8, 1e-6, 1e-4, 1e-2, 1.0]);
        assert_eq!(log_ticks(0.31, 0.39, 5), [0.32, 0.34, 0.36, 0.38]);
        for (low, high) in [(0.01, 0.9), (1.0, 1e9), (3.0, 4.0), (1e-300, 1e300)] {
            for most in [3, 5, 9] {
                let ticks = log_ticks(low, high, most);
                assert!(
                    (2..=most).contains(&ticks.len()),
                    "{low} {high} {most}: {ticks:?}"
                );
            }
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (2e-5, "2e-5"),
            (0.05, "0.05"),
            (97.5, "97.5"),
            (2000.0, "2000"),
            (20_000.0, "20 k"),
            (1.5e6, "1.5 M"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
