//! Instructions per step against hidden size, a line for each core and kernel.

use anyhow::Result;
use hadamrnn::plot::{NamedLine, Picture, lines_on_logarithms};

use super::table::DeviceRow;

/// Draws the figures. Cores whose figures are all equal to another's share its line.
pub fn draw(rows: &[DeviceRow]) -> Result<Picture> {
    let axes = ("hidden units", "instructions");
    lines_on_logarithms("Instructions per time step, 9 inputs", axes, &lines(rows))
}

fn lines(rows: &[DeviceRow]) -> Vec<NamedLine> {
    let mut lines: Vec<NamedLine> = Vec::new();
    // The instructions of a model that is compiled in are told by the table alone.
    for row in rows.iter().filter(|row| !row.known) {
        let name = format!("{}, {}", row.core, row.kernel.name());
        let point = (row.hidden as f64, row.instructions_per_step as f64);
        match lines.iter_mut().find(|line| line.name == name) {
            Some(line) => line.points.push(point),
            None => lines.push(NamedLine {
                name,
                points: vec![point],
            }),
        }
    }
    let mut distinct: Vec<NamedLine> = Vec::new();
    for line in lines {
        if distinct.iter().all(|other| other.points != line.points) {
            distinct.push(line);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::super::table::Results;
    use super::*;

    /// The committed picture is that of the committed figures.
    #[test]
    fn the_documented_picture_is_drawn_from_its_figures() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/bench/device");
        let figures = std::fs::read_to_string(format!("{folder}.json")).unwrap();
        let results: Results = serde_json::from_str(&figures).unwrap();
        let drawn = draw(&results.rows).unwrap();
        let path = format!("{folder}.svg");
        if std::env::var_os("HADAMRNN_REDRAW").is_some() {
            std::fs::write(&path, drawn.svg()).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap();
        assert!(
            committed == drawn.svg(),
            "draw it anew with HADAMRNN_REDRAW=1"
        );
        let points: usize = lines(&results.rows)
            .iter()
            .map(|line| line.points.len())
            .sum();
        assert!(points > 0 && points <= results.rows.len());
    }
}
