//! The screen: classes with their probabilities, traces of the channels over time, and a timeline of answers and decisions. On a wide
//! terminal classes and traces stand side by side, on a narrow one above each other.

mod classes;
mod timeline;
mod traces;
mod wrap;

use std::time::Instant;

use hadamrnn::monitor::State;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use wrap::{wrapped, wrapped_items};

/// Columns from which on classes and traces stand side by side.
const WIDE: u16 = 70;
/// Rows that the timeline leaves to what is above it, at least.
const ABOVE_TIMELINE: u16 = 14;
/// Rows of the title, and of the foot, at most.
const MOST_ROWS: usize = 3;

/// Texts that the screen shows beside the stream.
#[derive(Clone, Copy, Debug)]
pub struct Heading<'a> {
    /// Board and model.
    pub title: &'a str,
    /// Warning that is shown whole, if there is one.
    pub warning: Option<&'a str>,
    /// The recording, if there is one.
    pub recording: Option<&'a str>,
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, heading: Heading<'_>, state: &State, now: Instant) {
    let width = frame.area().width;
    let warning = heading
        .warning
        .map_or(Vec::new(), |text| wrapped(text, width));
    let mut title = wrapped(heading.title, width);
    title.truncate(MOST_ROWS);
    let foot = foot(heading, state, now, width);
    let rows = Layout::vertical([
        Constraint::Length(warning.len() as u16),
        Constraint::Length(title.len() as u16),
        Constraint::Min(3),
        Constraint::Length(foot.len() as u16),
    ]);
    let [alert, top, middle, bottom] = rows.areas(frame.area());
    let warning: Vec<Line<'_>> = warning.into_iter().map(Line::from).collect();
    let style = Style::new().fg(Color::Black).bg(Color::Yellow);
    frame.render_widget(Paragraph::new(warning).style(style), alert);
    let title: Vec<Line<'_>> = title
        .into_iter()
        .map(|row| Line::from(row).bold())
        .collect();
    frame.render_widget(Paragraph::new(title), top);
    let [left, right, below] = split(middle, state);
    classes::draw(frame, left, state);
    traces::draw(frame, right, state, now);
    if below.height > 0 {
        timeline::draw(frame, below, state);
    }
    frame.render_widget(Paragraph::new(foot), bottom);
}

/// Areas of classes, traces and the timeline, which is left out where the others would have too little room.
fn split(area: Rect, state: &State) -> [Rect; 3] {
    let is_wide = area.width >= WIDE;
    // What classes need, but not more than half.
    let wanted = classes::height(state).min(area.height.div_ceil(2));
    let least = if is_wide {
        ABOVE_TIMELINE
    } else {
        wanted + ABOVE_TIMELINE
    };
    let height = timeline::height(state, area.width);
    let height = if area.height >= least + height {
        height
    } else {
        0
    };
    let [above, below] =
        Layout::vertical([Constraint::Min(0), Constraint::Length(height)]).areas(area);
    let [left, right] = match is_wide {
        true => Layout::horizontal([Constraint::Max(40), Constraint::Min(30)]).areas(above),
        false => Layout::vertical([Constraint::Length(wanted), Constraint::Min(0)]).areas(above),
    };
    [left, right, below]
}

/// Keys, recording, rate and losses, in as many rows as they take.
fn foot(heading: Heading<'_>, state: &State, now: Instant, width: u16) -> Vec<Line<'static>> {
    let mut items = vec![Span::raw("q quit")];
    if let Some(recording) = heading.recording {
        items.push(Span::raw("space pause"));
        items.push(Span::styled(
            recording.to_owned(),
            Style::new().fg(Color::Red),
        ));
    }
    if let Some(rate) = state.rate(now) {
        items.push(Span::raw(format!("{rate:.1} samples/s")));
    }
    let lost = [
        (state.lost_samples, "samples"),
        (state.lost_classes, "windows"),
    ];
    for (count, what) in lost.into_iter().filter(|(count, _)| *count > 0) {
        let text = format!("{count} {what} lost");
        items.push(Span::styled(text, Style::new().fg(Color::Yellow)));
    }
    let mut rows = wrapped_items(items, width);
    rows.truncate(MOST_ROWS);
    rows
}

#[cfg(test)]
mod tests;
