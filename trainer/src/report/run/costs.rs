//! What a model costs, beside others, and its card.

use anyhow::Result;

use super::markup::{facts, grouped, name, percent, picture, table, text};
use super::{Neighbour, RunReport};
use crate::plot::{AccuracyPicture, Cost, Mark, Shape};

/// Rows that the table shows.
const MOST: usize = 40;
/// Names that a picture shows.
const NAMED: usize = 12;

/// The section's body.
///
/// # Errors
/// A picture cannot be drawn.
pub fn section(report: &RunReport) -> Result<String> {
    let this = this(report);
    let mut all = vec![&this];
    all.extend(&report.neighbours);
    let mut body = match report.neighbours.len() {
        0 => "<p>There is no other finished model of this task, these classes and these data beside it.</p>\n".into(),
        count => format!("<p>This model beside {count} of the same task, classes and data in the same folder; the accuracy of each is that of its integer model on \
             the test split.</p>\n"),
    };
    if all.len() > 1 && report.split == "test" {
        body += &drawn(&all, Cost::Bytes, |model| Some(model.bytes as f64))?;
        let instructions = |model: &Neighbour| model.instructions.map(|count| count as f64);
        if all
            .iter()
            .filter(|model| instructions(model).is_some())
            .count()
            > 1
        {
            body += &drawn(&all, Cost::Instructions, instructions)?;
        }
    }
    let accuracy = match report.split.as_str() {
        "test" => "accuracy".to_owned(),
        split => format!("accuracy (this: {}; others: test)", name(split)),
    };
    let head = ["model", "bytes", "instructions<br>a window", &accuracy].map(String::from);
    let row = |(i, model): (usize, &&Neighbour)| {
        let label = match i {
            0 => format!("<b>{}</b> (this)", name(&model.name)),
            _ => name(&model.name),
        };
        let instructions = model.instructions.map_or("–".into(), grouped);
        vec![
            label,
            grouped(model.bytes as u64),
            instructions,
            percent(model.accuracy),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().enumerate().take(MOST).map(row).collect();
    body += &table("names", &head, &rows);
    if all.len() > MOST {
        body += &format!(
            "<p class=\"faint\">{} more are not listed.</p>\n",
            all.len() - MOST
        );
    }
    if this.instructions.is_none() {
        body += "<p class=\"faint\">The instructions of this model are not known: \
                 <code>hadamrnn verify MODEL --board qemu-m4</code> counts them exactly.</p>\n";
    }
    Ok(body)
}

fn this(report: &RunReport) -> Neighbour {
    let board = report.model.boards.first();
    Neighbour {
        name: report.name.clone(),
        bytes: report.model.bytes,
        accuracy: report.integer.accuracy,
        instructions: board.map(|board| board.instructions_per_window),
    }
}

/// The picture of models whose cost is known; the first is the one that the report is about.
fn drawn(
    models: &[&Neighbour],
    cost: Cost,
    of: impl Fn(&Neighbour) -> Option<f64>,
) -> Result<String> {
    let mark = |(i, model): (usize, &&Neighbour)| {
        let is_named = i < NAMED;
        Some(Mark {
            name: match (i, is_named) {
                (0, _) => "this model".into(),
                (_, true) => model.name.clone(),
                (_, false) => String::new(),
            },
            bytes: of(model)?.max(1.0),
            accuracy: 100.0 * model.accuracy,
            spread: None,
            published: false,
        })
    };
    let marks: Vec<Mark> = models.iter().enumerate().filter_map(mark).collect();
    let plot = AccuracyPicture {
        title: "",
        source: "",
        cost,
        marks: &marks,
        ringed: of(models[0]).map(|_| 0),
    };
    let label = match cost {
        Cost::Bytes => "Accuracy against bytes",
        Cost::Instructions => "Accuracy against instructions",
    };
    Ok(picture(
        label,
        &plot.draw(Shape::Wide)?,
        &plot.draw(Shape::Narrow)?,
    ))
}

/// The body of the model's card.
pub fn card(report: &RunReport) -> String {
    let model = &report.model;
    let epoch = model.epoch.map_or(String::new(), |epoch| epoch.to_string());
    let commands = model
        .commands
        .iter()
        .map(|command| format!("<code>{}</code>", text(command)));
    let commands: Vec<String> = commands.collect();
    let rows = [
        ("model", name(&model.name)),
        ("bytes", grouped(model.bytes as u64)),
        ("SHA-256", format!("<code>{}</code>", name(&model.sha256))),
        ("layers", text(&model.layers)),
        ("kernel", report.kernel.name().to_owned()),
        ("window", window(report)),
        ("epoch", epoch),
        ("made by", commands.join("<br>")),
    ];
    let mut body = facts(&rows) + &boards(report);
    if !model.channels.is_empty() {
        let head = ["channel", "a count is"].map(String::from);
        let channel = |channel: &crate::usage::Channel| {
            let unit = channel.unit.unwrap_or("unit");
            vec![
                name(&channel.name),
                format!("{} {}", channel.lsb, name(unit)),
            ]
        };
        let rows: Vec<Vec<String>> = model.channels.iter().map(channel).collect();
        body += "<p>Sensor: a sample has these values, in this order, as raw counts.</p>\n";
        body += &table("names", &head, &rows);
    }
    body
}

fn window(report: &RunReport) -> String {
    let model = &report.model;
    let mut parts = vec![format!("{} samples", grouped(model.window as u64))];
    if model.decimation > 1 {
        parts.push(format!(
            "one of {} of the sensor's is used",
            model.decimation
        ));
    }
    if let Some(rate) = model.rate_hz {
        parts.push(format!("sensor {rate} Hz"));
        let seconds = (model.window * model.decimation.max(1)) as f32 / rate;
        parts.push(format!("{seconds:.2} s"));
    }
    if let Some(hop) = model.hop {
        parts.push(format!("one every {hop} samples of the sensor"));
    }
    parts.join(", ")
}

fn boards(report: &RunReport) -> String {
    let boards = &report.model.boards;
    if boards.is_empty() {
        return String::new();
    }
    let head = [
        "board",
        "instructions a step",
        "a window",
        "session, bytes",
        "stack, bytes",
    ];
    let row = |board: &crate::jobs::BoardRecord| {
        let counts = [
            board.instructions_per_step.into(),
            board.instructions_per_window,
            board.session_bytes.into(),
            board.stack_bytes.into(),
        ];
        let counts = counts.map(grouped).into_iter();
        std::iter::once(name(&board.board)).chain(counts).collect()
    };
    let rows: Vec<Vec<String>> = boards.iter().map(row).collect();
    table("names", &head.map(String::from), &rows)
}
