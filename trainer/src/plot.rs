//! Pictures: learning curves, accuracy against bytes, recordings, and streams over time.
//!
//! A picture is drawn once, as SVG. PNG is rendered from it, with a typeface that is part of the program, so that it
//! looks the same everywhere and needs no fonts on the machine.

mod accuracy_bytes;
mod chart;
mod curves;
mod fit_front;
mod labels;
mod legend;
mod log_lines;
mod quality;
mod style;
mod timeline;

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use crate::files::write_atomically;
use crate::visible;

pub use accuracy_bytes::{AccuracyPicture, Cost, Mark, accuracy_against_bytes};
pub use curves::{Curve, learning_curves, learning_curves_as};
pub use fit_front::{FrontMark, accuracy_against_instructions};
pub use log_lines::{NamedLine, lines_on_logarithms};
pub use quality::{channel_histograms, class_balance, recording_strips};
pub use style::{SERIES, dark_rules};
pub use timeline::{MOST_STREAMS, timelines};

/// Pixels of a PNG for each unit of the SVG.
const PNG_SCALE: f32 = 2.0;

/// Width of a narrow picture, in pixels.
const NARROW: u32 = 420;

/// Shape of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Wide, for a desktop and for paper.
    Wide,
    /// Narrow, with type that is legible where the picture is as wide as a phone; without a title.
    Narrow,
}

/// A finished picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    svg: String,
}

impl Picture {
    /// The picture as SVG.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// The picture with the colours of a dark page where the reader's pages are dark: for a page that shows it as an image.
    pub fn with_dark_colours(self) -> Self {
        let style = format!(
            "<style>@media (prefers-color-scheme: dark) {{\n{}}}</style>",
            style::dark_rules("svg")
        );
        let svg = match self.svg.split_once(">\n") {
            Some((head, body)) => format!("{head}>\n{style}\n{body}"),
            None => self.svg,
        };
        Self { svg }
    }

    /// The picture as PNG.
    ///
    /// # Errors
    /// It cannot be rendered.
    pub fn png(&self) -> Result<Vec<u8>> {
        let mut options = Options::default();
        let fonts = options.fontdb_mut();
        fonts.load_font_data(dejavu::sans::regular().to_vec());
        fonts.set_sans_serif_family("DejaVu Sans");
        let tree = Tree::from_str(&self.svg, &options).context("cannot read the drawn picture")?;
        let size = tree
            .size()
            .to_int_size()
            .scale_by(PNG_SCALE)
            .context("the picture has no size")?;
        let mut pixels =
            Pixmap::new(size.width(), size.height()).context("the picture has no size")?;
        let scale = Transform::from_scale(PNG_SCALE, PNG_SCALE);
        resvg::render(&tree, scale, &mut pixels.as_mut());
        pixels.encode_png().context("cannot encode the picture")
    }

    /// Writes the picture in the format that the file's extension names, `svg` or `png`.
    ///
    /// # Errors
    /// The extension is another one, or the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("svg") => write_atomically(path, self.svg.as_bytes()),
            Some("png") => write_atomically(path, &self.png()?),
            _ => bail!(
                "{}: a picture's name must end in .svg or .png",
                path.display()
            ),
        }
    }
}

/// Draws on a canvas of `size` units.
fn draw(
    size: (u32, u32),
    paint: impl FnOnce(&style::Area<'_>) -> Result<(), style::DrawError>,
) -> Result<Picture> {
    use plotters::prelude::{IntoDrawingArea, SVGBackend};
    style::register_typeface()?;
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    let painted = area.fill(&style::SURFACE).and_then(|()| paint(&area));
    painted
        .and_then(|()| area.present())
        .map_err(|error| anyhow!("cannot draw the picture: {error}"))?;
    drop(area);
    // The library escapes markup in names, but control characters are none of XML's.
    let svg = visible::text(&svg);
    Ok(Picture { svg })
}
