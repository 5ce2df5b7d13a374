//! The timeline: a column an answer, the newest at the right; what was answered, and below it what was decided.
//!
//! A class has a colour and a sign of its own, so that it is told without colours, too.

use hadamrnn::monitor::{Answered, State};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::classes::decided;
use super::wrap::wrapped_items;

/// Colours of classes; those after them have them again, with other signs.
const COLOURS: [Color; 12] = [
    Color::Blue,
    Color::Yellow,
    Color::Green,
    Color::Magenta,
    Color::Cyan,
    Color::Red,
    Color::LightBlue,
    Color::LightYellow,
    Color::LightGreen,
    Color::LightMagenta,
    Color::LightCyan,
    Color::LightRed,
];
/// Signs of classes; the classes after them share the last one.
const SIGNS: &[u8] = b"123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+";
/// Names of the rows, with a blank behind them.
const ANSWERED: &str = "answered ";
const DECIDED: &str = "decided  ";
/// Rows of the legend, at most.
const MOST_ROWS: usize = 2;
/// Rows of the border.
const BORDER: u16 = 2;

/// Rows that the timeline takes, with its border; none before the first answer.
pub fn height(state: &State, width: u16) -> u16 {
    if state.timeline.is_empty() {
        return 0;
    }
    let rows = if state.decided.is_some() { 2 } else { 1 };
    rows + legend(state, width).len() as u16 + BORDER
}

/// Draws it.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let shown = shown(state, area.width);
    let answered = shown.iter().map(|answer| match answer.class {
        Some(class) => cell(class),
        None => Span::raw(" "),
    });
    let mut lines = vec![row(ANSWERED, answered)];
    if state.decided.is_some() {
        let decided = shown.iter().map(|answer| match answer.decided {
            Some(Some(class)) => cell(class),
            Some(None) => Span::raw("·"),
            None => Span::raw(" "),
        });
        lines.push(row(DECIDED, decided));
    }
    lines.extend(legend(state, area.width));
    let time = match state.seconds_of_an_answer {
        Some(seconds) => format!(
            "the last {} of answers",
            duration(seconds * shown.len() as f64)
        ),
        None => format!("the last {} answers", shown.len()),
    };
    let title = format!("timeline{}", decided(state));
    let block = Block::bordered().title(title).title_bottom(time);
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// The answers that have room.
fn shown(state: &State, width: u16) -> Vec<&Answered> {
    let room = usize::from(width).saturating_sub(usize::from(BORDER) + ANSWERED.len());
    let skipped = state.timeline.len().saturating_sub(room);
    state.timeline.iter().skip(skipped).collect()
}

fn row<'a>(name: &'a str, cells: impl Iterator<Item = Span<'a>>) -> Line<'a> {
    std::iter::once(Span::raw(name)).chain(cells).collect()
}

fn sign(class: u16) -> char {
    let sign = SIGNS.get(usize::from(class)).or(SIGNS.last());
    sign.map_or('+', |&sign| char::from(sign))
}

fn cell(class: u16) -> Span<'static> {
    let colour = COLOURS[usize::from(class) % COLOURS.len()];
    Span::styled(
        sign(class).to_string(),
        Style::new().fg(Color::Black).bg(colour),
    )
}

/// Signs and names of the classes that are shown; of those that have no room the number.
fn legend(state: &State, width: u16) -> Vec<Line<'static>> {
    let shown = shown(state, width);
    let decided = shown.iter().filter_map(|answer| answer.decided);
    let mut classes: Vec<u16> = (shown.iter().filter_map(|answer| answer.class))
        .chain(decided.flatten())
        .collect();
    classes.sort_unstable();
    classes.dedup();
    let mut items: Vec<Span<'static>> = (classes.iter())
        .map(|&class| Span::raw(format!("{} {}", sign(class), state.class_name(class))))
        .collect();
    if state.decided.is_some() {
        items.insert(0, Span::raw("· none decided"));
    }
    let mut rows = wrapped_items(items, width.saturating_sub(BORDER));
    rows.truncate(MOST_ROWS);
    rows
}

/// A time in seconds or minutes.
fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 120.0 => format!("{seconds:.0} s"),
        seconds => format!("{:.0} min", seconds / 60.0),
    }
}
