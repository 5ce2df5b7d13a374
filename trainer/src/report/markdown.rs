//! The report as Markdown.

use super::{Figure, Group, JobReport, Report, goals};
use crate::visible;

impl Report {
    /// The report as Markdown; pictures are links to files beside it.
    pub(super) fn markdown(&self, figures: &[Figure]) -> String {
        let groups = self.groups();
        let mut text = format!("# {}\n\n", plain(&self.title));
        text += &self.circumstances();
        text += "## Results\n\n";
        text += &results(&groups);
        text += &goal_table(&groups);
        text += &board_table(&self.jobs);
        if !figures.is_empty() {
            text += "## Pictures\n\n";
        }
        for figure in figures {
            text += &format!("![{}]({})\n\n", figure.caption, figure.file);
        }
        text += &runs(&self.jobs);
        text += &failures(&self.jobs);
        text += &damages(self);
        text
    }

    fn circumstances(&self) -> String {
        let records = self.jobs.iter().filter_map(|job| job.record.as_ref());
        let (mut dates, mut machines): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for record in records {
            dates.push(&record.date);
            if !machines.contains(&&*record.machine) {
                machines.push(&record.machine);
            }
        }
        let when = match (dates.iter().min(), dates.iter().max()) {
            (Some(first), Some(last)) if first == last => (*first).to_string(),
            (Some(first), Some(last)) => format!("{first} to {last}"),
            _ => "not yet".into(),
        };
        let mut data: Vec<String> = Vec::new();
        for job in &self.jobs {
            let Some((config, done)) = job.result() else {
                continue;
            };
            let line = format!("{}: {}", config.task, done.data);
            if !data.contains(&line) {
                data.push(line);
            }
        }
        let rows = [
            ("command", code(&self.command)),
            ("measured", plain(&when)),
            ("machine", plain(&machines.join("; "))),
            ("data", plain(&data.join("; "))),
            ("version", plain(env!("CARGO_PKG_VERSION"))),
        ];
        let mut text = String::from("| | |\n|---|---|\n");
        for (name, value) in rows {
            text += &format!("| {name} | {value} |\n");
        }
        text + "\n"
    }
}

