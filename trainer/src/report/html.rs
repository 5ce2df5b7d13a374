//! The report as one HTML file, from its Markdown.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use super::{Figure, style};
use crate::plot::Picture;
use crate::visible;

/// A page that needs no other file: the pictures that the Markdown links to are inside.
pub(super) fn page(title: &str, markdown: &str, figures: &[Figure]) -> String {
    let mut inside_image = false;
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
        // A table scrolls inside of its own box.
        Event::Start(Tag::Table(_)) => vec![markup("<div class=\"scroll\">".into()), event],
        Event::End(TagEnd::Table) => vec![event, markup("</div>".into())],
        // The report has no HTML of its own: this is a name.
        Event::Html(text) | Event::InlineHtml(text) => vec![Event::Text(text)],
        event => vec![event],
    });
    let mut body = String::new();
    html::push_html(&mut body, events);
    let title = visible::text(title)
        .replace('&', "&amp;")
        .replace('<', "&lt;");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        style::sheet()
    )
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
