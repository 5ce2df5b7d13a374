//! The report as one HTML file, from its Markdown.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use super::{Figure, style};
use crate::plot::Picture;
use crate::visible;

/// A page that needs no other file: the pictures that the Markdown links to are inside.
pub(super) fn page(title: &str, markdown: &str, figures: &[Figure]) -> String {
    let mut inside_image = false;
    let mut table = Table::default();
    let markup = |text: String| Event::InlineHtml(text.into());
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).flat_map(|event| match event {
        Event::Start(Tag::Image { ref dest_url, .. }) => {
            let figure = figures.iter().find(|figure| figure.file == **dest_url);
            inside_image = figure.is_some();
            vec![figure.map_or(event, |figure| markup(both(figure)))]
        }
        Event::End(TagEnd::Image) if inside_image => {
            inside_image = false;
            vec![]
        }
        // The text that stands for a picture where it cannot be shown.
        _ if inside_image => vec![],
        Event::Start(Tag::Table(_)) => {
            table = Table::default();
            vec![]
        }
        Event::End(TagEnd::Table) => vec![event, markup("</div>".into())],
        Event::Start(Tag::TableHead) => {
            table.is_in_head = true;
            vec![]
        }
        Event::End(TagEnd::TableHead) => {
            table.is_in_head = false;
            vec![markup(table.head())]
        }
        Event::Start(Tag::TableRow) => {
            table.column = 0;
            vec![event]
        }
        Event::Start(Tag::TableCell) if table.is_in_head => {
            table.names.push(String::new());
            vec![]
        }
        Event::End(TagEnd::TableCell) if table.is_in_head => vec![],
        // Names of columns are the report's own, without markup.
        Event::Text(ref text) if table.is_in_head => {
            let name = table.names.iter_mut().last();
            name.into_iter().for_each(|name| name.push_str(text));
            vec![]
        }
        Event::Start(Tag::TableCell) => vec![markup(table.cell())],
        Event::End(TagEnd::TableCell) => vec![markup("</td>".into())],
        // The report has no HTML of its own: this is a name.
        Event::Html(text) | Event::InlineHtml(text) => vec![Event::Text(text)],
        event => vec![event],
    });
    let mut body = String::new();
    html::push_html(&mut body, events);
    let title = escaped(&visible::text(title));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        style::sheet()
    )
}

/// A table, which scrolls inside of its own box; on a phone a row folds, and each cell has the name of its column.
#[derive(Default)]
struct Table {
    /// Names of the columns.
    names: Vec<String>,
    is_in_head: bool,
    /// Cells of the row so far.
    column: usize,
}

impl Table {
    /// The start of the table, up to its body. One whose columns have no names is a list of facts.
    fn head(&self) -> String {
        let is_named = self.names.iter().any(|name| !name.is_empty());
        let class = if is_named { "fold" } else { "facts" };
        let names = self.names.iter();
        let names = names.map(|name| format!("<th>{}</th>", escaped(name)));
        let names = match is_named {
            true => format!("<thead><tr>{}</tr></thead>", names.collect::<String>()),
            false => String::new(),
        };
        format!("<div class=\"scroll\"><table class=\"{class}\">{names}<tbody>\n")
    }

    /// The start of the next cell.
    fn cell(&mut self) -> String {
        let name = self.names.get(self.column).map_or("", String::as_str);
        self.column += 1;
        format!("<td data-h=\"{}\">", escaped(name))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

/// A picture in both shapes, of which the width of the page chooses.
fn both(figure: &Figure) -> String {
    let one = |class: &str, picture: &Picture| {
        format!("<span class=\"picture {class}\">{}</span>", picture.svg())
    };
    one("wide", &figure.picture) + &one("narrow", &figure.narrow)
}

#[cfg(test)]
mod tests {
    #[test]
    fn cells_have_the_names_of_their_columns_on_a_phone() {
        let text = "| | |\n|---|---|\n| command | `x` |\n\n| run | float, % | \"a\" & b |\n|---|---:|---|\n| a \\| *b* | 95.10 | c |\n| d | | |\n";
        let page = super::page("Runs", text, &[]);
        for part in [
            "<table class=\"facts\"><tbody>\n<tr><td data-h=\"\">command</td><td data-h=\"\"><code>x</code></td></tr>\n</tbody></table>\n</div>",
            "<table class=\"fold\"><thead><tr><th>run</th><th>float, %</th><th>&quot;a&quot; &amp; b</th></tr></thead><tbody>\n\
             <tr><td data-h=\"run\">a | <em>b</em></td><td data-h=\"float, %\">95.10</td><td data-h=\"&quot;a&quot; &amp; b\">c</td></tr>\n",
            "<tr><td data-h=\"run\">d</td><td data-h=\"float, %\"></td>",
        ] {
            assert!(page.contains(part), "{part}\n\n{page}");
        }
    }

    #[test]
    fn markup_in_names_is_text() {
        let page = super::page(
            "a < b & c",
            "a \\<script\\> and `<b>`\n\n<i>x</i>\n\n- <u>\n",
            &[],
        );
        for text in ["&lt;i&gt;x&lt;/i&gt;", "&lt;u&gt;"] {
            assert!(page.contains(text), "{page}");
        }
        assert!(page.contains("<title>a &lt; b &amp; c</title>"), "{page}");
        assert!(
            page.contains("a &lt;script&gt; and <code>&lt;b&gt;</code>"),
            "{page}"
        );
    }
}
