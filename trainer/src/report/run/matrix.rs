//! Which classes were answered for which.

use super::RunReport;
use super::data::of_split;
use super::markup::{grouped, name, percent, table};
use crate::metrics::Confusion;

/// Classes up to which the whole matrix is shown.
const MOST_CLASSES: usize = 40;
/// Confusions that are listed where it is not, and above it.
const MOST_LISTED: usize = 60;
const MOST_ABOVE: usize = 8;
/// Classes from which on a narrow screen has room for numbers alone, from which on a phone has for small ones, and from which on
/// every screen has for numbers alone; and the most of a narrow one.
const MANY: usize = 6;
const DENSE: usize = 16;
const HUGE: usize = 24;
const MOST_NARROW: usize = 24;

/// The section's body.
pub fn section(report: &RunReport) -> String {
    let Some(confusion) = &report.confusion else {
        return String::new();
    };
    let intro = format!("<p>Integer model, {}.</p>\n", of_split(&report.split));
    let count = confusion.classes.len();
    if count > MOST_CLASSES {
        let text = format!(
            "<p>With {count} classes only the commonest confusions are shown. <code>eval --confusion FILE</code> writes the whole matrix \
             of your own recordings.</p>\n"
        );
        return intro + &text + &listed(confusion, MOST_LISTED);
    }
    // Of two classes the matrix is the list.
    let list = match count > 2 {
        true => listed(confusion, MOST_ABOVE),
        false => String::new(),
    };
    intro + &list + &whole(confusion)
}

/// The whole matrix.
pub(super) fn whole(confusion: &Confusion) -> String {
    let count = confusion.classes.len();
    let class = match count {
        _ if count <= MANY => "",
        _ if count <= DENSE => "many",
        _ if count <= HUGE => "many dense",
        _ => "many huge",
    };
    let beyond = if count > MOST_NARROW { " beyond" } else { "" };
    let numbered =
        |(i, class): (usize, &String)| format!("<th data-n=\"{}\">{}</th>", i + 1, name(class));
    let mut head = vec!["<th>true \\ answered</th>".to_owned()];
    head.extend(confusion.classes.iter().enumerate().map(numbered));
    let row = |class: usize| {
        let all = confusion.windows(class);
        let mut row = vec![numbered((class, &confusion.classes[class]))];
        let counts = confusion.counts[class].iter().enumerate();
        row.extend(counts.map(|(answer, &count)| cell(count, all, answer == class)));
        row
    };
    let rows: Vec<Vec<String>> = (0..count).map(row).collect();
    let names: String = (confusion.classes.iter())
        .map(|class| format!("<li>{}</li>", name(class)))
        .collect();
    let key = format!(
        "<div class=\"key\">Classes by number; in per cent of the windows of the row, “all” where it is every one:<ol>{names}</ol></div>\n"
    );
    let key = if count > MANY { key } else { String::new() };
    let wide_only = match count > MOST_NARROW {
        true => format!(
            "<p class=\"faint wide-only\">The matrix of {count} classes is shown on a wider screen.</p>\n"
        ),
        false => String::new(),
    };
    format!(
        "<p>A row a true class, a column an answered one.</p>\n{wide_only}<div class=\"{class}{beyond}\">{}{key}</div>\n",
        table("names matrix", &head, &rows)
    )
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
    let percent = whole_percent(count, all).replace('<', "&lt;");
    format!(
        "<td data-p=\"{percent}\" style=\"background:rgb(var({colour}) / {depth:.2})\">{count}</td>"
    )
}

/// A share in whole per cent, of two characters at the most, and the word "all": three digits have no room.
fn whole_percent(count: u64, all: u64) -> String {
    let percent = 100.0 * count as f64 / all.max(1) as f64;
    match percent {
        _ if count >= all => "all".into(),
        ..=0.5 => "<1".into(),
        _ => format!("{:.0}", percent.min(99.0)),
    }
}

/// The commonest confusions, `most` of them.
fn listed(confusion: &Confusion, most: usize) -> String {
    let wrong = confusion.confused();
    if wrong.is_empty() {
        return "<p>No class is taken for another.</p>\n".into();
    }
    let rows: Vec<Vec<String>> = (wrong.iter().take(most))
        .map(|&(count, class, answer)| {
            let share = count as f64 / confusion.windows(class).max(1) as f64;
            let classes = [class, answer].map(|class| name(&confusion.classes[class]));
            vec![
                format!(
                    "{} <span class=\"faint\">answered as</span> {}",
                    classes[0], classes[1]
                ),
                grouped(count),
                percent(share),
            ]
        })
        .collect();
    let head = [
        "true class, and what was answered",
        "windows",
        "of the class",
    ]
    .map(String::from);
    let more = match wrong.len().saturating_sub(most) {
        0 => String::new(),
        more => format!("<p class=\"faint\">{more} more confusions are rarer.</p>\n"),
    };
    format!("{}{more}", table("names pairs", &head, &rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_room_in_a_narrow_cell() {
        for (count, all, text) in [
            (7, 7, "all"),
            (999, 1000, "99"),
            (995, 1000, "99"),
            (1, 1000, "<1"),
            (5, 1000, "<1"),
            (6, 1000, "1"),
            (1, 2, "50"),
        ] {
            let found = whole_percent(count, all);
            assert_eq!(found, text, "{count} of {all}");
            assert!(found == "all" || found.len() <= 2);
        }
    }
}
