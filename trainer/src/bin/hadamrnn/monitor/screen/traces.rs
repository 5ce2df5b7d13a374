//! Traces of the channels over time.

use std::time::Instant;

use hadamrnn::monitor::{State, Trace};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph};

/// Colours of the traces of a chart.
const COLOURS: [Color; 3] = [Color::Cyan, Color::Yellow, Color::Magenta];
/// Fewest rows of a chart that still shows something.
const FEWEST_ROWS: u16 = 5;

/// Draws as many charts as have room, three traces a chart: the axes of a sensor belong together.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, now: Instant) {
    let groups: Vec<&[Trace]> = state.traces.chunks(3).collect();
    if groups.is_empty() || area.height < FEWEST_ROWS {
        let text = match groups.is_empty() {
            true => "waiting for samples",
            false => "no room for traces",
        };
        let block = Block::bordered().title("samples");
        frame.render_widget(Paragraph::new(text).block(block), area);
        return;
    }
    let shown = groups.len().min(usize::from(area.height / FEWEST_ROWS));
    let hidden: usize = groups[shown..].iter().map(|group| group.len()).sum();
    let rate = state.stated_rate.or_else(|| state.rate(now));
    let shares = vec![Constraint::Fill(1); shown];
    let areas = Layout::vertical(shares).split(area);
    for (i, (group, area)) in groups.iter().zip(areas.iter()).enumerate() {
        let note = match hidden > 0 && i + 1 == shown {
            true => format!(" {hidden} more channels need more rows "),
            false => String::new(),
        };
        chart(frame, *area, group, rate, note);
    }
}

fn chart(frame: &mut Frame<'_>, area: Rect, group: &[Trace], rate: Option<f64>, note: String) {
    let (title, unit) = title(group, area.width.saturating_sub(2).into());
    let latest = group.iter().filter_map(|trace| trace.points.back());
    let latest = latest
        .map(|point| point.0)
        .fold(f64::NEG_INFINITY, f64::max);
    let block = Block::bordered().title(title).title_bottom(note);
    if latest == f64::NEG_INFINITY {
        frame.render_widget(Paragraph::new("no samples yet").block(block), area);
        return;
    }
    let place = |&(index, count): &(f64, f64), lsb: f64| {
        let before = index - latest;
        (rate.map_or(before, |rate| before / rate), count * lsb)
    };
    let points: Vec<Vec<(f64, f64)>> = group
        .iter()
        .map(|trace| {
            // A chart has one unit, that of all its traces, or counts.
            let lsb = trace.unit.as_ref().filter(|_| unit.is_some());
            let lsb = lsb.map_or(1.0, |unit| unit.lsb);
            trace.points.iter().map(|point| place(point, lsb)).collect()
        })
        .collect();
    let sets = points.iter().zip(COLOURS).map(|(points, colour)| {
        Dataset::default()
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(Style::new().fg(colour))
            .data(points)
    });
    let (x, x_labels) = time(&points, rate, area.width);
    let (y, y_labels) = values(&points, area.height);
    let chart = Chart::new(sets.collect())
        .block(block)
        .x_axis(Axis::default().bounds(x).labels(x_labels))
        .y_axis(Axis::default().bounds(y).labels(y_labels));
    frame.render_widget(chart, area);
}

/// Names of a chart's channels in their colours, and their unit if they have the same, in so many columns: where they have no
/// room, the names after the first are their ends alone, and where those have none, the unit stands first.
fn title(group: &[Trace], columns: usize) -> (Line<'static>, Option<String>) {
    let first = group.first().and_then(|trace| trace.unit.as_ref());
    let unit = first.filter(|_| group.iter().all(|trace| trace.unit.as_ref() == first));
    let unit = unit.map(|unit| unit.name.clone());
    let words = unit.clone().unwrap_or_else(|| "counts".into());
    let line = |names: Vec<String>| {
        let spans = names.into_iter().zip(COLOURS);
        let spans =
            spans.map(|(name, colour)| Span::styled(format!("{name} "), Style::new().fg(colour)));
        let mut line: Line<'static> = spans.collect();
        line.push_span(format!("in {words}"));
        line
    };
    let whole = line(group.iter().map(|trace| trace.name.clone()).collect());
    if whole.width() <= columns {
        return (whole, unit);
    }
    let mut short = line(ends(group));
    if short.width() > columns {
        short.spans.insert(0, format!("{words}: ").into());
    }
    (short, unit)
}

/// Names of channels, of which those after the first lack what all begin with, up to a separator.
fn ends(group: &[Trace]) -> Vec<String> {
    let names = || group.iter().map(|trace| trace.name.as_str());
    let first = names().next().unwrap_or_default();
    let is_shared = |start: &&str| names().all(|name| name.starts_with(start));
    let separators = first.match_indices(['_', '.', ' ', '-']);
    let starts = separators.map(|(at, separator)| &first[..at + separator.len()]);
    let shared = starts
        .filter(is_shared)
        .map(str::len)
        .next_back()
        .unwrap_or(0);
    let end = |(i, name): (usize, &str)| match i {
        0 => name.to_owned(),
        _ => name[shared..].to_owned(),
    };
    names().enumerate().map(end).collect()
}

/// Bounds of the time axis, and its labels: seconds before the latest sample, or samples where the rate is not known.
fn time(points: &[Vec<(f64, f64)>], rate: Option<f64>, width: u16) -> ([f64; 2], Vec<String>) {
    let least = points
        .iter()
        .flatten()
        .map(|point| point.0)
        .fold(0.0, f64::min);
    let least = if least < 0.0 { least } else { -1.0 };
    let unit = if rate.is_some() { "s" } else { "samples" };
    let label = |value: f64| match (value, rate) {
        (0.0, _) => format!("0 {unit}"),
        (_, Some(_)) => format!("{value:.1} {unit}"),
        (_, None) => format!("{value:.0} {unit}"),
    };
    let labels = match width >= 40 {
        true => vec![label(least), label(least / 2.0), label(0.0)],
        false => vec![label(least), label(0.0)],
    };
    ([least, 0.0], labels)
}

/// Bounds of the axis of values, and its labels.
fn values(points: &[Vec<(f64, f64)>], height: u16) -> ([f64; 2], Vec<String>) {
    let all = points.iter().flatten().map(|point| point.1);
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let (low, high) = match low < high {
        true => (low, high),
        false => (low - 1.0, high + 1.0),
    };
    let digits = match high - low {
        span if span >= 20.0 => 0,
        span if span >= 2.0 => 1,
        _ => 2,
    };
    let label = |value: f64| format!("{value:.digits$}");
    let labels = match height >= 9 {
        true => vec![label(low), label((low + high) / 2.0), label(high)],
        false => vec![label(low), label(high)],
    };
    ([low, high], labels)
}
