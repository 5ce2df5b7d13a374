//! Style that all pictures share: colours, type, number formats.

use std::sync::OnceLock;

use anyhow::{Result, ensure};
use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

/// Surface that a picture is drawn on.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// Error of drawing.
pub(super) type DrawError =
    DrawingAreaErrorKind<<SVGBackend<'static> as DrawingBackend>::ErrorType>;

/// Name of the typeface. Browsers take their own sans-serif, PNG takes DejaVu Sans.
pub(super) const TYPEFACE: &str = "sans-serif";

/// Ground of a picture.
pub(super) const SURFACE: RGBColor = RGBColor(255, 255, 255);
/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
/// Text of secondary weight.
pub(super) const FAINT_INK: RGBColor = RGBColor(95, 95, 95);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(228, 228, 228);

/// Colours of the first series, each once. Those of one row have one pattern of dashes, and people with any colour vision tell
/// them apart (tested); those of different rows differ in their dashes, too. All stand out from white.
const COLOURS: [[RGBColor; 5]; 3] = [
    [
        RGBColor(0x00, 0x72, 0xB2),
        RGBColor(0xD5, 0x5E, 0x00),
        RGBColor(0x00, 0x8F, 0x68),
        RGBColor(0xB8, 0x58, 0x9A),
        RGBColor(0x22, 0x22, 0x22),
    ],
    [
        RGBColor(0x8C, 0x4B, 0x10),
        RGBColor(0x2E, 0x96, 0xD0),
        RGBColor(0xC0, 0x00, 0x3C),
        RGBColor(0x14, 0x24, 0x7A),
        RGBColor(0x80, 0x80, 0x80),
    ],
    [
        RGBColor(0x6A, 0x3D, 0xCB),
        RGBColor(0x7A, 0x80, 0x00),
        RGBColor(0x00, 0x7C, 0x8C),
        RGBColor(0xE0, 0x21, 0x8A),
        RGBColor(0x3F, 0x6B, 0x1E),
    ],
];

/// Pixels of a dash and of the gap after it, by row of colours; none is a solid line.
const DASHES: [Option<(i32, i32)>; 3] = [None, Some((10, 4)), Some((3, 3))];

/// Series up to which no two have one colour.
pub const SERIES: usize = 15;

/// Look of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    /// Colour of line and marks.
    pub colour: RGBColor,
    /// Pixels of a dash and of the gap after it; none is a solid line.
    pub dash: Option<(i32, i32)>,
}

/// The look of the `i`th series. The first 15 have colours of their own; each further 15 have them again, with other dashes.
pub(super) fn look(i: usize) -> Look {
    let row = i / 5;
    Look {
        colour: COLOURS[row % 3][i % 5],
        dash: DASHES[(row + i / SERIES) % 3],
    }
}

/// The colour of the `i`th series.
pub(super) fn colour(i: usize) -> RGBColor {
    look(i).colour
}

/// Draws a line through points in pixels of the area.
pub(super) fn stroke(
    area: &Area<'_>,
    points: Vec<(i32, i32)>,
    look: Look,
    width: u32,
) -> Result<(), DrawError> {
    let style = look.colour.stroke_width(width);
    match look.dash {
        None => area.draw(&PathElement::new(points, style)),
        Some((dash, gap)) => area.draw(&DashedPathElement::new(points, dash, gap, style)),
    }
}

/// Ground of a picture on a dark page.
const DARK_SURFACE: RGBColor = RGBColor(0x15, 0x18, 0x1C);

/// Rules of a style sheet that give pictures inside of elements that `selector` selects the colours of a dark page.
pub fn dark_rules(selector: &str) -> String {
    let series = COLOURS
        .iter()
        .flatten()
        .map(|&colour| (colour, lightened(colour)));
    let others = [
        (SURFACE, DARK_SURFACE),
        (INK, RGBColor(225, 225, 225)),
        (FAINT_INK, RGBColor(165, 165, 165)),
        (GRID, RGBColor(58, 62, 68)),
    ];
    let mut rules = String::new();
    for (light, dark) in others.into_iter().chain(series) {
        let (light, dark) = (hexadecimal(light), hexadecimal(dark));
        for property in ["fill", "stroke"] {
            rules += &format!("{selector} [{property}=\"{light}\"]{{{property}:{dark}}}\n");
        }
    }
    rules
}

fn hexadecimal(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// A colour with as much white as it needs to stand out from the dark ground.
fn lightened(RGBColor(red, green, blue): RGBColor) -> RGBColor {
    let mixed = |share: f64| {
        let mix = |part: u8| (f64::from(part) + share * (255.0 - f64::from(part))).round() as u8;
        RGBColor(mix(red), mix(green), mix(blue))
    };
    let shares = (0..=20).map(|i| mixed(f64::from(i) / 20.0));
    let mut bright = shares.filter(|&colour| contrast(colour, DARK_SURFACE) >= 4.5);
    bright.next().unwrap_or(SURFACE)
}

/// Contrast of two colours as WCAG defines it, 1 to 21.
fn contrast(a: RGBColor, b: RGBColor) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: RGBColor) -> f64 {
    let [red, green, blue] = linear(colour);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// Linear light of a colour, `0..=1`.
fn linear(RGBColor(red, green, blue): RGBColor) -> [f64; 3] {
    [red, green, blue].map(|part| match f64::from(part) / 255.0 {
        part if part <= 0.04045 => part / 12.92,
        part => ((part + 0.055) / 1.055).powf(2.4),
    })
}

/// Text of `size` in a colour.
pub(super) fn text(size: u32, colour: RGBColor) -> TextStyle<'static> {
    (TYPEFACE, size).into_font().color(&colour)
}

