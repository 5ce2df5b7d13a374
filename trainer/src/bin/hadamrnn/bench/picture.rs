//! Instructions per step against hidden size, a line for each core and kernel.

use anyhow::{Result, anyhow};
use hadamrnn::integer::KernelName;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use super::table::DeviceRow;

/// Pixels.
const SIZE: (u32, u32) = (860, 520);

/// The picture as SVG. Cores whose figures are all equal to another's are not drawn.
pub fn draw(rows: &[DeviceRow]) -> Result<String> {
    // The typeface is only measured; the file names it and the viewer draws it.
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular())
        .map_err(|_| anyhow!("the built-in typeface cannot be read"))?;
    let mut text = String::new();
    draw_into(&mut text, &lines(rows)).map_err(|error| anyhow!("cannot draw: {error}"))?;
    Ok(text)
}

/// A core with a kernel.
struct Line {
    label: String,
    kernel: KernelName,
    /// Hidden sizes and instructions.
    points: Vec<(f64, f64)>,
}

fn lines(rows: &[DeviceRow]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for row in rows {
        let label = format!("{}, {}", row.core, row.kernel.name());
        let point = (row.hidden as f64, row.instructions_per_step as f64);
        match lines.iter_mut().find(|line| line.label == label) {
            Some(line) => line.points.push(point),
            None => lines.push(Line {
                label,
                kernel: row.kernel,
                points: vec![point],
            }),
        }
    }
    let mut distinct: Vec<Line> = Vec::new();
    for line in lines {
        if distinct.iter().all(|other| other.points != line.points) {
            distinct.push(line);
        }
    }
    distinct
}

fn draw_into(text: &mut String, lines: &[Line]) -> Result<(), Box<dyn std::error::Error>> {
    let all = || lines.iter().flat_map(|line| &line.points);
    let most = all().map(|point| point.1).fold(1.0, f64::max);
    let least = all().map(|point| point.1).fold(most, f64::min);
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .caption("Instructions per time step, 9 inputs", ("sans-serif", 18))
        .x_label_area_size(40)
        .y_label_area_size(80)
        .build_cartesian_2d(
            (56f64..580f64).log_scale().base(2.0),
            (least * 0.8..most * 1.3).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc("hidden units")
        .y_desc("instructions")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    for (i, line) in lines.iter().enumerate() {
        let color = Palette99::pick(i).mix(1.0);
        // One width for each kernel.
        let width = match line.kernel {
            KernelName::FwhtPacked => 3,
            KernelName::Fwht => 2,
            _ => 1,
        };
        chart
            .draw_series(LineSeries::new(
                line.points.iter().copied(),
                color.stroke_width(width),
            ))?
            .label(line.label.clone())
            .legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 18, y)], color.stroke_width(width))
            });
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .draw()?;
    root.present()?;
    Ok(())
}
