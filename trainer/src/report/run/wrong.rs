//! Windows that the model answers wrong: which are shown, and how.

use std::collections::BTreeMap;

use super::RunReport;
use super::drawing::{Drawing, Scale};
use super::markup::{grouped, name, table};
use crate::usage::Channel;

/// Windows that are shown, in all and of each confusion.
const MOST: usize = 48;
const MOST_OF_PAIR: usize = 12;

/// A window that is answered wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WrongWindow {
    /// Its number in the split, from 0.
    pub index: usize,
    /// Number of its true class.
    pub class: usize,
    /// Number of the class that is answered.
    pub answer: usize,
    /// Probability of the answer by the model's logits, `0..=1`; not calibrated.
    pub probability: f64,
    /// Recording that it is from, where it is known.
    pub recording: Option<String>,
    /// Person that it is from, where it is known.
    pub person: Option<String>,
    /// File and line of its first sample, and its start in seconds from the start of its interval of one label, as far as
    /// they are known.
    pub place: Option<String>,
    /// Samples `[steps][channels]`; empty of those that are not shown, and of tokens.
    pub samples: Vec<f32>,
}

/// Windows that are answered wrong, those that are shown first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WrongWindows {
    /// Windows that are shown, in the order of the page.
    pub shown: Vec<WrongWindow>,
    /// Number of windows of each confusion, by true and answered class, the commonest first.
    pub pairs: Vec<((usize, usize), usize)>,
}

impl WrongWindows {
    /// Chooses which of `all` are shown: the surest of each confusion first, confusions by their number of windows, and so on
    /// round by round. Those of one confusion come together.
    pub fn choose(all: Vec<WrongWindow>) -> Self {
        let mut by_pair: BTreeMap<(usize, usize), Vec<WrongWindow>> = BTreeMap::new();
        for window in all {
            let pair = (window.class, window.answer);
            by_pair.entry(pair).or_default().push(window);
        }
        let mut pairs: Vec<((usize, usize), Vec<WrongWindow>)> = by_pair.into_iter().collect();
        pairs.sort_by_key(|(pair, windows)| (std::cmp::Reverse(windows.len()), *pair));
        for (_, windows) in &mut pairs {
            windows.sort_by(|a, b| {
                let surer = b.probability.total_cmp(&a.probability);
                surer.then(a.index.cmp(&b.index))
            });
        }
        let counts = pairs.iter().map(|(pair, windows)| (*pair, windows.len()));
        let counts: Vec<((usize, usize), usize)> = counts.collect();
        let mut quota = vec![0; counts.len()];
        let mut left = MOST;
        for round in 0..MOST_OF_PAIR {
            for (quota, (_, count)) in quota.iter_mut().zip(&counts) {
                if left > 0 && *count > round {
                    *quota += 1;
                    left -= 1;
                }
            }
        }
        let shown = pairs.into_iter().zip(quota);
        let shown = shown.flat_map(|((_, windows), quota)| windows.into_iter().take(quota));
        Self {
            shown: shown.collect(),
            pairs: counts,
        }
    }

    /// Number of all windows that are answered wrong.
    pub fn count(&self) -> usize {
        self.pairs.iter().map(|(_, count)| count).sum()
    }
}

/// The section's body.
pub fn section(report: &RunReport) -> String {
    let (Some(confusion), wrong) = (&report.confusion, &report.wrong) else {
        return String::new();
    };
    let count = wrong.count();
    if count == 0 {
        return "<p>None.</p>\n".into();
    }
    let hidden = count - wrong.shown.len();
    let mut body = format!(
        "<p>{} of {} windows; {} {} shown, the surest wrong answers of each confusion first, {} not. The probability is the \
         softmax of the model's integer logits; it is not calibrated.</p>\n",
        grouped(count as u64),
        grouped(report.sequences as u64),
        wrong.shown.len(),
        if wrong.shown.len() == 1 { "is" } else { "are" },
        grouped(hidden as u64)
    );
    let class = |class: usize| {
        confusion
            .classes
            .get(class)
            .map_or("?".into(), |class| name(class))
    };
    let is_drawn = wrong.shown.iter().any(|window| !window.samples.is_empty());
    body += &match is_drawn {
        true => drawn(report, &class),
        false => listed(wrong, &class),
    };
    let unseen = wrong.pairs.len() - shown_pairs(wrong).len();
    if unseen > 0 {
        body +=
            &format!("<p class=\"faint\">Of {unseen} more confusions no window is shown.</p>\n");
    }
    body
}

/// Confusions of which windows are shown, with the number of their windows.
fn shown_pairs(wrong: &WrongWindows) -> Vec<((usize, usize), usize)> {
    let is_shown = |pair: &(usize, usize)| {
        let mut shown = wrong.shown.iter();
        shown.any(|window| (window.class, window.answer) == *pair)
    };
    let pairs = wrong.pairs.iter().copied();
    pairs.filter(|(pair, _)| is_shown(pair)).collect()
}