/// Makes the typeface known to the layout of pictures, once.
pub(super) fn register_typeface() -> Result<()> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let register = || register_font(TYPEFACE, FontStyle::Normal, dejavu::sans::regular()).is_ok();
    ensure!(
        *REGISTERED.get_or_init(register),
        "the built-in typeface cannot be read"
    );
    Ok(())
}

/// Pixels of a text of size 14.
pub(super) fn text_width(name: &str) -> i32 {
    let layout = text(14, INK).font.layout_box(name);
    layout.map_or(8 * name.len() as i32, |((left, _), (right, _))| {
        right - left
    })
}

/// A name of at most so many pixels, with an ellipsis where it is cut.
pub(super) fn shortened(name: &str, pixels: i32) -> String {
    if text_width(name) <= pixels {
        return name.into();
    }
    let mut kept = name.to_owned();
    while text_width(&kept) + 14 > pixels && kept.pop().is_some() {}
    kept + "…"
}

/// A number of bytes, short: "996 B", "3.25 KB", "1.2 MB" (1 KB is 1,024 bytes).
pub(super) fn bytes(count: f64) -> String {
    let (value, unit) = match count {
        count if count < 1000.0 => (count, "B"),
        count if count < 1000.0 * 1024.0 => (count / 1024.0, "KB"),
        count => (count / (1024.0 * 1024.0), "MB"),
    };
    let text = match value {
        value if value < 10.0 && unit != "B" => format!("{value:.2}"),
        value if value < 100.0 && unit != "B" => format!("{value:.1}"),
        value => format!("{value:.0}"),
    };
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{text} {unit}")
}

/// The smallest range of round bounds around values, with some air; `(0, 1)` for no values.
pub(super) fn round_range(values: impl Iterator<Item = f64>, least_step: f64) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    if low > high {
        return (0.0, 1.0);
    }
    let step = (10f64.powf(((high - low) / 4.0).max(least_step).log10().floor())).max(least_step);
    let air = 0.04 * (high - low).max(step);
    (
        ((low - air) / step).floor() * step,
        ((high + air) / step).ceil() * step,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Colours as people see them with normal vision, and without one of the three kinds of cones (Machado et al. 2009).
    const VISIONS: [[[f64; 3]; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ];

    /// CIELAB coordinates of a colour in a vision.
    fn seen(colour: RGBColor, vision: &[[f64; 3]; 3]) -> [f64; 3] {
        let light = linear(colour);
        let part = |row: &[f64; 3]| -> f64 {
            let sum: f64 = row.iter().zip(light).map(|(a, b)| a * b).sum();
            sum.clamp(0.0, 1.0)
        };
        let [r, g, b] = [part(&vision[0]), part(&vision[1]), part(&vision[2])];
        let f = |t: f64| match t > 0.008856 {
            true => t.cbrt(),
            false => 7.787 * t + 16.0 / 116.0,
        };
        let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
        let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
        let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn no_two_of_fifteen_series_look_alike_to_anybody_and_none_is_faint() {
        for i in 0..SERIES {
            assert!(contrast(look(i).colour, SURFACE) >= 3.0, "{i}");
            assert!(
                contrast(lightened(look(i).colour), DARK_SURFACE) >= 4.5,
                "{i}"
            );
            for j in 0..i {
                let (a, b) = (look(i), look(j));
                assert_ne!(a.colour, b.colour, "{i} {j}");
                if a.dash != b.dash {
                    continue;
                }
                for vision in &VISIONS {
                    let (a, b) = (seen(a.colour, vision), seen(b.colour, vision));
                    let parts = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
                    let distance = parts.sum::<f64>().sqrt();
                    assert!(distance >= 10.0, "{i} and {j} are {distance} apart");
                }
            }
        }
        let looks: Vec<Look> = (0..45).map(look).collect();
        assert!((0..45).all(|i| !looks[..i].contains(&looks[i])));
    }

    #[test]
    fn every_colour_of_a_picture_has_a_dark_one() {
        let rules = dark_rules(".picture");
        for colour in [
            "#FFFFFF", "#282828", "#5F5F5F", "#E4E4E4", "#0072B2", "#3F6B1E",
        ] {
            assert!(
                rules.contains(&format!(".picture [stroke=\"{colour}\"]")),
                "{colour}"
            );
        }
    }

    #[test]
    fn bytes_are_short() {
        for (count, text) in [
            (996.0, "996 B"),
            (1024.0, "1 KB"),
            (3328.0, "3.25 KB"),
            (71.0 * 1024.0, "71 KB"),
            (525.0 * 1024.0, "525 KB"),
            (1.5 * 1024.0 * 1024.0, "1.5 MB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn ranges_hold_their_values() {
        assert_eq!(round_range(std::iter::empty(), 1.0), (0.0, 1.0));
        for values in [[91.3, 96.81], [50.0, 50.0], [0.0, 100.0]] {
            let (low, high) = round_range(values.into_iter(), 1.0);
            assert!(low < values[0] && values[1] < high, "{low} {high}");
            assert_eq!((low.fract(), high.fract()), (0.0, 0.0));
        }
    }
}
