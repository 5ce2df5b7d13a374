//! Parts of a page. Texts of files are escaped here and nowhere else.

use std::fmt::Write;

use super::compact;
use crate::metrics::wilson;
use crate::plot::Picture;
use crate::report::style;
use crate::visible;
pub use crate::visible::grouped;

/// Rules that only this page has.
const RULES: &str = "\
.matrix td { text-align: center; padding: 0.2rem 0.25rem; min-width: 1.9rem; border: 1px solid var(--line); }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; padding: 0.4rem 0.2rem; max-height: 9rem; font-weight: normal; border: 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.matrix thead th:first-child { writing-mode: horizontal-tb; transform: none; font-size: 0.85rem; color: var(--faint); white-space: normal; }
.matrix tbody th { text-align: left; padding: 0.2rem 0.5rem 0.2rem 0; }
.pairs th:first-child, .pairs td:first-child { max-width: none; }
.key { display: none; font-size: 0.82rem; }
.key ol { columns: 9rem; column-gap: 0.5rem; padding-left: 1.7rem; margin: 0.3rem 0; }
.key li { break-inside: avoid; }
.wide-only { display: none; }
@media (max-width: 520px) {
  .stack tr { display: grid; grid-template-columns: repeat(var(--n), minmax(0, 1fr)); border-bottom: 1px solid var(--line); }
  .stack thead tr { border-bottom: 2px solid var(--faint); }
  .stack th, .stack td { border: 0; padding: 0.1rem 0.15rem 0.25rem; font-size: 0.75rem; min-width: 0; }
  .stack thead th { font-size: 0.68rem; font-weight: normal; }
  .stack th:first-child, .stack td:first-child { grid-column: 1 / -1; max-width: none; min-width: 0; padding-bottom: 0; font-size: 0.85rem; position: static; }
}
.ci { display: block; white-space: nowrap; color: var(--faint); font-size: 0.92em; }
.facts .ci { display: inline; }
.bar { display: block; height: 0.45rem; background: var(--box); position: relative; min-width: 4.5rem; margin-top: 0.3rem; }
.bar i { position: absolute; top: 0; bottom: 0; background: var(--s0); opacity: 0.45; }
.bar b { position: absolute; top: -2px; bottom: -2px; width: 3px; background: var(--ink); }
.windows { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 0.8rem; }
figure { margin: 0; background: var(--box); border-radius: 0.4rem; padding: 0.5rem 0.6rem; }
figure svg { width: 100%; height: auto; display: block; }
figcaption { font-size: 0.85rem; line-height: 1.35; }
.l { fill: none; stroke-width: 1.2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.k0 { stroke: var(--s0); } .k1 { stroke: var(--s1); } .k2 { stroke: var(--s2); }
.t0 { fill: var(--s0); } .t1 { fill: var(--s1); } .t2 { fill: var(--s2); }
figure text { font-size: 11px; } figure .r { fill: var(--faint); } figure .z { stroke: var(--line); }
";

/// A text of one line as HTML: nothing in it is markup, control characters are seen, and it is bounded.
pub fn name(text: &str) -> String {
    escape(&visible::name(text))
}

/// A text of any length as HTML.
pub fn text(text: &str) -> String {
    escape(&visible::text(text).replace('\n', " "))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character => escaped.push(character),
        }
    }
    escaped
}

/// The whole page: sections with their address, title and body. Those without a body are left out.
pub fn page(title: &str, sections: &[(&str, &str, String)]) -> String {
    let title = name(title);
    let present = || sections.iter().filter(|section| !section.2.is_empty());
    let mut links = String::new();
    let mut body = String::new();
    for (address, heading, section) in present() {
        let _ = write!(links, "<a href=\"#{address}\">{heading}</a> ");
        let _ = write!(
            body,
            "<section id=\"{address}\">\n<h2>{heading}</h2>\n{section}</section>\n"
        );
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{}{RULES}{}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<nav>{links}</nav>\n{body}<p class=\"faint\">Written by hadamrnn {}.</p>\n</body>\n</html>\n",
        style::sheet(),
        compact::rules(),
        env!("CARGO_PKG_VERSION")
    )
}

/// A table in a box of its own, which scrolls; cells are HTML. The first column stays in sight.
pub fn table(class: &str, head: &[String], rows: &[Vec<String>]) -> String {
    let columns = head.len().saturating_sub(1);
    let mut text = format!(
        "<div class=\"scroll\"><table class=\"{class}\" style=\"--n:{columns}\"><thead><tr>"
    );
    for cell in head {
        // A cell may bring attributes of its own.
        match cell.starts_with("<t") {
            true => text += cell,
            false => {
                let _ = write!(text, "<th>{cell}</th>");
            }
        }
    }
    text += "</tr></thead><tbody>\n";
    for row in rows {
        text += "<tr>";
        for cell in row {
            match cell.starts_with("<t") {
                true => text += cell,
                false => {
                    let _ = write!(text, "<td>{cell}</td>");
                }
            }
        }
        text += "</tr>\n";
    }
    text + "</tbody></table></div>\n"
}

/// Facts by name; values are HTML.
pub fn facts(rows: &[(&str, String)]) -> String {
    let rows = rows.iter().filter(|row| !row.1.is_empty());
    let rows: String = rows
        .map(|(name, value)| format!("<tr><th>{name}</th><td>{value}</td></tr>\n"))
        .collect();
    format!("<div class=\"scroll\"><table class=\"facts\"><tbody>\n{rows}</tbody></table></div>\n")
}

/// What is folded until it is wanted.
pub fn folded(summary: &str, body: &str) -> String {
    format!("<details><summary>{summary}</summary>\n{body}</details>\n")
}

/// A picture in both shapes, of which the width of the page chooses.
pub fn picture(label: &str, wide: &Picture, narrow: &Picture) -> String {
    let one = |class: &str, picture: &Picture| {
        let label = name(label);
        let svg = picture.svg().replacen(
            "<svg ",
            &format!("<svg role=\"img\" aria-label=\"{label}\" "),
            1,
        );
        format!("<div class=\"picture {class}\">{svg}</div>\n")
    };
    one("wide", wide) + &one("narrow", narrow)
}

/// A share in per cent, two decimals, as `eval` prints it.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// A share that was counted, with its interval, in words.
pub fn with_interval(right: u64, all: u64) -> String {
    let (low, high) = wilson(right, all);
    match all {
        0 => "–".into(),
        _ => format!(
            "{} <span class=\"ci\">({:.1}–{:.1})</span>",
            percent(right as f64 / all as f64),
            100.0 * low,
            100.0 * high
        ),
    }
}

/// A share that was counted, with its counts and its interval, also as a bar.
pub fn share(right: u64, all: u64) -> String {
    if all == 0 {
        return "–".into();
    }
    let (low, high) = wilson(right, all);
    let share = right as f64 / all as f64;
    let [low, high] = [low, high].map(|share| 100.0 * share);
    format!(
        "{}<span class=\"ci\">{} of {}</span><span class=\"ci\">({low:.1}–{high:.1})</span>\
         <span class=\"bar\"><i style=\"left:{low:.1}%;width:{:.1}%\"></i><b style=\"left:{:.1}%\"></b></span>",
        percent(share),
        grouped(right),
        grouped(all),
        high - low,
        (100.0 * share).min(99.0)
    )
}