fn results(groups: &[Group<'_>]) -> String {
    if groups.is_empty() {
        return "No job is finished.\n\n".into();
    }
    // Jobs of a group differ in their seeds, or in their folds, too.
    let (mut over, mut count) = ("seeds", "seeds");
    if groups.iter().any(Group::is_of_folds) {
        over = match groups.iter().all(Group::is_of_folds) {
            true => "folds, each tested on other groups or recordings",
            false => "seeds, or over folds of a cross-validation",
        };
        count = "jobs";
    }
    let mut text = format!(
        "Test split, mean ± standard deviation (of the sample, n - 1) over {over}. The integer model is what runs on a board, and the \
         range is that of its accuracies; \"lost\" is the \
         float network's accuracy less the integer model's, in points. Instructions are those of a window and the reading of its answer \
         on an emulated Cortex-M4, counted, or with ≈ estimated. No weights were chosen by their test accuracy.\n\n\
         | model | {count} | bytes | instructions | training, s | float, % | integer, % | range, % | lost | integer loss |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for group in groups {
        let lost = group.spread(|done| {
            100.0 * (done.results.float_test.accuracy - done.results.integer_test.accuracy)
        });
        let loss = group.spread(|done| done.results.integer_test.loss).mean;
        text += &format!(
            "| {} | {} | {:.0} | {} | {} | {} | {} | {} | {:.2} | {} |\n",
            plain(group.name),
            group.done.len(),
            group.bytes().mean,
            group.window().map_or("–".into(), |window| window.text()),
            group.spread(|done| done.train_seconds).text(0),
            group.float_accuracy().text(2),
            group.integer_accuracy().text(2),
            group.integer_accuracy().range(2),
            lost.mean,
            if loss < 1e-3 {
                format!("{loss:.1e}")
            } else {
                format!("{loss:.4}")
            },
        );
    }
    text + "\n"
}

fn goal_table(groups: &[Group<'_>]) -> String {
    let mut rows = String::new();
    for group in groups {
        for goal in goals::of(group.config.task) {
            let verdict = match group.on_sample() {
                true => "not judged: measured on the sample",
                false if goal.is_met(group) => "**met**",
                false => "missed",
            };
            rows += &format!(
                "| {} | {} | {} | {verdict} |\n",
                plain(group.name),
                goal.text(),
                goal.measured(group)
            );
        }
    }
    if rows.is_empty() {
        return rows;
    }
    format!("## Goals\n\n| model | goal | measured | |\n|---|---|---|---|\n{rows}\n")
}

fn board_table(jobs: &[JobReport]) -> String {
    let mut rows = String::new();
    for job in jobs {
        for board in job.done().map_or(&[][..], |done| &done.boards) {
            rows += &format!(
                "| {} | {} | {} of {} | {} | {} | {} + {} |\n",
                plain(&job.entry.name),
                plain(&board.board),
                board.equal,
                board.windows,
                board.instructions_per_step,
                board.instructions_per_window,
                board.session_bytes,
                board.stack_bytes
            );
        }
    }
    if rows.is_empty() {
        return rows;
    }
    format!(
        "## Boards\n\n\"Equal\" counts windows whose class, logits and every state are the host's. RAM is session + stack.\n\n\
         | run | board | equal | instructions a step | a window | RAM, bytes |\n|---|---|---:|---:|---:|---:|\n{rows}\n"
    )
}

fn runs(jobs: &[JobReport]) -> String {
    let mut text = String::from(
        "## Runs\n\nEach run is a folder with its `config.toml`; `hadamrnn job FOLDER` repeats it.\n\n\
         | run | seed | state | epochs | chosen | validation, % | float, % | integer, % | bytes | training, s |\n\
         |---|---:|---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for job in jobs {
        let name = plain(&job.entry.name);
        let seed = job.config.as_ref().map(|config| config.seed.to_string());
        let head = format!("| {name} | {} |", seed.unwrap_or_default());
        text += &match job.done() {
            None => format!("{head} {} | | | | | | | |\n", job.status()),
            Some(done) => {
                let percent = |accuracy: f64| format!("{:.2}", 100.0 * accuracy);
                let results = &done.results;
                let valid = results.float_valid;
                format!(
                    "{head} done | {} | {} | {} | {} | {} | {} | {:.0} |\n",
                    done.epochs,
                    done.epoch,
                    valid.map_or("–".into(), |valid| percent(valid.accuracy)),
                    percent(results.float_test.accuracy),
                    percent(results.integer_test.accuracy),
                    done.bytes,
                    done.train_seconds
                )
            }
        };
    }
    text + "\n"
}

fn failures(jobs: &[JobReport]) -> String {
    let failed = jobs.iter().filter(|job| job.status() == "failed");
    let failed = failed.filter_map(|job| Some((&*job.entry.name, job.error()?)));
    list("Failed", "The same command tries them again.", failed)
}

fn damages(report: &Report) -> String {
    let remedy = "What could not be read is left out. The command that planned the jobs does what is missing again; where a \
                  file must be removed first, it says so.";
    list("Missing or damaged", remedy, report.damages())
}

fn list<'a>(title: &str, text: &str, items: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let item = |(name, error)| format!("- {}: {}\n", plain(name), plain(error));
    let items: String = items.map(item).collect();
    match items.is_empty() {
        true => items,
        false => format!("## {title}\n\n{text}\n\n{items}\n"),
    }
}

/// Text as it is, anywhere in Markdown: nothing in it is markup, neither Markdown's nor HTML's, nor ends a cell or a line.
fn plain(text: &str) -> String {
    let text = visible::text(text);
    let (mut escaped, mut before) = (String::new(), ' ');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let after = characters.peek().copied().unwrap_or(' ');
        match character {
            '\n' | '\t' => escaped.push(' '),
            // A cell ends at a bar, whatever stands before it.
            '|' => escaped.push_str("&#124;"),
            // Inside of a word it emphasises nothing.
            '_' if before.is_alphanumeric() && after.is_alphanumeric() => escaped.push('_'),
            _ => {
                if r"\`*_<>[]&~$#".contains(character) {
                    escaped.push('\\');
                }
                escaped.push(character);
            }
        }
        before = character;
    }
    escaped
}

/// Text as it is, as code where that can hold it: no backslash helps there.
fn code(text: &str) -> String {
    match text.contains(['`', '|', '\n', '\t']) {
        true => plain(text),
        false => format!("`{}`", visible::text(text)),
    }
}

#[cfg(test)]
mod tests {
    use crate::report::tests::report;

    #[test]
    fn the_tables_say_what_the_jobs_showed() {
        let text = report().markdown(&[]);
        for line in [
            "# Reproduction",
            "| command | `hadamrnn reproduce har2 copy` |",
            "| measured | 2026-11-25 12:00 UTC |",
            "| machine | linux x86_64, 2 logical cores |",
            "| har2 fast | 2 | 996 | ≈ 302,268 | 75 ± 0 | 96.10 ± 1.41 | 96.00 ± 1.41 | 95.00 - 97.00 | 0.10 | 0.1500 |",
            "| copy fast | 1 | 1200 | – | 75 | 100.10 | 100.00 | 100.00 | 0.10 | 2.0e-6 |",
            "| har2 fast | ≥ 95.6 % in ≤ 1 KB | 96.00 ± 1.41 % in 996 bytes | **met** |",
            "| har2 fast | ≥ 96.8 % | 96.00 ± 1.41 % | missed |",
            "| har2-fast-1 | 1 | done | 60 | 41 | 95.00 | 95.10 | 95.00 | 996 | 75 |",
            "| har2-fast-3 | 3 | failed | | | | | | | |",
            "| copy-fast-2 | 2 | waiting | | | | | | | |",
            "- har2-fast-3: the data &#124; are missing",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n\n{text}");
        }
        assert!(!text.contains("## Boards"));
    }
}
