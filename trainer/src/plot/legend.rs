//! Titles, legends and bands of classes, as several pictures have them.

use plotters::prelude::*;

use super::style::{self, Area, DrawError, GRID, INK};
use super::{NARROW, Shape};
use crate::visible;

const WIDTH: u32 = 900;
/// Height of a title and one line of a legend.
pub(super) const HEADER_HEIGHT: u32 = 62;
/// Height of the title.
const TITLE: u32 = 32;
/// Height of a further line of a legend.
const LINE: u32 = 20;
/// Width of a sample of a series in a legend.
const SWATCH: i32 = 24;

/// Sizes that follow from a picture's shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub width: u32,
    /// Room for names at the left.
    pub names: i32,
    /// Characters of a name that fit there.
    pub longest: usize,
    /// Columns of panels.
    pub columns: u32,
    /// Size of the title's type.
    pub title: u32,
}

impl Sizes {
    pub const fn of(shape: Shape) -> Self {
        match shape {
            Shape::Wide => Self {
                width: WIDTH,
                names: 170,
                longest: 22,
                columns: 3,
                title: 19,
            },
            Shape::Narrow => Self {
                width: NARROW,
                names: 112,
                longest: 13,
                columns: 1,
                title: 15,
            },
        }
    }
}

/// How a legend shows a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Swatch {
    /// The line of a class.
    Line(usize),
    /// The band of a class.
    Band(usize),
    /// The band of none of the classes.
    Nothing,
    /// A mark below a band.
    Mark,
}

/// A name of a legend, and how it is shown.
pub(super) type Item<'a> = (&'a str, Swatch);

/// Draws a piece of a class's band. The first classes have colours of their own; the next have them again around a white middle,
/// and those after them around a middle with a line.
pub(super) fn draw_band(
    area: &Area<'_>,
    [(left, top), (right, bottom)]: [(i32, i32); 2],
    class: usize,
) -> Result<(), DrawError> {
    let colour = style::colour(class).filled();
    area.draw(&Rectangle::new([(left, top), (right, bottom)], colour))?;
    let round = class / style::SERIES % 3;
    if round == 0 {
        return Ok(());
    }
    let middle = [(left + 2, top + 2), (right - 2, bottom - 2)];
    if middle[0].0 < middle[1].0 {
        area.draw(&Rectangle::new(middle, style::SURFACE.filled()))?;
    }
    let y = (top + bottom) / 2;
    match round {
        2 => area.draw(&Rectangle::new([(left, y - 1), (right, y + 1)], colour)),
        _ => Ok(()),
    }
}

/// Draws a piece of the band of none of the classes.
pub(super) fn draw_nothing(area: &Area<'_>, ends: [(i32, i32); 2]) -> Result<(), DrawError> {
    area.draw(&Rectangle::new(ends, GRID.filled()))
}

/// Draws a mark that points up to a place.
pub(super) fn draw_mark(area: &Area<'_>, (x, y): (i32, i32)) -> Result<(), DrawError> {
    let corners = vec![(x, y), (x + 4, y + 7), (x - 4, y + 7)];
    area.draw(&Polygon::new(corners, INK.filled()))
}

/// Lines of a legend with these items.
fn legend_rows(items: &[Item<'_>], sizes: Sizes) -> Vec<Vec<usize>> {
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    let mut used = 0;
    for (i, (name, _)) in items.iter().enumerate() {
        let width = legend_width(name);
        if used + width > sizes.width as i32 - 32 && used > 0 {
            rows.push(Vec::new());
            used = 0;
        }
        used += width;
        rows.last_mut().into_iter().for_each(|row| row.push(i));
    }
    rows
}

fn legend_width(name: &str) -> i32 {
    8 * name.chars().count() as i32 + SWATCH + 22
}

/// Height of the lines of a legend after the first.
pub(super) fn legend_height(items: &[Item<'_>], sizes: Sizes) -> u32 {
    LINE * (legend_rows(items, sizes).len() as u32 - 1)
}

/// Height of title and legend; a picture may have no title.
pub(super) fn head_height(title: &str, items: &[Item<'_>], sizes: Sizes) -> u32 {
    let whole = HEADER_HEIGHT + legend_height(items, sizes);
    if title.is_empty() {
        whole - TITLE
    } else {
        whole
    }
}

/// Title and legend.
pub(super) fn head(
    area: &Area<'_>,
    title: &str,
    items: &[Item<'_>],
    sizes: Sizes,
) -> Result<(), DrawError> {
    let mut top = 10;
    if !title.is_empty() {
        area.draw_text(title, &style::text(sizes.title, INK), (16, top))?;
        top += TITLE as i32;
    }
    for (line, row) in legend_rows(items, sizes).iter().enumerate() {
        let (mut x, y) = (16, top + LINE as i32 * line as i32);
        for &i in row {
            let (name, swatch) = items[i];
            let (right, middle) = (x + SWATCH, y + 5);
            match swatch {
                Swatch::Band(class) => draw_band(area, [(x, y), (right, y + 10)], class)?,
                Swatch::Nothing => draw_nothing(area, [(x, y), (right, y + 10)])?,
                Swatch::Mark => draw_mark(area, (right - SWATCH / 2, y + 1))?,
                Swatch::Line(series) => {
                    let line = vec![(x, middle), (right, middle)];
                    style::stroke(area, line, style::look(series), 3)?;
                }
            }
            area.draw_text(name, &style::text(13, INK), (right + 6, y - 2))?;
            x += legend_width(name);
        }
    }
    Ok(())
}

/// A name that fits beside a strip.
pub(super) fn short(name: &str, sizes: Sizes) -> String {
    let name = visible::name(name);
    match name.chars().count() > sizes.longest {
        true => {
            // The end tells files of one folder apart.
            let end: Vec<char> = name.chars().rev().take(sizes.longest - 1).collect();
            std::iter::once('…').chain(end.into_iter().rev()).collect()
        }
        false => name,
    }
}
