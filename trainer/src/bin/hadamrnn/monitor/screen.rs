//! The screen: classes and logits to the left, traces to the right.

use std::time::Instant;

use hadamrnn::monitor::{State, Trace};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph};

/// Colours of the traces of a group.
const COLOURS: [Color; 3] = [Color::Cyan, Color::Yellow, Color::Magenta];

/// Texts that the screen shows beside the stream.
#[derive(Clone, Copy, Debug)]
pub struct Heading<'a> {
    /// Board and model.
    pub title: &'a str,
    /// The recording, if there is one.
    pub recording: Option<&'a str>,
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, heading: Heading<'_>, state: &State, now: Instant) {
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(1),
    ]);
    let [top, middle, bottom] = rows.areas(frame.area());
    let [left, right] =
        Layout::horizontal([Constraint::Max(46), Constraint::Min(20)]).areas(middle);
    frame.render_widget(Line::from(heading.title).bold(), top);
    draw_classes(frame, left, state);
    draw_traces(frame, right, state);
    draw_foot(frame, bottom, heading, state, now);
}

fn draw_classes(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let Some(last) = &state.last else {
        let text = "waiting for the end of the first window";
        frame.render_widget(
            Paragraph::new(text).block(Block::bordered().title("classes")),
            area,
        );
        return;
    };
    let count = state
        .classes
        .len()
        .max(state.counts.len())
        .max(last.logits.len());
    let width = usize::from(area.width).saturating_sub(2);
    let mut lines = vec![
        Line::from(vec![
            Span::styled(
                state.class_name(last.class),
                Style::new().fg(Color::Green).bold(),
            ),
            Span::raw(format!("  window {}", last.index)),
        ]),
        Line::default(),
    ];
    for class in 0..count {
        let is_last = class == usize::from(last.class);
        let style = if is_last {
            Style::new().fg(Color::Green)
        } else {
            Style::new()
        };
        let name = state.class_name(class as u16);
        let seen = state.counts.get(class).copied().unwrap_or(0);
        lines.push(Line::styled(
            row(&name, last.logits.get(class), seen, width),
            style,
        ));
        if let Some(bar) = bar(&last.logits, class, width) {
            lines.push(Line::styled(bar, style.add_modifier(Modifier::DIM)));
        }
    }
    lines.push(Line::default());
    let past: Vec<String> = state.history.iter().rev().map(u16::to_string).collect();
    lines.push(Line::raw(format!("before: {}", past.join(" "))));
    let block = Block::bordered().title("class, logit, windows");
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// A class: its name, its logit, how often it was seen.
fn row(name: &str, logit: Option<&i32>, seen: u64, width: usize) -> String {
    let numbers = format!(
        "{:>11} {seen:>7}",
        logit.map_or(String::new(), i32::to_string)
    );
    let room = width.saturating_sub(numbers.len());
    let name: String = name.chars().take(room).collect();
    format!("{name:<room$}{numbers}")
}

/// How far a logit is from the least one, as a bar; none where there is one logit only.
fn bar(logits: &[i32], class: usize, width: usize) -> Option<String> {
    let logit = i64::from(*logits.get(class).filter(|_| logits.len() > 1)?);
    let least = i64::from(*logits.iter().min()?);
    let most = i64::from(*logits.iter().max()?);
    let share = (logit - least) as f64 / (most - least).max(1) as f64;
    Some("━".repeat((share * width as f64).round() as usize))
}

/// Three traces a chart: the axes of a sensor belong together.
fn draw_traces(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let groups: Vec<&[Trace]> = state.traces.chunks(3).collect();
    if groups.is_empty() {
        let block = Block::bordered().title("samples");
        frame.render_widget(Paragraph::new("waiting for samples").block(block), area);
        return;
    }
    let shares = vec![Constraint::Fill(1); groups.len()];
    for (group, area) in groups
        .iter()
        .zip(Layout::vertical(shares).split(area).iter())
    {
        draw_chart(frame, *area, group);
    }
}

fn draw_chart(frame: &mut Frame<'_>, area: Rect, group: &[Trace]) {
    let points: Vec<Vec<(f64, f64)>> = group
        .iter()
        .map(|trace| trace.points.iter().copied().collect())
        .collect();
    let all = || points.iter().flatten();
    let least = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
    let most = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, f64::max);
    if all().next().is_none() {
        frame.render_widget(Block::bordered().title("no samples yet"), area);
        return;
    }
    let x = [
        least(&mut all().map(|point| point.0)),
        most(&mut all().map(|point| point.0)),
    ];
    let y = [
        least(&mut all().map(|point| point.1)),
        most(&mut all().map(|point| point.1)) + 1.0,
    ];
    let mut title = Vec::new();
    let mut sets = Vec::new();
    for ((trace, points), colour) in group.iter().zip(&points).zip(COLOURS) {
        title.push(Span::styled(
            format!("{} ", trace.name),
            Style::new().fg(colour),
        ));
        sets.push(
            Dataset::default()
                .marker(Marker::Braille)
                .graph_type(GraphType::Line)
                .style(Style::new().fg(colour))
                .data(points),
        );
    }
    let labels = y.map(|value| format!("{value:.0}"));
    let chart = Chart::new(sets)
        .block(Block::bordered().title(Line::from(title)))
        .x_axis(Axis::default().bounds(x))
        .y_axis(Axis::default().bounds(y).labels(labels));
    frame.render_widget(chart, area);
}

