//! The data of a run: windows of each class in each split, notes and warnings.

use super::RunReport;
use super::markup::{self, folded, grouped, name, table, text};

/// Notes that are shown without unfolding.
const SHOWN_NOTES: usize = 6;
/// Classes that the table shows.
const MOST_CLASSES: usize = 200;

/// The section's body.
pub fn section(report: &RunReport) -> String {
    let data = &report.data;
    let mut body = format!("<p>From {}.</p>\n", text(&data.source));
    if data.classes.is_empty() {
        body += "<p>Every step of a sequence has a class of its own.</p>\n";
    } else {
        body += &counts(report);
    }
    for line in &data.lines {
        body += &format!("<p class=\"faint\">{}</p>\n", text(line));
    }
    body + &notes(&report.notes)
}

fn counts(report: &RunReport) -> String {
    let data = &report.data;
    let has_new = data.classes.iter().any(|class| class.windows[3] > 0);
    let mut head = vec!["class".to_owned()];
    // On a phone the word may break.
    head.extend(
        data.units
            .map(|units| units.replace("recordings", "record&shy;ings")),
    );
    head.extend(["windows", "train", "valid", "test"].map(String::from));
    head.extend(has_new.then(|| "new".into()));
    let cells = |label: String, units: String, windows: [usize; 4]| {
        let mut row = vec![label];
        row.extend(data.units.map(|_| units));
        let all = windows.iter().sum::<usize>();
        let counts = [all, windows[0], windows[1], windows[2]];
        row.extend(counts.map(|count| grouped(count as u64)));
        row.extend(has_new.then(|| grouped(windows[3] as u64)));
        row
    };
    let shown = data.classes.iter().take(MOST_CLASSES);
    let mut rows: Vec<Vec<String>> = shown
        .map(|class| cells(name(&class.name), class.units.to_string(), class.windows))
        .collect();
    let mut sum = [0; 4];
    for class in &data.classes {
        for (sum, windows) in sum.iter_mut().zip(class.windows) {
            *sum += windows;
        }
    }
    rows.push(cells("<b>all</b>".into(), String::new(), sum));
    let more = data.classes.len().saturating_sub(MOST_CLASSES);
    let more = match more {
        0 => String::new(),
        more => format!("<p class=\"faint\">{more} more classes are not shown.</p>\n"),
    };
    table("names stack", &head, &rows) + &more
}

fn notes(notes: &[String]) -> String {
    let (warnings, others): (Vec<&String>, Vec<&String>) =
        notes.iter().partition(|note| note.starts_with("warning:"));
    let mut body: String = warnings
        .iter()
        .map(|note| format!("<p class=\"warning\">{}</p>\n", text(note)))
        .collect();
    let list = |notes: &[&String]| -> String {
        let items = notes
            .iter()
            .map(|note| format!("<li>{}</li>\n", text(note)));
        format!("<ul class=\"notes\">\n{}</ul>\n", items.collect::<String>())
    };
    let shown = others.len().min(SHOWN_NOTES);
    if shown > 0 {
        body += &list(&others[..shown]);
    }
    if others.len() > shown {
        let title = format!("{} more notes", others.len() - shown);
        body += &folded(&title, &list(&others[shown..]));
    }
    if notes.is_empty() {
        body += "<p class=\"faint\">There is nothing to note or to warn of.</p>\n";
    }
    body
}

/// The split, for people.
pub fn of_split(split: &str) -> String {
    match split {
        "new" => "recordings that the run does not know".into(),
        split => format!("{} split", markup::name(split)),
    }
}
