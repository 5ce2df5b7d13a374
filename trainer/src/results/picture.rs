//! The picture of results: accuracy against instructions.

use anyhow::{Result, ensure};

use super::{BOARD, PeerRow, Results, SeededRow, ShippedRow};
use crate::data::Task;
use crate::plot::{AccuracyPicture, Cost, Mark, Picture, Shape};

impl Results {
    /// Test accuracy of a task's rows against their instructions of a window on the emulated Cortex-M4, in the colours of a light or a
    /// dark page, as narrow as a phone. Rows without one of the two are not in it.
    ///
    /// # Errors
    /// No row of the task has both, or the picture cannot be drawn.
    pub fn accuracy_against_instructions(&self, task: Task) -> Result<Picture> {
        let all = (self.seeds.iter().filter_map(seeded))
            .chain(self.shipped.iter().filter_map(shipped))
            .chain(self.peers.iter().filter_map(peer));
        let marks: Vec<Mark> = all
            .filter_map(|(of, mark)| (of == task).then_some(mark))
            .collect();
        ensure!(
            !marks.is_empty(),
            "no row of task {task} has an accuracy and instructions on {BOARD}"
        );
        let picture = AccuracyPicture {
            title: "",
            source: "other networks, same board",
            cost: Cost::Instructions,
            marks: &marks,
            ringed: None,
        };
        Ok(picture.draw(Shape::Narrow)?.with_dark_colours())
    }
}

fn seeded(row: &SeededRow) -> Option<(Task, Mark)> {
    let window = row.window.as_ref().filter(|window| window.board == BOARD)?;
    let accuracy = row.percent();
    let mark = Mark {
        name: row.id.clone(),
        bytes: window.instructions as f64,
        accuracy: accuracy.mean,
        spread: accuracy.deviation,
        published: false,
    };
    Some((row.task, mark))
}

fn shipped(row: &ShippedRow) -> Option<(Task, Mark)> {
    let mark = Mark {
        name: format!("models/{}", row.id),
        bytes: row.window_instructions() as f64,
        accuracy: 100.0 * row.integer_accuracy,
        spread: None,
        published: false,
    };
    (row.board == BOARD).then_some((row.task, mark))
}

fn peer(row: &PeerRow) -> Option<(Task, Mark)> {
    let mark = Mark {
        name: row.id.clone(),
        bytes: row.instructions? as f64,
        accuracy: 100.0 * row.accuracy?,
        spread: None,
        published: true,
    };
    Some((row.task, mark))
}

#[cfg(test)]
mod tests {
    use super::super::rows::testing::{peer, seeded, shipped};
    use super::{PeerRow, Results, Task};

    #[test]
    fn rows_with_accuracy_and_instructions_are_drawn_for_light_and_dark_pages() {
        let mut results = Results::default();
        assert!(results.accuracy_against_instructions(Task::Har2).is_err());
        results.put_seeded(seeded("har2 fast")).unwrap();
        results.put_shipped(shipped("har2")).unwrap();
        results.put_peer(peer("unknown LSTM")).unwrap();
        let known = PeerRow {
            accuracy: Some(0.95),
            ..peer("known LSTM")
        };
        results.put_peer(known).unwrap();
        let picture = results.accuracy_against_instructions(Task::Har2).unwrap();
        let svg = picture.svg();
        for text in [
            "har2 fast",
            "models/har2",
            "known LSTM",
            "prefers-color-scheme: dark",
        ] {
            assert!(svg.contains(text), "{text}");
        }
        assert!(!svg.contains("unknown LSTM"));
        picture.png().unwrap();
        assert!(results.accuracy_against_instructions(Task::Dsa19).is_err());
    }
}
