//! Reports about a set of jobs, as Markdown, as one HTML file, as CSV and JSON, and as pictures; and about one run, as one
//! HTML file ([`RunReport`]); and about recordings ([`DataReport`]).

mod data;
mod goals;
mod html;
mod job;
mod kept;
mod markdown;
mod published;
mod run;
mod style;
mod table;

use std::path::Path;

use anyhow::{Context, Result};

use crate::config::RunConfig;
use crate::data::Task;
use crate::files::write_atomically;
use crate::jobs::{Done, Entry, Plan};
use crate::plot::{self, AccuracyPicture, Cost, Curve, Mark, Picture, Shape};
use crate::results::{self, Spread, Window};

pub use data::DataReport;
pub use job::JobReport;
pub use kept::NotKept;
pub use run::{
    CORES, ClassFacts, CoreCost, DataFacts, ModelFacts, Neighbour, Part, Parts, RunReport,
    WrongWindow, WrongWindows,
};

/// The jobs of a folder and what came out of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Title of the report.
    pub title: String,
    /// The command that planned the jobs.
    pub command: String,
    /// All jobs, in the order of the plan.
    pub jobs: Vec<JobReport>,
}

/// The finished jobs that differ in their seeds and folds only.
struct Group<'a> {
    name: &'a str,
    config: &'a RunConfig,
    jobs: Vec<&'a JobReport>,
    done: Vec<&'a Done>,
}

impl Group<'_> {
    fn spread(&self, of: impl Fn(&Done) -> f64) -> Spread {
        Spread::of(&self.done.iter().map(|done| of(done)).collect::<Vec<_>>())
    }

    fn bytes(&self) -> Spread {
        self.spread(|done| done.bytes as f64)
    }

    fn integer_accuracy(&self) -> Spread {
        self.spread(|done| 100.0 * done.results.integer_test.accuracy)
    }

    fn float_accuracy(&self) -> Spread {
        self.spread(|done| 100.0 * done.results.float_test.accuracy)
    }

    /// Whether its jobs are folds of a cross-validation.
    fn is_of_folds(&self) -> bool {
        let recordings = self.config.recordings.as_ref();
        recordings.is_some_and(|own| own.fold.is_some())
    }

    /// Instructions of a window on the board that results are told of: the most of its jobs; none where one is not known.
    fn window(&self) -> Option<Window> {
        let costs = self.jobs.iter().map(|job| job.window());
        let costs: Vec<&CoreCost> = costs.collect::<Option<_>>()?;
        Some(Window {
            board: results::BOARD.into(),
            instructions: costs.iter().map(|cost| cost.instructions).max()?,
            is_counted: costs.iter().all(|cost| cost.is_measured),
        })
    }

    fn on_sample(&self) -> bool {
        self.done.iter().any(|done| done.sample)
    }
}

/// A picture and its file.
struct Figure {
    file: String,
    caption: String,
    /// For paper and desktops.
    picture: Picture,
    /// For phones.
    narrow: Picture,
}

impl Report {
    /// Reads the jobs of `plan` in `out`. Those whose folders are missing or damaged say so, and stop no other.
    pub fn read(title: &str, out: &Path, plan: &Plan) -> Self {
        let job = |entry: &Entry| JobReport::read(out, entry);
        Self {
            title: title.into(),
            command: plan.command.clone(),
            jobs: plan.jobs.iter().map(job).collect(),
        }
    }

    /// The jobs whose folders are missing or damaged, and how.
    pub fn damages(&self) -> impl Iterator<Item = (&str, &str)> {
        let jobs = self.jobs.iter();
        jobs.filter_map(|job| Some((&*job.entry.name, job.damage.as_deref()?)))
    }

    /// Whether a folder of a job is missing or damaged.
    pub fn is_damaged(&self) -> bool {
        self.damages().next().is_some()
    }

