//! The report as one HTML file, from its Markdown.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use super::Figure;
use crate::visible;

const STYLE: &str = "\
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; font-size: 0.93em; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid #ddd; padding: 0.25rem 0.7rem; vertical-align: top; }
th:empty { padding: 0; }
thead th { border-bottom: 2px solid #888; }
code { background: #f3f3f3; padding: 0.1em 0.3em; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; display: block; margin: 1rem 0; border: 1px solid #eee; }
";

/// A page that needs no other file: the pictures that the Markdown links to are inside.
pub(super) fn page(title: &str, markdown: &str, figures: &[Figure]) -> String {
    let mut inside_image = false;
    let events =
        Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|event| match event {
            Event::Start(Tag::Image { ref dest_url, .. }) => {
                let figure = figures.iter().find(|figure| figure.file == **dest_url);
                inside_image = figure.is_some();
                Some(figure.map_or(event, |figure| {
                    Event::InlineHtml(figure.picture.svg().to_string().into())
                }))
            }
            Event::End(TagEnd::Image) if inside_image => {
                inside_image = false;
                None
            }
            // The text that stands for a picture where it cannot be shown.
            _ if inside_image => None,
            // The report has no HTML of its own: this is a name.
            Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
            event => Some(event),
        });
    let mut body = String::new();
    html::push_html(&mut body, events);
    let title = visible::text(title)
        .replace('&', "&amp;")
        .replace('<', "&lt;");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
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
