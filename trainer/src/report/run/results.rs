//! Accuracy, curves, recall and precision.

use anyhow::Result;

use super::RunReport;
use super::data::of_split;
use super::markup::{facts, grouped, name, percent, picture, share, table, with_interval};
use crate::metrics::{Confusion, Metrics};
use crate::plot::{Curve, Shape, learning_curves_as};

/// Classes that the table shows.
const MOST_CLASSES: usize = 200;

/// Tells what an interval is.
const INTERVALS: &str = "<p class=\"faint\">In brackets and as a bar: Wilson's 95 % confidence interval, as if windows were independent. \
     Windows of one recording or person are alike, so the true uncertainty is larger.</p>\n";

/// The summary's body.
pub fn summary(report: &RunReport) -> String {
    let mut tiles = vec![tile(
        "accuracy of the integer model",
        &percent(report.integer.accuracy),
    )];
    if let Some(confusion) = &report.confusion {
        tiles.push(tile(
            "balanced accuracy (mean recall of the classes)",
            &percent(confusion.balanced_accuracy()),
        ));
        if let Some((class, accuracy)) = confusion.guess() {
            let label = format!("always answering “{}” would give", name(class));
            tiles.push(tile(&label, &percent(accuracy)));
        }
    }
    tiles.push(tile(
        "bytes of the model",
        &grouped(report.model.bytes as u64),
    ));
    let mut body = format!(
        "<p>Task {}, measured on the {}: {} sequences, integer model, the very arithmetic of a board.</p>\n\
         <div class=\"tiles\">\n{}</div>\n",
        report.task,
        of_split(&report.split),
        grouped(report.sequences as u64),
        tiles.concat()
    );
    let warning = report.confusion.as_ref().and_then(Confusion::warning);
    if let Some(warning) = warning {
        body += &format!(
            "<p class=\"warning\">{}</p>\n",
            super::markup::text(&warning)
        );
    }
    let row = |metrics: Metrics| {
        let right = (metrics.accuracy * metrics.count as f64).round() as u64;
        format!(
            "{}, loss {:.6}",
            with_interval(right, metrics.count as u64),
            metrics.loss
        )
    };
    let mut rows = Vec::new();
    rows.extend(report.float.map(|float| ("float network", row(float))));
    rows.push(("integer model", row(report.integer)));
    body + &facts(&rows) + INTERVALS
}

fn tile(label: &str, value: &str) -> String {
    format!("<div><b>{value}</b><span>{label}</span></div>\n")
}

/// The body of the learning curves.
///
/// # Errors
/// They cannot be drawn.
pub fn curves(report: &RunReport) -> Result<String> {
    if report.curves.is_empty() {
        return Ok("<p>A model by itself has no curves; the folder of its run has.</p>\n".into());
    }
    let curves = [Curve {
        name: report.name.clone(),
        lines: report.curves.clone(),
    }];
    let wide = learning_curves_as(Shape::Wide, "", &curves)?;
    let narrow = learning_curves_as(Shape::Narrow, "", &curves)?;
    Ok(picture(
        "Loss and validation accuracy over the epochs",
        &wide,
        &narrow,
    ))
}

/// The body of the table of classes.
pub fn classes(report: &RunReport) -> String {
    let Some(confusion) = &report.confusion else {
        return "<p>Every step has a class of its own: there is no class of a window.</p>\n".into();
    };
    let head = ["class", "recall", "precision"];
    let row = |class: usize| {
        let right = confusion.counts[class][class];
        let (windows, answers) = (confusion.windows(class), confusion.answers(class));
        vec![
            name(&confusion.classes[class]),
            share(right, windows),
            share(right, answers),
        ]
    };
    let count = confusion.classes.len();
    let rows: Vec<Vec<String>> = (0..count.min(MOST_CLASSES)).map(row).collect();
    let mut body = format!(
        "<p>On the {}. Recall: share of the windows of a class that are answered right. Precision: share of the answers of a class that are \
         right; “–” where there are none.</p>\n",
        of_split(&report.split)
    );
    let silent =
        (0..count).filter(|&class| confusion.windows(class) > 0 && confusion.answers(class) == 0);
    let silent: Vec<String> = silent
        .take(20)
        .map(|class| name(&confusion.classes[class]))
        .collect();
    if !silent.is_empty() {
        body += &format!(
            "<p class=\"warning\">Never answered: {}</p>\n",
            silent.join(", ")
        );
    }
    if count > MOST_CLASSES {
        body += &format!(
            "<p class=\"faint\">{} more classes are not shown.</p>\n",
            count - MOST_CLASSES
        );
    }
    body + &table("names", &head.map(String::from), &rows) + INTERVALS
}
