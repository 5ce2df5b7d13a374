//! Lines over two logarithmic axes, each with its name at its end.

use anyhow::{Result, ensure};
use plotters::style::Color;

use super::chart::{Axis, Chart, Frame};
use super::labels::{self, End};
use super::style::{self, INK};
use super::{Picture, draw};

const WIDTH: u32 = 860;
const HEADER_HEIGHT: u32 = 40;
/// Least height of a chart.
const HEIGHT: u32 = 460;

/// A line and its name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedLine {
    /// Name that is written at its end.
    pub name: String,
    /// Points of the line, from left to right, both coordinates above zero.
    pub points: Vec<(f64, f64)>,
}

/// Draws lines over two logarithmic axes with these titles.
///
/// # Errors
/// There is no point, or a coordinate is not above zero.
pub fn lines_on_logarithms(
    title: &str,
    (x_title, y_title): (&str, &str),
    lines: &[NamedLine],
) -> Result<Picture> {
    let all = || lines.iter().flat_map(|line| &line.points).copied();
    ensure!(all().next().is_some(), "there is nothing to draw");
    ensure!(
        all().all(|(x, y)| x > 0.0 && y > 0.0 && x.is_finite() && y.is_finite()),
        "a logarithmic axis has no place for numbers that are not above zero"
    );
    style::register_typeface()?;
    let x = range(all().map(|point| point.0), 1.06);
    let y = range(all().map(|point| point.1), 1.2);
    let height = HEIGHT.max(16 * lines.len() as u32 + 80);
    draw((WIDTH, HEADER_HEIGHT + height), |area| {
        let (header, body) = area.split_vertically(HEADER_HEIGHT);
        header.draw_text(title, &style::text(19, INK), (16, 12))?;
        let frame = Frame {
            caption: "",
            right: labels::room(lines.iter().map(|line| line.name.as_str())),
            left: 64,
        };
        let (x, y) = (
            Axis::doubled(x_title, x, 8),
            Axis::logarithmic(y_title, y, 9),
        );
        let mut chart = Chart::new(&body, frame, x, y)?;
        let mut ends = Vec::new();
        for (i, line) in lines.iter().enumerate() {
            let look = style::look(i);
            chart.line(&line.points, look, 2)?;
            for &point in &line.points {
                chart.dot(point, 3, look.colour.filled())?;
            }
            ends.extend(line.points.last().map(|&last| End {
                at: chart.pixel(last),
                name: line.name.clone(),
                look,
            }));
        }
        let (_, top, right, bottom) = chart.inside();
        labels::draw(&body, ends, right, (top, bottom))
    })
}

/// The range of values, a factor wider at both ends.
fn range(values: impl Iterator<Item = f64>, air: f64) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, 0f64), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    (low / air, high * air)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_lines_are_named_and_seen() {
        let lines: Vec<NamedLine> = (0..15)
            .map(|i| NamedLine {
                name: format!("core <{i}>"),
                points: vec![(64.0, 900.0 + f64::from(i)), (512.0, 20_000.0)],
            })
            .collect();
        let picture = lines_on_logarithms("Lines", ("units", "instructions"), &lines).unwrap();
        for i in 0..15 {
            assert!(picture.svg().contains(&format!("core &lt;{i}&gt;")));
        }
        for tick in [
            "1000", "2000", "5000", "10 k", "20 k", "64", "128", "256", "512",
        ] {
            assert!(picture.svg().contains(&format!("\n{tick}\n")), "{tick}");
        }
        for thin in ["stroke-width=\"0\"", "opacity=\"0."] {
            assert!(!picture.svg().contains(thin));
        }
        picture.png().unwrap();
    }

    #[test]
    fn what_has_no_place_is_refused() {
        let line = |points| NamedLine {
            name: "a".into(),
            points,
        };
        for points in [vec![], vec![(0.0, 1.0)], vec![(1.0, f64::NAN)]] {
            assert!(lines_on_logarithms("", ("", ""), &[line(points)]).is_err());
        }
    }
}
