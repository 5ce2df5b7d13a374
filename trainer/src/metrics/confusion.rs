//! Which classes were answered for which.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize, Serializer};

use super::Metrics;
use crate::visible;

/// Number of classes up to which a matrix may be shown, and of groups that are.
const MOST_SHOWN: usize = 20;
/// Columns of a screen.
const SCREEN: usize = 80;
/// Columns between two cells of a row.
const GAP: usize = 2;

/// Counts of answers by true class and answered class, and how often each class was trained on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Number of windows, `[true class][answered class]`.
    pub counts: Vec<Vec<u64>>,
    /// Number of training windows of each class; the commonest one is what a guess would be.
    pub trained: Vec<u64>,
    /// Lines about the data that belong beside an accuracy on them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// Answers by group or recording, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitAnswers>,
}

/// Number of answers to the windows of one group or recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitAnswers {
    /// Name of the group or recording.
    pub name: String,
    /// Number of its windows.
    pub windows: u64,
    /// Number of those that are answered right.
    pub right: u64,
}

impl Confusion {
    /// Counts pairs of the true class and the answered one; classes that are none of `classes` do not count.
    pub fn new(
        classes: Vec<String>,
        trained: &[usize],
        pairs: impl IntoIterator<Item = (u32, u32)>,
    ) -> Self {
        let mut counts = vec![vec![0; classes.len()]; classes.len()];
        for (class, answer) in pairs {
            let row = counts.get_mut(class as usize);
            if let Some(count) = row.and_then(|row| row.get_mut(answer as usize)) {
                *count += 1;
            }
        }
        Self {
            counts,
            trained: trained.iter().map(|&count| count as u64).collect(),
            classes,
            doubts: Vec::new(),
            units: Vec::new(),
        }
    }