    /// How many jobs there are, by what became of them, such as "2 of 4 jobs done, 1 failed, 1 waiting".
    pub fn summary(&self) -> String {
        let count = |status: &str| {
            let jobs = self.jobs.iter().filter(|job| job.status() == status);
            jobs.count()
        };
        let mut text = format!("{} of {} jobs done", count("done"), self.jobs.len());
        for status in ["failed", "damaged", "waiting"] {
            if count(status) > 0 {
                text += &format!(", {} {status}", count(status));
            }
        }
        text
    }

    /// Writes `report.md`, `report.html`, `results.csv`, `results.json`, `summary.json` and the pictures into `out`.
    ///
    /// # Errors
    /// A picture cannot be drawn, or `out` cannot be written.
    pub fn write(&self, out: &Path) -> Result<()> {
        let figures = self.figures()?;
        for figure in &figures {
            for extension in ["svg", "png"] {
                let path = out.join(&figure.file).with_extension(extension);
                figure.picture.save(&path)?;
            }
        }
        let markdown = self.markdown(&figures);
        let html = html::page(&self.title, &markdown, &figures);
        write_atomically(&out.join("report.md"), markdown.as_bytes())?;
        write_atomically(&out.join("report.html"), html.as_bytes())?;
        write_atomically(&out.join("results.csv"), &self.csv()?)?;
        let json = serde_json::to_string_pretty(&self.rows()).context("cannot encode results")?;
        write_atomically(&out.join("results.json"), (json + "\n").as_bytes())?;
        self.summary_rows().write(&out.join("summary.json"))
    }

    /// The groups with at least one finished job, in the order of the plan.
    fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for job in &self.jobs {
            let Some((config, done)) = job.result() else {
                continue;
            };
            let same = |group: &&mut Group<'_>| {
                group.name == job.entry.group && group.config.task == config.task
            };
            match groups.iter_mut().find(same) {
                Some(group) => {
                    group.jobs.push(job);
                    group.done.push(done);
                }
                None => groups.push(Group {
                    name: &job.entry.group,
                    config,
                    jobs: vec![job],
                    done: vec![done],
                }),
            }
        }
        groups
    }

    /// The tasks of all jobs, each once.
    pub fn tasks(&self) -> Vec<Task> {
        let mut tasks = Vec::new();
        for config in self.jobs.iter().filter_map(|job| job.config.as_ref()) {
            if !tasks.contains(&config.task) {
                tasks.push(config.task);
            }
        }
        tasks
    }

    /// A task's finished models in the picture of accuracy against bytes; nothing if none is finished.
    ///
    /// # Errors
    /// The picture cannot be drawn.
    pub fn accuracy_against_bytes(
        &self,
        task: Task,
        title: Option<&str>,
    ) -> Result<Option<Picture>> {
        self.accuracy_picture(task, title, Shape::Wide)
    }

    fn accuracy_picture(
        &self,
        task: Task,
        title: Option<&str>,
        shape: Shape,
    ) -> Result<Option<Picture>> {
        let marks = marks(task, &self.groups());
        if marks.iter().all(|mark| mark.published) {
            return Ok(None);
        }
        let default = format!("{task}: accuracy against bytes");
        let picture = AccuracyPicture {
            title: title.unwrap_or(&default),
            source: published::SOURCE,
            cost: Cost::Bytes,
            marks: &marks,
            ringed: None,
        };
        picture.draw(shape).map(Some)
    }

    fn figures(&self) -> Result<Vec<Figure>> {
        let mut figures = Vec::new();
        for task in self.tasks() {
            let accuracy = |shape| self.accuracy_picture(task, None, shape);
            if let Some(picture) = accuracy(Shape::Wide)?
                && let Some(narrow) = accuracy(Shape::Narrow)?
            {
                figures.push(Figure {
                    file: format!("accuracy-bytes-{task}.svg"),
                    caption: format!("{task}: accuracy against bytes"),
                    picture,
                    narrow,
                });
            }
            let curves = self.curves(task);
            if curves.iter().any(|curve| !curve.lines.is_empty()) {
                let title = format!("{task}: learning curves");
                figures.push(Figure {
                    file: format!("curves-{task}.svg"),
                    picture: plot::learning_curves(&title, &curves)?,
                    narrow: plot::learning_curves_as(Shape::Narrow, &title, &curves)?,
                    caption: title,
                });
            }
        }
        Ok(figures)
    }

    fn curves(&self, task: Task) -> Vec<Curve> {
        let is_begun = |job: &&JobReport| job.is_of(task) && !job.lines.is_empty();
        let jobs = self.jobs.iter().filter(is_begun);
        let curve = |job: &JobReport| Curve {
            name: job.entry.name.clone(),
            lines: job.lines.clone(),
        };
        jobs.map(curve).collect()
    }
}

