//! Accuracy by person and by recording.

use super::markup::{folded, name, share, table};
use super::{Parts, RunReport};

/// Rows that are shown without unfolding, and in all.
const SHOWN: usize = 12;
const MOST: usize = 200;

/// The section's body; empty where neither persons nor recordings are known.
pub fn section(report: &RunReport) -> String {
    let parts = report.parts.iter().filter(|parts| !parts.rows.is_empty());
    parts.map(part).collect()
}

fn part(parts: &Parts) -> String {
    let mut rows = parts.rows.clone();
    let accuracy = |right: u64, windows: u64| right as f64 / windows.max(1) as f64;
    rows.sort_by(|a, b| {
        let (x, y) = (accuracy(a.right, a.windows), accuracy(b.right, b.windows));
        x.total_cmp(&y).then_with(|| a.name.cmp(&b.name))
    });
    let cells = |rows: &[super::Part]| {
        let head = [parts.what, "accuracy"].map(String::from);
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|part| vec![name(&part.name), share(part.right, part.windows)])
            .collect();
        table("names", &head, &rows)
    };
    let all = rows.len();
    let rest = if all == 1 { "" } else { "s, the worst first" };
    let mut body = format!("<h3>{all} {}{rest}</h3>\n", parts.what);
    body += &cells(&rows[..all.min(SHOWN)]);
    if all > SHOWN {
        let rest = &rows[SHOWN..all.min(MOST)];
        body += &folded(&format!("{} more", rest.len()), &cells(rest));
    }
    if all > MOST {
        body += &format!(
            "<p class=\"faint\">{} more are not shown.</p>\n",
            all - MOST
        );
    }
    body
}
