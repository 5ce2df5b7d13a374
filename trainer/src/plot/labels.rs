//! Names of series at the ends of their lines.

use plotters::prelude::*;

use super::style::{self, Area, DrawError, INK, Look};

/// Size of a name's type.
const TYPE: u32 = 13;
/// Pixels from a name to the next one below.
const LINE: i32 = 15;
/// Pixels from the end of a line to its name.
const LEADER: i32 = 22;

/// The end of a series' line, and its name.
#[derive(Clone, Debug)]
pub(super) struct End {
    /// Place in pixels of the whole picture.
    pub at: (i32, i32),
    /// Name to write.
    pub name: String,
    /// Look of the line.
    pub look: Look,
}

/// Pixels that names take at the right of a chart.
pub(super) fn room<'a>(names: impl Iterator<Item = &'a str>) -> u32 {
    let widest = names.map(width).max().unwrap_or(0);
    (LEADER + widest + 8).max(20) as u32
}

/// Pixels of a name.
fn width(name: &str) -> i32 {
    let layout = style::text(TYPE, INK).font.layout_box(name);
    layout.map_or(8 * name.len() as i32, |((left, _), (right, _))| {
        right - left
    })
}

/// Whether so many names have room one below another.
pub(super) fn fit(count: usize, height: u32) -> bool {
    count as i32 * LINE <= height as i32
}

/// Writes names beside the ends of lines, from `top` to `bottom`, so that none covers another; a thin line in the series'
/// colour leads from each end to its name. `x` is where lines end at the latest.
pub(super) fn draw(
    area: &Area<'_>,
    mut ends: Vec<End>,
    x: i32,
    (top, bottom): (i32, i32),
) -> Result<(), DrawError> {
    let (base_x, base_y) = area.get_base_pixel();
    ends.sort_by_key(|end| end.at.1);
    let wanted: Vec<i32> = ends.iter().map(|end| end.at.1).collect();
    let placed = apart(&wanted, LINE, (top, bottom));
    let text = style::text(TYPE, INK);
    for (end, y) in ends.iter().zip(placed) {
        let from = (end.at.0 - base_x, end.at.1 - base_y);
        let to = (x + LEADER - base_x, y - base_y);
        let knee = (x + 4 - base_x, from.1);
        let line = PathElement::new(vec![from, knee, (to.0 - 4, to.1)], end.look.colour);
        area.draw(&line)?;
        area.draw_text(&end.name, &text, (to.0, to.1 - TYPE as i32 / 2 - 1))?;
    }
    Ok(())
}

/// Places for names that want to be at the heights `wanted`, in rising order: `step` apart, inside of the range as far as they
/// have room there.
fn apart(wanted: &[i32], step: i32, (top, bottom): (i32, i32)) -> Vec<i32> {
    let mut placed = Vec::with_capacity(wanted.len());
    for &y in wanted {
        let least = placed.last().map_or(top, |last| last + step);
        placed.push(y.max(least));
    }
    let mut most = bottom;
    for y in placed.iter_mut().rev() {
        *y = (*y).min(most);
        most = *y - step;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lie_apart_and_inside() {
        let placed = apart(&[10, 11, 12, 90, 99, 99], 15, (0, 100));
        assert_eq!(placed, [10, 25, 40, 70, 85, 100]);
        assert!(fit(6, 100) && !fit(7, 100));
        assert_eq!(apart(&[], 15, (0, 100)), [0; 0]);
        // Too many go beyond the top, and still lie apart.
        let placed = apart(&[50; 9], 15, (0, 100));
        assert!(placed.windows(2).all(|pair| pair[1] - pair[0] >= 15));
    }
}