    /// The same counts, with the answers by unit: pairs of its name and whether a window of it is answered right.
    pub fn with_units<'a>(mut self, answers: impl IntoIterator<Item = (&'a str, bool)>) -> Self {
        let mut units: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
        for (name, is_right) in answers {
            let [windows, right] = units.entry(name).or_default();
            *windows += 1;
            *right += u64::from(is_right);
        }
        let unit = |(name, [windows, right]): (&str, [u64; 2])| UnitAnswers {
            name: name.to_owned(),
            windows,
            right,
        };
        self.units = units.into_iter().map(unit).collect();
        self
    }

    /// Adds the counts of another matrix of the same classes; gives whether it is one.
    pub fn add(&mut self, other: &Self) -> bool {
        if self.classes != other.classes {
            return false;
        }
        for (row, others) in self.counts.iter_mut().zip(&other.counts) {
            for (count, other) in row.iter_mut().zip(others) {
                *count += other;
            }
        }
        for (count, other) in self.trained.iter_mut().zip(&other.trained) {
            *count += other;
        }
        for unit in &other.units {
            match self.units.iter_mut().find(|own| own.name == unit.name) {
                Some(own) => {
                    own.windows += unit.windows;
                    own.right += unit.right;
                }
                None => self.units.push(unit.clone()),
            }
        }
        self.units.sort_by(|a, b| a.name.cmp(&b.name));
        for doubt in &other.doubts {
            if !self.doubts.contains(doubt) {
                self.doubts.push(doubt.clone());
            }
        }
        true
    }

    /// One line with the accuracy of each group or recording, the lowest first; none where there are fewer than two.
    pub fn by_unit(&self) -> Option<String> {
        let mut units: Vec<&UnitAnswers> = self.units.iter().collect();
        let accuracy = |unit: &UnitAnswers| unit.right as f64 / unit.windows.max(1) as f64;
        units.sort_by(|a, b| accuracy(a).total_cmp(&accuracy(b)));
        let text = |unit: &&UnitAnswers| {
            let name = visible::name(&unit.name);
            format!("{name} {} of {}", percent(accuracy(unit)), unit.windows)
        };
        let shown: Vec<String> = units.iter().take(MOST_SHOWN).map(text).collect();
        let more = match units.len().saturating_sub(MOST_SHOWN) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        (units.len() > 1).then(|| {
            format!(
                "accuracy of each group or recording, lowest first: {}{more}",
                shown.join(", ")
            )
        })
    }

    /// The same counts, with lines that belong beside their accuracy.
    pub fn with_doubts(self, doubts: Vec<String>) -> Self {
        Self { doubts, ..self }
    }

    /// Number of windows of a class.
    pub fn windows(&self, class: usize) -> u64 {
        self.counts.get(class).map_or(0, |row| row.iter().sum())
    }

    /// Share of the windows of a class that are answered right, `0..=1`; none where it has no window.
    pub fn recall(&self, class: usize) -> Option<f64> {
        let right = self.counts.get(class)?.get(class)?;
        share(*right, self.windows(class))
    }

    /// Share of the answers of a class that are right, `0..=1`; none where it is never answered.
    pub fn precision(&self, class: usize) -> Option<f64> {
        let right = self.counts.get(class)?.get(class)?;
        share(*right, self.answers(class))
    }

    /// Number of windows that are answered as a class.
    pub fn answers(&self, class: usize) -> u64 {
        self.counts.iter().filter_map(|row| row.get(class)).sum()
    }

    /// Number of all windows.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Share of the windows that are answered right, `0..=1`; 0 where there are none.
    pub fn accuracy(&self) -> f64 {
        let right = (0..self.classes.len()).map(|class| self.counts[class][class]);
        share(right.sum(), self.total()).unwrap_or(0.0)
    }

    /// Mean of the recalls of the classes that have windows, `0..=1`; 0 where there are none.
    pub fn balanced_accuracy(&self) -> f64 {
        let recalls: Vec<f64> = (0..self.classes.len())
            .filter_map(|class| self.recall(class))
            .collect();
        recalls.iter().sum::<f64>() / recalls.len().max(1) as f64
    }

    /// The class that is commonest in training, and the accuracy that always answering it would have; none without classes.
    pub fn guess(&self) -> Option<(&str, f64)> {
        let (class, _) = (self.trained.iter().enumerate())
            .rev()
            .max_by_key(|(_, count)| **count)?;
        let accuracy = share(self.windows(class), self.total()).unwrap_or(0.0);
        Some((self.classes.get(class)?, accuracy))
    }

    /// One line: accuracy, balanced accuracy and the guess.
    pub fn summary(&self) -> String {
        let mut text = format!(
            "accuracy {}, balanced accuracy (mean recall of the classes) {}",
            percent(self.accuracy()),
            percent(self.balanced_accuracy())
        );
        if let Some((class, accuracy)) = self.guess() {
            let class = visible::name(class);
            let _ = write!(text, "; always answering \"{class}\" {}", percent(accuracy));
        }
        text
    }

    /// A warning where the answers are no better than always the same one.
    pub fn warning(&self) -> Option<String> {
        let (class, accuracy) = self.guess()?;
        (self.total() > 0 && self.accuracy() <= accuracy).then(|| {
            format!(
                "warning: this is no better than always answering \"{}\"",
                visible::name(class)
            )
        })
    }

    /// A table of recall and precision of each class and, where a screen has room for it, of what was answered; the first row is
    /// the head. Where it has none for names, answered classes go by the numbers that stand before the true ones.
    pub fn table(&self) -> Vec<Vec<String>> {
        self.shown_as().map_or_else(
            || self.table_as(Answered::Nowhere),
            |answered| self.table_as(answered),
        )
    }

    /// How answered classes are shown; none where they have no room.
    fn shown_as(&self) -> Option<Answered> {
        let width = |rows: Vec<Vec<String>>| -> usize {
            let columns = rows.first().map_or(0, Vec::len);
            let cell = |row: &Vec<String>, column: usize| row[column].chars().count();
            let widest = |column| rows.iter().map(|row| cell(row, column)).max().unwrap_or(0);
            (0..columns)
                .map(|column| widest(column) + GAP)
                .sum::<usize>()
        };
        let fits = |answered: &Answered| width(self.table_as(*answered)) <= SCREEN + GAP;
        let ways = [Answered::Names, Answered::Numbers].into_iter();
        ways.filter(|_| self.classes.len() <= MOST_SHOWN).find(fits)
    }

    fn table_as(&self, answered: Answered) -> Vec<Vec<String>> {
        let names = || self.classes.iter().map(|class| visible::name(class));
        let mut head = vec!["true class".to_owned()];
        match answered {
            Answered::Names => head.extend(names().map(|name| format!("as {name}"))),
            Answered::Numbers => {
                head.extend((1..=self.classes.len()).map(|number| format!("as {number}")));
            }
            Answered::Nowhere => {}
        }
        head.extend(["windows", "recall", "precision"].map(String::from));
        let mut rows = vec![head];
        for (class, name) in names().enumerate() {
            let mut row = match answered {
                Answered::Numbers => vec![format!("{} {name}", class + 1)],
                _ => vec![name],
            };
            if answered != Answered::Nowhere {
                row.extend(self.counts[class].iter().map(u64::to_string));
            }
            row.push(self.windows(class).to_string());
            let shares = [self.recall(class), self.precision(class)];
            row.extend(shares.map(|share| share.map_or("-".into(), percent)));
            rows.push(row);
        }
        rows
    }

    /// Whether [`table`](Self::table) leaves out what was answered, as it has no room on a screen.
    pub fn is_cut(&self) -> bool {
        self.shown_as().is_none()
    }

    /// The classes that are taken for others, the commonest first: number of windows, true class, answered class.
    pub fn confused(&self) -> Vec<(u64, usize, usize)> {
        let count = self.classes.len();
        let pairs = (0..count).flat_map(|class| (0..count).map(move |answer| (class, answer)));
        let mut wrong: Vec<(u64, usize, usize)> = pairs
            .filter(|(class, answer)| class != answer)
            .map(|(class, answer)| (self.counts[class][answer], class, answer))
            .filter(|(count, _, _)| *count > 0)
            .collect();
        wrong.sort_by_key(|&(count, class, answer)| (std::cmp::Reverse(count), class, answer));
        wrong
    }

    /// A table of the `most` commonest confusions, and how many more there are; the first row is the head.
    pub fn confused_table(&self, most: usize) -> (Vec<Vec<String>>, usize) {
        let wrong = self.confused();
        let head = ["true class", "answered as", "windows", "of the class"];
        let row = |&(count, class, answer): &(u64, usize, usize)| {
            let [class_name, answered] = [class, answer].map(|at| visible::name(&self.classes[at]));
            let share = share(count, self.windows(class)).map_or("-".into(), percent);
            vec![class_name, answered, count.to_string(), share]
        };
        let rows = std::iter::once(head.map(String::from).to_vec());
        let rows = rows.chain(wrong.iter().take(most).map(row)).collect();
        (rows, wrong.len().saturating_sub(most))
    }

    /// The whole matrix as comma-separated values: a row a true class, a column an answered one.
    ///
    /// # Errors
    /// There is none but of a writer in memory.
    pub fn to_csv(&self) -> anyhow::Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let head = std::iter::once("true class").chain(self.classes.iter().map(String::as_str));
        writer.write_record(head)?;
        for (class, counts) in self.classes.iter().zip(&self.counts) {
            let counts = counts.iter().map(u64::to_string);
            writer.write_record(std::iter::once(class.clone()).chain(counts))?;
        }
        Ok(writer.into_inner()?)
    }
}