fn draw_foot(frame: &mut Frame<'_>, area: Rect, heading: Heading<'_>, state: &State, now: Instant) {
    let mut spans = vec![Span::raw("q quit")];
    if let Some(recording) = heading.recording {
        spans.push(Span::raw("  space pause  "));
        spans.push(Span::styled(recording, Style::new().fg(Color::Red)));
    }
    if let Some(rate) = state.rate(now) {
        spans.push(Span::raw(format!("  {rate:.1} samples/s")));
    }
    let lost = [
        (state.lost_samples, "samples"),
        (state.lost_classes, "windows"),
    ];
    for (count, what) in lost.into_iter().filter(|(count, _)| *count > 0) {
        let text = format!("  {count} {what} lost");
        spans.push(Span::styled(text, Style::new().fg(Color::Yellow)));
    }
    frame.render_widget(Line::from(spans), area);
}

#[cfg(test)]
mod tests {
    use hadamrnn::link::Told;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    fn drawn(state: &State, recording: Option<&str>, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let heading = Heading {
            title: "qemu-m4: har2 (slot 0)",
            recording,
        };
        terminal
            .draw(|frame| draw(frame, heading, state, Instant::now()))
            .unwrap();
        let buffer = terminal.backend().buffer().clone();
        let cells = buffer.content().chunks(width.into());
        let rows = cells.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>());
        rows.collect::<Vec<_>>().join("\n")
    }

    fn state() -> State {
        let classes = ["walking".into(), "sitting".into()];
        let mut state = State::new(&classes, &["acc x".into(), "acc y".into()]);
        let now = Instant::now();
        for index in 0..100_u32 {
            let values = vec![(index * 20) as i16, -300];
            state.take(&Told::Sample { index, values }, now);
        }
        let logits = vec![-120, 4500];
        state.take(
            &Told::Class {
                index: 9,
                class: 1,
                logits,
            },
            now,
        );
        state
    }

    #[test]
    fn classes_logits_traces_and_recording_are_shown() {
        let text = drawn(&state(), Some("recording walk: 3 windows"), 120, 30);
        for part in [
            "qemu-m4: har2 (slot 0)",
            "sitting  window 9",
            "4500",
            "-120",
            "before: 1",
            "acc x",
            "1981",
            "recording walk: 3 windows",
            "q quit",
        ] {
            assert!(text.contains(part), "{part:?} is missing:\n{text}");
        }
    }

    #[test]
    fn every_size_of_a_terminal_is_drawn() {
        let (full, empty) = (state(), State::default());
        for width in [1, 2, 7, 20, 46, 80, 250] {
            for height in [1, 2, 3, 4, 10, 60] {
                drawn(&full, None, width, height);
                drawn(&empty, Some("recording"), width, height);
            }
        }
        assert!(drawn(&empty, None, 100, 10).contains("waiting"));
    }
}
