//! What a model costs, beside others, and its card.

use anyhow::Result;

use super::markup::{facts, grouped, name, percent, picture, table, text};
use super::{CORES, CoreCost, Neighbour, RunReport};
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
    let mut body = intro(report);
    // An accuracy on other windows is no point beside these.
    let drawn_models: Vec<&Neighbour> = match report.split.as_str() {
        "test" => all
            .iter()
            .copied()
            .filter(|model| model.is_same_test)
            .collect(),
        _ => vec![&this],
    };
    body += &drawn(&drawn_models, Cost::Bytes, |model| Some(model.bytes as f64))?;
    if let Some((board, core)) = core_of_picture(&this) {
        body += &format!("<p class=\"faint\">Instructions of a window on {core}:</p>\n");
        let instructions = |model: &Neighbour| on(model, board).map(|it| it.instructions as f64);
        body += &drawn(&drawn_models, Cost::Instructions, instructions)?;
    }
    body += &models(report, &all);
    body += &remarks(report, &all);
    Ok(body)
}

/// Tells which models are shown.
fn intro(report: &RunReport) -> String {
    let folder = name(&report.beside);
    let mut body = match report.neighbours.len() {
        0 => format!(
            "<p>No other finished model of this task, of the same classes and data lies in {folder}. Another run appears here once \
             <code>hadamrnn export RUN</code> has made its model.</p>\n"
        ),
        count => format!(
            "<p>This model, and {count} other{} that {} in {folder}, of the same task, classes and data. The accuracy of {} is that of the \
             integer model on the test split, as it was when the model was exported.</p>\n",
            if count == 1 { "" } else { "s" },
            if count == 1 { "lies" } else { "lie" },
            if count == 1 {
                "the other"
            } else {
                "the others"
            },
        ),
    };
    for line in &report.left_out {
        body += &format!("<p class=\"faint\">{}</p>\n", name(line));
    }
    body
}

/// The core whose instructions are drawn: one that this model was run on, else the Cortex-M4.
fn core_of_picture(this: &Neighbour) -> Option<(&'static str, &'static str)> {
    let known = |(board, _): &&(&str, &str)| on(this, board).is_some();
    let measured = CORES
        .iter()
        .find(|(board, _)| on(this, board).is_some_and(|it| it.is_measured));
    let usual = CORES.iter().find(|(board, _)| *board == "qemu-m4");
    let found = measured
        .or(usual.filter(known))
        .or_else(|| CORES.iter().find(known));
    found.copied()
}

fn on<'a>(model: &'a Neighbour, board: &str) -> Option<&'a CoreCost> {
    model.cores.iter().find(|core| core.board == board)
}

/// The table of models.
fn models(report: &RunReport, all: &[&Neighbour]) -> String {
    let accuracy = match report.split.as_str() {
        "test" => "accuracy".to_owned(),
        split => format!("accuracy (this: {}; others: test)", name(split)),
    };
    let cores = CORES.map(|(_, core)| core.to_owned());
    let head: Vec<String> = ["model".to_owned(), accuracy, "bytes".to_owned()]
        .into_iter()
        .chain(cores)
        .collect();
    let row = |(i, model): (usize, &&Neighbour)| {
        let label = match i {
            0 => format!("<b>{}</b> (this)", name(&model.name)),
            _ => name(&model.name),
        };
        let mark = if model.is_same_test { "" } else { "*" };
        let accuracy = format!("{}{mark}", percent(model.accuracy));
        let cores = CORES.map(|(board, _)| match on(model, board) {
            Some(core) if core.is_measured => grouped(core.instructions),
            Some(core) => format!("≈ {}", grouped(core.instructions)),
            None => "–".into(),
        });
        let first = [label, accuracy, grouped(model.bytes as u64)];
        first.into_iter().chain(cores).collect()
    };
    let rows: Vec<Vec<String>> = all.iter().enumerate().take(MOST).map(row).collect();
    table("names stack", &head, &rows)
}

/// Says what the numbers of the table are.
fn remarks(report: &RunReport, all: &[&Neighbour]) -> String {
    let mut lines = Vec::new();
    if all.len() > MOST {
        lines.push(format!("{} more are not listed.", all.len() - MOST));
    }
    match &report.model.cores {
        Ok(_) => lines.push(
            "Under the names of cores: instructions of a window. Those with “≈” are estimated from the shape of the model, most within \
             2 % and some 3 % off, where the core has a division; the others were counted on the emulated core, as <code>hadamrnn verify MODEL --board \
             qemu-m4</code> does."
                .to_owned(),
        ),
        Err(why) => lines.push(format!(
            "The instructions of this model are not known: {}. <code>hadamrnn verify MODEL --board qemu-m4</code> counts them.",
            text(why)
        )),
    }
    if all.iter().any(|model| !model.is_same_test) {
        lines.push(
            "* Tested on other windows: other recordings, another split or another cut.".into(),
        );
    }
    let lines = lines
        .iter()
        .map(|line| format!("<p class=\"faint\">{line}</p>\n"));
    lines.collect()
}

fn this(report: &RunReport) -> Neighbour {
    Neighbour {
        name: report.name.clone(),
        bytes: report.model.bytes,
        accuracy: report.integer.accuracy,
        cores: report.model.cores.clone().unwrap_or_default(),
        is_same_test: true,
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
        ("make it again", commands.join("<br>")),
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