/// How a table shows the answered classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answered {
    Names,
    Numbers,
    Nowhere,
}

/// Metrics of a split with the classes behind them.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Loss and accuracy.
    pub metrics: Metrics,
    /// The answered class of each sequence, in order; empty where every step has a target.
    pub answers: Vec<u32>,
}

impl Serialize for Evaluation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.metrics.serialize(serializer)
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confusion() -> Confusion {
        // Of "none" 98 of 98 right, of "fall" 1 of 2, of "jump" nothing there.
        let mut pairs = vec![(0, 0); 98];
        pairs.extend([(1, 0), (1, 1)]);
        let classes = ["none", "fall", "jump"].map(String::from).to_vec();
        Confusion::new(classes, &[300, 5, 1], pairs)
    }

    #[test]
    fn shares_are_those_of_their_definitions() {
        let confusion = confusion();
        assert_eq!(confusion.counts, [[98, 0, 0], [1, 1, 0], [0, 0, 0]]);
        assert_eq!(confusion.recall(0), Some(1.0));
        assert_eq!(confusion.recall(1), Some(0.5));
        assert_eq!(confusion.recall(2), None);
        assert_eq!(confusion.precision(0), Some(98.0 / 99.0));
        assert_eq!(confusion.precision(2), None);
        assert_eq!(confusion.accuracy(), 0.99);
        assert_eq!(confusion.balanced_accuracy(), 0.75);
        assert_eq!(confusion.guess(), Some(("none", 0.98)));
        assert_eq!(
            confusion.summary(),
            "accuracy 99.00 %, balanced accuracy (mean recall of the classes) 75.00 %; always answering \"none\" 98.00 %"
        );
    }

    #[test]
    fn the_guess_is_what_training_had_most_of() {
        // The test split has more of the other class.
        let classes = ["a", "b"].map(String::from).to_vec();
        let confusion = Confusion::new(classes, &[7, 3], [(1, 0), (1, 1), (1, 1), (0, 0)]);
        assert_eq!(confusion.guess(), Some(("a", 0.25)));
        assert_eq!(confusion.warning(), None);
        let classes = ["a", "b"].map(String::from).to_vec();
        let guessed = Confusion::new(classes, &[7, 3], [(0, 0), (0, 0), (1, 0)]);
        assert!(guessed.warning().unwrap().contains("\"a\""));
        assert_eq!(Confusion::new(vec![], &[], []).guess(), None);
    }

    #[test]
    fn matrices_add_up_by_unit() {
        let classes = || ["a", "b"].map(String::from).to_vec();
        let one = Confusion::new(classes(), &[3, 2], [(0, 0), (1, 0)]);
        let mut all = one.with_units([("ben", true), ("ann", false)]);
        let other = Confusion::new(classes(), &[2, 3], [(1, 1)]).with_units([("ann", true)]);
        assert!(all.add(&other.with_doubts(vec!["why".into()])));
        assert_eq!(
            (&all.counts, &all.trained),
            (&vec![vec![1, 0], vec![1, 1]], &vec![5, 5])
        );
        assert_eq!(all.doubts, ["why"]);
        assert_eq!(
            all.by_unit().unwrap(),
            "accuracy of each group or recording, lowest first: ann 50.00 % of 2, ben 100.00 % of 1"
        );
        assert!(!all.add(&Confusion::new(vec!["c".into()], &[1], [])));
    }

    #[test]
    fn tables_fit_a_screen() {
        let of = |count: usize, name: &str| {
            let classes = (0..count).map(|class| format!("{name} {class}")).collect();
            let pairs = (0..count as u32).flat_map(|class| [(class, class), (class, 1)]);
            Confusion::new(classes, &[], pairs)
        };
        let width = |rows: &[Vec<String>]| {
            let widest = |column: usize| rows.iter().map(|row| row[column].len()).max();
            let columns = 0..rows[0].len();
            columns
                .filter_map(widest)
                .map(|width| width + GAP)
                .sum::<usize>()
                - GAP
        };
        for (count, name, second) in [
            (3, "a", "as a 0"),
            (6, "walking", "as 1"),
            (20, "walking", "windows"),
            (21, "a", "windows"),
        ] {
            let confusion = of(count, name);
            let table = confusion.table();
            assert_eq!(table[0][1], second, "{count}");
            assert!(width(&table) <= SCREEN, "{count}: {table:?}");
            assert_eq!(confusion.is_cut(), second == "windows");
        }
        assert_eq!(of(6, "walking").table()[3][..2], ["3 walking 2", "0"]);
        let (pairs, more) = of(20, "a").confused_table(2);
        assert_eq!((pairs.len(), more), (3, 17));
        assert_eq!(pairs[1], ["a 0", "a 1", "1", "50.00 %"]);
    }

    #[test]
    fn tables_and_files() {
        let table = confusion().table();
        assert_eq!(
            table[0],
            [
                "true class",
                "as none",
                "as fall",
                "as jump",
                "windows",
                "recall",
                "precision"
            ]
        );
        assert_eq!(
            table[2],
            ["fall", "1", "1", "0", "2", "50.00 %", "100.00 %"]
        );
        assert_eq!(table[3], ["jump", "0", "0", "0", "0", "-", "-"]);
        let many: Vec<String> = (0..21).map(|class| format!("class {class}")).collect();
        let many = Confusion::new(many, &[], [(0, 20)]);
        assert!(many.is_cut());
        assert_eq!(
            many.table()[0],
            ["true class", "windows", "recall", "precision"]
        );
        let csv = String::from_utf8(many.to_csv().unwrap()).unwrap();
        assert_eq!(csv.lines().count(), 22);
        let first = csv.lines().nth(1).unwrap();
        assert!(
            first.starts_with("class 0,0,") && first.ends_with(",1"),
            "{first}"
        );
    }
}
