//! Classes of the latest window and of those before.

use hadamrnn::monitor::{LastClass, State};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

/// Rows beside those of classes: border, answer, and what was before.
const OTHER_ROWS: u16 = 4;

/// Columns of a bar, at most.
const BAR: usize = 10;

/// Number of classes to show.
fn count(state: &State) -> usize {
    let logits = state.last.as_ref().map_or(0, |last| last.logits.len());
    state.classes.len().max(state.counts.len()).max(logits)
}

/// Rows that the classes take, with their border.
pub fn height(state: &State) -> u16 {
    u16::try_from(count(state)).unwrap_or(u16::MAX / 2) + OTHER_ROWS
}

/// Draws the answer, a row a class with its probability, and the answers before.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let Some(last) = &state.last else {
        let text = "waiting for the end of the first window";
        let text = super::wrap::wrapped(text, area.width.saturating_sub(2)).join("\n");
        let block = Block::bordered().title("classes");
        frame.render_widget(Paragraph::new(text).block(block), area);
        return;
    };
    let width = usize::from(area.width).saturating_sub(2);
    let mut lines = vec![Line::from(vec![
        Span::styled(
            state.class_name(last.class),
            Style::new().fg(Color::Green).add_modifier(Modifier::BOLD),
        ),
        Span::raw(format!("  window {}", last.index)),
        Span::styled(decided(state), Style::new().add_modifier(Modifier::BOLD)),
    ])];
    let rows = usize::from(area.height.saturating_sub(OTHER_ROWS));
    lines.extend(rows_of_classes(state, last, rows, width));
    let past = state.history.iter().rev().skip(1);
    let past: Vec<String> = past.map(|&class| state.class_name(class)).collect();
    lines.push(Line::raw(format!("before: {}", past.join(", "))));
    // Both are the same statement, as long as there is room.
    let (title, below) = match (state.logit_scale, area.width >= 36) {
        (Some(_), true) => (
            "class, probability, windows",
            "softmax of logits, not calibrated",
        ),
        (Some(_), false) => ("class, probability", "not calibrated"),
        (None, true) => ("class, logit, windows", "--model gives probabilities"),
        (None, false) => ("class, logit", "no --model"),
    };
    let block = Block::bordered().title(title).title_bottom(below);
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// What the model's decision says, and how many events there were; nothing of a model without one.
pub fn decided(state: &State) -> String {
    let Some(decided) = state.decided else {
        return String::new();
    };
    let name = decided.map_or("none".into(), |class| state.class_name(class));
    let events: u64 = state.events.iter().sum();
    format!("  decided: {name}, {events} events")
}

/// So many rows of classes: all of them, else the likeliest, and how many there are besides.
fn rows_of_classes(
    state: &State,
    last: &LastClass,
    rows: usize,
    width: usize,
) -> Vec<Line<'static>> {
    let count = count(state);
    let shares = state.probabilities();
    let answer = usize::from(last.class);
    let weight = |class: usize| match &shares {
        Some(shares) => shares.get(class).copied().unwrap_or(0.0),
        None => last.logits.get(class).copied().map_or(0.0, f64::from),
    };
    let mut chosen: Vec<usize> = (0..count).collect();
    let is_cut = count > rows;
    if is_cut {
        chosen.sort_by(|&a, &b| {
            let first = (b == answer).cmp(&(a == answer));
            first.then(weight(b).total_cmp(&weight(a))).then(a.cmp(&b))
        });
        chosen.truncate(rows.saturating_sub(1));
        chosen.sort_unstable();
    }
    let hidden = count - chosen.len();
    let widths = chosen
        .iter()
        .map(|&class| Span::raw(class_name(state, class)).width());
    let longest = widths.max().unwrap_or(0);
    let mut lines: Vec<Line<'static>> = (chosen.into_iter())
        .map(|class| {
            let share = shares.as_ref().map(|_| weight(class));
            let line = row(
                state,
                class,
                share,
                last.logits.get(class),
                [width, longest],
            );
            match class == answer {
                true => line.style(Style::new().fg(Color::Green)),
                false => line,
            }
        })
        .collect();
    if hidden > 0 && rows > 0 {
        lines.push(Line::raw(format!("… {hidden} more")));
    }
    lines
}

/// A class: its name, its probability with a bar, else its logit, and how often it was seen; `longest` is the width of the longest
/// name.
fn row(
    state: &State,
    class: usize,
    share: Option<f64>,
    logit: Option<&i32>,
    [width, longest]: [usize; 2],
) -> Line<'static> {
    let seen = state.counts.get(class).copied().unwrap_or(0);
    let number = match share {
        Some(share) => format!("{:>4.0} %", 100.0 * share),
        None => format!("{:>11}", logit.map_or(String::new(), i32::to_string)),
    };
    let number = match width >= 30 {
        true => format!("{number} {seen:>6}"),
        false => number,
    };
    // What the longest name leaves is the bar's.
    let beside_number = width.saturating_sub(number.len());
    let columns = match width >= 30 {
        true => beside_number.saturating_sub(longest + 1).min(BAR),
        false => 0,
    };
    let bar = share.map_or(String::new(), |share| bar(share, columns));
    let room = beside_number.saturating_sub(bar.chars().count());
    let name = shortened(&class_name(state, class), room.saturating_sub(1));
    let room = room.saturating_sub(Span::raw(name.as_str()).width());
    let name = format!("{name}{}", " ".repeat(room));
    Line::from(vec![
        Span::raw(name),
        Span::styled(bar, Style::new().add_modifier(Modifier::DIM)),
        Span::raw(number),
    ])
}

fn class_name(state: &State, class: usize) -> String {
    state.class_name(u16::try_from(class).unwrap_or(u16::MAX))
}

/// A name in at most so many columns. What is left out is from its middle, as names of classes often differ at their end.
fn shortened(name: &str, columns: usize) -> String {
    let width = |text: &str| Span::raw(text).width();
    if width(name) <= columns {
        return name.to_owned();
    }
    let characters: Vec<char> = name.chars().collect();
    let mut kept = (String::new(), String::new());
    for length in 1..characters.len() {
        // One character more of the start and of the end, by turns.
        let (first, last) = (length.div_ceil(2), characters.len() - length / 2);
        let start: String = characters[..first].iter().collect();
        let end: String = characters[last..].iter().collect();
        if width(&start) + width(&end) + 1 > columns {
            break;
        }
        kept = (start, end);
    }
    let (start, end) = kept;
    match columns {
        0 => String::new(),
        _ => format!("{start}…{end}"),
    }
}

/// A probability as a bar of so many columns, with its ground.
fn bar(share: f64, columns: usize) -> String {
    let filled = (share * columns as f64).round() as usize;
    format!(
        "{}{}",
        "━".repeat(filled.min(columns)),
        "─".repeat(columns.saturating_sub(filled))
    )
}
