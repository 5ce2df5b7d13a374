//! Which classes were answered for which.

use super::RunReport;
use super::data::of_split;
use super::markup::{grouped, name, percent, table};
use crate::metrics::Confusion;

/// Classes up to which the whole matrix is shown.
const MOST_CLASSES: usize = 40;
/// Confusions that are listed where it is not.
const MOST_LISTED: usize = 60;

/// The section's body.
pub fn section(report: &RunReport) -> String {
    let Some(confusion) = &report.confusion else {
        return String::new();
    };
    let intro = format!(
        "<p>Integer model, {}: a row a true class, a column an answered one.</p>\n",
        of_split(&report.split)
    );
    match confusion.classes.len() <= MOST_CLASSES {
        true => intro + &whole(confusion),
        false => intro + &listed(confusion),
    }
}

fn whole(confusion: &Confusion) -> String {
    let mut head = vec!["true \\ answered".to_owned()];
    head.extend(confusion.classes.iter().map(|class| name(class)));
    let row = |class: usize| {
        let all = confusion.windows(class);
        let mut row = vec![format!("<th>{}</th>", name(&confusion.classes[class]))];
        let counts = confusion.counts[class].iter().enumerate();
        row.extend(counts.map(|(answer, &count)| cell(count, all, answer == class)));
        row
    };
    let rows: Vec<Vec<String>> = (0..confusion.classes.len()).map(row).collect();
    table("names matrix", &head, &rows)
}

/// A cell whose ground is the deeper, the larger its share of the row.
fn cell(count: u64, all: u64, is_right: bool) -> String {
    if count == 0 {
        return "<td class=\"faint\">·</td>".into();
    }
    let colour = if is_right { "--right" } else { "--wrong" };
    let share = count as f64 / all.max(1) as f64;
    // Square root, so that few errors are seen, too; never so deep that ink is not legible on it.
    let depth = 0.1 + 0.45 * share.sqrt();
    format!("<td style=\"background:rgb(var({colour}) / {depth:.2})\">{count}</td>")
}

fn listed(confusion: &Confusion) -> String {
    let count = confusion.classes.len();
    let pairs = (0..count).flat_map(|class| (0..count).map(move |answer| (class, answer)));
    let mut wrong: Vec<(u64, usize, usize)> = pairs
        .filter(|(class, answer)| class != answer)
        .map(|(class, answer)| (confusion.counts[class][answer], class, answer))
        .filter(|(count, _, _)| *count > 0)
        .collect();
    wrong.sort_by_key(|&(count, class, answer)| (std::cmp::Reverse(count), class, answer));
    let rows: Vec<Vec<String>> = (wrong.iter().take(MOST_LISTED))
        .map(|&(count, class, answer)| {
            let share = count as f64 / confusion.windows(class).max(1) as f64;
            vec![
                name(&confusion.classes[class]),
                name(&confusion.classes[answer]),
                grouped(count),
                percent(share),
            ]
        })
        .collect();
    let head = ["true class", "answered", "windows", "of the class"].map(String::from);
    let more = wrong.len().saturating_sub(MOST_LISTED);
    format!(
        "<p>With {count} classes only the commonest confusions are shown; {more} more are not. \
         <code>eval --confusion FILE</code> writes the whole matrix of your own recordings.</p>\n{}",
        table("names", &head, &rows)
    )
}
