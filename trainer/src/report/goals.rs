//! Goals of the project, for the integer model on the test split, mean over seeds.

use super::Group;
use crate::data::Task;

/// A goal of a task.
pub(super) struct Goal {
    task: Task,
    measure: Measure,
    most_bytes: Option<f64>,
}

enum Measure {
    /// Accuracy of at least so many per cent.
    Accuracy(f64),
    /// Cross-entropy below this value, and no mistake.
    Loss(f64),
}

const fn accuracy(task: Task, percent: f64) -> Goal {
    Goal {
        task,
        measure: Measure::Accuracy(percent),
        most_bytes: None,
    }
}

const fn accuracy_within(task: Task, percent: f64, bytes: f64) -> Goal {
    Goal {
        most_bytes: Some(bytes),
        ..accuracy(task, percent)
    }
}

const GOALS: [Goal; 9] = [
    Goal {
        task: Task::Copy,
        measure: Measure::Loss(1e-5),
        most_bytes: None,
    },
    accuracy(Task::Smnist, 97.5),
    accuracy(Task::Pmnist, 96.5),
    accuracy(Task::Imdb, 87.5),
    accuracy(Task::Sst2, 83.0),
    accuracy_within(Task::Har2, 95.6, 1024.0),
    accuracy(Task::Har2, 96.8),
    accuracy_within(Task::Dsa19, 85.0, 3328.0),
    accuracy(Task::Dsa19, 86.0),
];

/// The goals of a task.
pub(super) fn of(task: Task) -> impl Iterator<Item = &'static Goal> {
    GOALS.iter().filter(move |goal| goal.task == task)
}

impl Goal {
    /// Text of the goal.
    pub(super) fn text(&self) -> String {
        let wanted = match self.measure {
            Measure::Accuracy(percent) => format!("≥ {percent} %"),
            Measure::Loss(loss) => format!("cross-entropy < {loss:e}, recall 100 %"),
        };
        self.most_bytes.map_or(wanted.clone(), |bytes| {
            format!("{wanted} in ≤ {} KB", bytes / 1024.0)
        })
    }

    /// Measured value, in the goal's measure.
    pub(super) fn measured(&self, group: &Group<'_>) -> String {
        let accuracy = format!("{} %", group.integer_accuracy().text(2));
        let measured = match self.measure {
            Measure::Accuracy(_) => accuracy,
            Measure::Loss(_) => {
                let loss = group.spread(|done| done.results.integer_test.loss);
                format!("cross-entropy {:.1e}, recall {accuracy}", loss.mean)
            }
        };
        match self.most_bytes {
            Some(_) => format!("{measured} in {:.0} bytes", group.bytes().mean),
            None => measured,
        }
    }

    /// Whether a group reaches it.
    pub(super) fn is_met(&self, group: &Group<'_>) -> bool {
        let good = match self.measure {
            Measure::Accuracy(percent) => group.integer_accuracy().mean >= percent,
            Measure::Loss(most) => group.done.iter().all(|done| {
                let integer = done.results.integer_test;
                integer.loss < most && integer.accuracy == 1.0
            }),
        };
        let small = self
            .most_bytes
            .is_none_or(|most| group.bytes().mean <= most);
        good && small
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn goals_are_judged_by_the_mean() {
        let report = report();
        let groups = report.groups();
        let [har, copy] = &groups[..] else {
            panic!("two groups")
        };
        let judged: Vec<(String, bool)> = of(Task::Har2)
            .map(|goal| (goal.text(), goal.is_met(har)))
            .collect();
        let expected = [
            ("≥ 95.6 % in ≤ 1 KB".to_string(), true),
            ("≥ 96.8 %".to_string(), false),
        ];
        assert_eq!(judged, expected);
        let goal = of(Task::Copy).next().expect("a goal");
        assert!(goal.is_met(copy));
        assert_eq!(goal.measured(copy), "cross-entropy 2.0e-6, recall 100.00 %");
    }
}