fn drawn(report: &RunReport, class: &dyn Fn(usize) -> String) -> String {
    let (wrong, model) = (&report.wrong, &report.model);
    let samples = wrong.shown.iter().map(|window| window.samples.as_slice());
    let scales = Scale::of(&samples.collect::<Vec<&[f32]>>(), &model.channels);
    let drawing = Drawing {
        channels: &model.channels,
        scales: &scales,
    };
    let mut body = time_axis(report, &scales, &model.channels);
    for ((truth, answer), count) in shown_pairs(wrong) {
        let windows = wrong.shown.iter();
        let windows: Vec<&WrongWindow> = windows
            .filter(|window| (window.class, window.answer) == (truth, answer))
            .collect();
        body += &format!(
            "<h3>{} answered as {}: {} window{}, {} shown</h3>\n<div class=\"windows\">\n",
            class(truth),
            class(answer),
            grouped(count as u64),
            if count == 1 { "" } else { "s" },
            windows.len()
        );
        for window in windows {
            let caption = caption(window, class);
            body += &format!(
                "<figure>{}<figcaption>{caption}</figcaption></figure>\n",
                drawing.svg(&window.samples)
            );
        }
        body += "</div>\n";
    }
    body
}

/// Tells what the pictures show.
fn time_axis(report: &RunReport, scales: &[Scale], channels: &[Channel]) -> String {
    let model = &report.model;
    let rate = model
        .rate_hz
        .map(|rate| rate / model.decimation.max(1) as f32);
    let width = match rate.filter(|rate| *rate > 0.0) {
        Some(rate) => format!("{:.2} s", model.window as f32 / rate),
        None => format!("{} steps", model.window),
    };
    let drawn: usize = scales.iter().map(|scale| scale.channels.len()).sum();
    let more = match channels.len() - drawn {
        0 => String::new(),
        more => format!(" {more} more channels are not drawn."),
    };
    format!(
        "<p class=\"faint\">A picture is {width} wide. A row of channels has one scale in all pictures, which is written at its right.{more}</p>\n"
    )
}

fn caption(window: &WrongWindow, class: &dyn Fn(usize) -> String) -> String {
    let mut parts = vec![format!(
        "<b>{}</b> answered as <b>{}</b>, {:.0}&nbsp;%",
        class(window.class),
        class(window.answer),
        100.0 * window.probability
    )];
    parts.extend(origin(window));
    parts.join("<br>")
}

/// Words for where a window is from: HTML.
fn origin(window: &WrongWindow) -> Vec<String> {
    let person = window
        .person
        .as_ref()
        .map(|person| format!("person {}", name(person)));
    let recording = window.recording.as_deref().map(name);
    let number = format!("window {}", window.index);
    let place: Vec<String> = recording
        .into_iter()
        .chain(person)
        .chain([number])
        .collect();
    std::iter::once(place.join(", "))
        .chain(window.place.as_deref().map(name))
        .collect()
}

/// Windows that have no samples to draw, as a table.
fn listed(wrong: &WrongWindows, class: &dyn Fn(usize) -> String) -> String {
    let head = ["true class", "answered", "probability", "window"].map(String::from);
    let row = |window: &WrongWindow| {
        vec![
            class(window.class),
            class(window.answer),
            format!("{:.0} %", 100.0 * window.probability),
            origin(window).join(", "),
        ]
    };
    let rows: Vec<Vec<String>> = wrong.shown.iter().map(row).collect();
    table("names", &head, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(index: usize, class: usize, answer: usize, probability: f64) -> WrongWindow {
        WrongWindow {
            index,
            class,
            answer,
            probability,
            ..WrongWindow::default()
        }
    }

    #[test]
    fn the_surest_of_each_confusion_come_first() {
        let mut all: Vec<WrongWindow> = (0..100).map(|i| window(i, 0, 1, 0.5)).collect();
        all[70].probability = 0.99;
        all.push(window(200, 2, 1, 0.6));
        let wrong = WrongWindows::choose(all);
        assert_eq!(wrong.count(), 101);
        assert_eq!(wrong.pairs, [((0, 1), 100), ((2, 1), 1)]);
        assert_eq!(wrong.shown.len(), MOST_OF_PAIR + 1);
        assert_eq!((wrong.shown[0].index, wrong.shown[1].index), (70, 0));
        assert_eq!(wrong.shown[12].index, 200);
    }

    #[test]
    fn every_confusion_has_one_before_any_has_two() {
        let pairs = (0..20).flat_map(|class| (0..20).map(move |answer| (class, answer)));
        let pairs = pairs.filter(|(class, answer)| class != answer);
        let all =
            pairs.flat_map(|(class, answer)| (0..5).map(move |i| window(i, class, answer, 0.4)));
        let wrong = WrongWindows::choose(all.collect());
        assert_eq!((wrong.count(), wrong.pairs.len()), (1900, 380));
        assert_eq!(wrong.shown.len(), MOST);
        assert_eq!(shown_pairs(&wrong).len(), MOST);
        assert_eq!(WrongWindows::choose(Vec::new()), WrongWindows::default());
    }
}
