//! Style that all pictures share: colours, type, number formats.

use std::sync::OnceLock;

use anyhow::{Result, ensure};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

/// Surface that a picture is drawn on.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// Error of drawing.
pub(super) type DrawError =
    DrawingAreaErrorKind<<SVGBackend<'static> as DrawingBackend>::ErrorType>;

/// Name of the typeface. Browsers take their own sans-serif, PNG takes DejaVu Sans.
pub(super) const TYPEFACE: &str = "sans-serif";

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
/// Text of secondary weight.
pub(super) const FAINT_INK: RGBColor = RGBColor(110, 110, 110);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(228, 228, 228);

/// Okabe and Ito's colours, which people with any colour vision can tell apart; without their yellow, which is too
/// faint on white.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 0, 0),
];

/// The colour of the `i`th series.
pub(super) fn colour(i: usize) -> RGBColor {
    COLOURS[i % COLOURS.len()]
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