/// Groups up to which a picture names all.
const MOST_NAMED: usize = 40;

/// A task's finished groups and what others published for it. Where many groups are named, only those that no smaller
/// one beats keep their names.
fn marks(task: Task, groups: &[Group<'_>]) -> Vec<Mark> {
    let of_task = groups.iter().filter(|group| group.config.task == task);
    let mut marks: Vec<Mark> = of_task
        .map(|group| Mark {
            name: group.name.into(),
            bytes: group.bytes().mean,
            accuracy: group.integer_accuracy().mean,
            spread: group.integer_accuracy().deviation,
            published: false,
        })
        .collect();
    if marks.len() > MOST_NAMED {
        let beaten = |mark: &Mark| {
            marks
                .iter()
                .any(|other| other.bytes <= mark.bytes && other.accuracy > mark.accuracy)
        };
        let beaten: Vec<bool> = marks.iter().map(beaten).collect();
        for (mark, beaten) in marks.iter_mut().zip(beaten) {
            if beaten {
                mark.name.clear();
            }
        }
    }
    marks.extend(published::marks(task));
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Results;
    use crate::jobs::{BoardRecord, Outcome, Record};
    use crate::metrics::Metrics;

    pub(super) fn report() -> Report {
        let metrics = |accuracy: f64, loss: f64| Metrics {
            loss,
            accuracy,
            count: 2947,
        };
        let job = |task: Task, seed: u64, outcome: Option<Outcome>| {
            let mut config = RunConfig::for_task(task);
            config.seed = seed;
            JobReport {
                entry: Entry {
                    name: format!("{task}-fast-{seed}"),
                    group: format!("{task} fast"),
                    settings: vec![],
                },
                config: Some(config),
                lines: vec![],
                cores: vec![],
                damage: None,
                record: outcome.map(|outcome| Record {
                    date: "2026-11-25 12:00 UTC".into(),
                    machine: "linux x86_64, 2 logical cores".into(),
                    outcome,
                }),
            }
        };
        let done = |accuracy: f64, loss: f64, bytes: usize| {
            Some(Outcome::Done(Box::new(Done {
                data: "the full set".into(),
                sample: false,
                epochs: 60,
                epoch: 41,
                train_seconds: 75.0,
                bytes,
                sha256: "00".into(),
                results: Results {
                    float_valid: Some(metrics(accuracy, loss)),
                    float_test: metrics(accuracy + 0.001, loss),
                    integer_test: metrics(accuracy, loss),
                },
                confusion: None,
                boards: vec![],
            })))
        };
        let error = "the data | are missing".to_string();
        let cost = |job: JobReport, instructions: u64, is_measured: bool| JobReport {
            cores: vec![CoreCost {
                board: results::BOARD,
                instructions,
                is_measured,
            }],
            ..job
        };
        Report {
            title: "Reproduction".into(),
            command: "hadamrnn reproduce har2 copy".into(),
            jobs: vec![
                cost(job(Task::Har2, 1, done(0.95, 0.2, 996)), 302_000, true),
                cost(job(Task::Har2, 2, done(0.97, 0.1, 996)), 302_268, false),
                job(Task::Har2, 3, Some(Outcome::Failed { error })),
                job(Task::Copy, 1, done(1.0, 2e-6, 1200)),
                job(Task::Copy, 2, None),
            ],
        }
    }

    #[test]
    fn groups_hold_the_finished_jobs() {
        let report = report();
        let groups = report.groups();
        let found: Vec<_> = groups.iter().map(|g| (g.name, g.done.len())).collect();
        assert_eq!(found, [("har2 fast", 2), ("copy fast", 1)]);
        assert_eq!(groups[0].integer_accuracy().text(2), "96.00 ± 1.41");
    }

    /// Names, machines, data, commands, errors and titles are those of a folder that may come from elsewhere.
    #[test]
    fn markup_in_any_text_is_text() {
        let evil =
            "<script>x</script> <b> </title> &amp; `<i>` | <u> [x](javascript:x) \u{1b}[1m\u{202e}";
        let mut report = report();
        report.title = evil.into();
        report.command = evil.into();
        for (i, job) in report.jobs.iter_mut().enumerate() {
            job.entry.name = format!("{i}{evil}");
            job.entry.group = evil.into();
            let Some(record) = &mut job.record else {
                continue;
            };
            (record.date, record.machine) = (evil.into(), evil.into());
            match &mut record.outcome {
                Outcome::Failed { error } => *error = evil.into(),
                Outcome::Done(done) => {
                    done.data = evil.into();
                    done.boards.push(BoardRecord {
                        board: evil.into(),
                        equal: 1,
                        windows: 1,
                        instructions_per_step: 1,
                        instructions_per_window: 1,
                        session_bytes: 1,
                        stack_bytes: 1,
                    });
                }
            }
        }
        let folder = tempfile::tempdir().unwrap();
        report.write(folder.path()).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let (html, svg) = (read("report.html"), read("accuracy-bytes-har2.svg"));
        for text in [&html, &svg] {
            for markup in ["<script", "<b>", "<i>", "<u>", "<a ", "\u{1b}", "\u{202e}"] {
                assert!(!text.contains(markup), "{markup:?} in {text}");
            }
        }
        assert_eq!(html.matches("</title>").count(), 1);
        let told = html.matches("&lt;script&gt;").count();
        assert!(told > 15, "{told} of the names are in {html}");
        assert!(
            html.contains("&amp;amp;") && html.contains("[x](javascript:x)"),
            "{html}"
        );
        let markdown = read("report.md");
        for markup in ["<script", "<b>", "<i>", "<u>", "</title"] {
            let unescaped = markdown.replace(r"\<", "");
            assert!(!unescaped.contains(markup), "{markup} in {markdown}");
        }
        let rows = markdown.lines().filter(|line| line.starts_with('|'));
        for row in rows.filter(|row| row.contains("script")) {
            // Two columns of circumstances, four of goals, six of boards, ten of results, ten of runs.
            let bars = row.matches('|').count();
            assert!([3, 5, 7, 9, 11].contains(&bars), "{row}");
        }
    }

    #[test]
    fn jobs_are_counted_by_what_became_of_them() {
        let mut report = report();
        assert_eq!(report.summary(), "3 of 5 jobs done, 1 failed, 1 waiting");
        assert!(!report.is_damaged());
        let lost = &mut report.jobs[0];
        (lost.config, lost.damage) = (None, Some("no config.toml".into()));
        assert_eq!(
            report.summary(),
            "2 of 5 jobs done, 1 failed, 1 damaged, 1 waiting"
        );
        assert_eq!(
            report.damages().collect::<Vec<_>>(),
            [("har2-fast-1", "no config.toml")]
        );
        assert_eq!(report.groups()[0].done.len(), 1);
    }

    #[test]
    fn a_report_is_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        report().write(folder.path()).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let html = read("report.html");
        // Each picture in a wide and a narrow shape.
        assert_eq!(html.matches("<svg").count(), 4);
        assert!(!html.contains("<img"), "all pictures are inside");
        assert!(read("report.md").contains("accuracy-bytes-har2.svg"));
        let csv = read("results.csv");
        assert_eq!(csv.lines().count(), 6);
        let rows: serde_json::Value = serde_json::from_str(&read("results.json")).unwrap();
        assert_eq!(rows[2]["error"], "the data | are missing");
        assert_eq!(rows[4]["status"], "waiting");
        let png = std::fs::read(folder.path().join("accuracy-bytes-har2.png")).unwrap();
        assert_eq!(png[1..4], *b"PNG");
    }
}
