//! Output about the costs of a model on common cores: instructions, time at a clock, flash and RAM, before there is a board.

use anyhow::Result;
use hadamrnn::clock::{Clock, Load};
use hadamrnn::cost::{self, Estimate};
use hadamrnn::integer::ModelFile;
use hadamrnn::usage::Usage;
use serde_json::{Value, json};

use crate::output;

/// Emulated boards whose cores the table shows; JSON has all.
const SHOWN: [&str; 3] = ["qemu-m0", "qemu-m4", "qemu-rv32"];

/// Prints the costs of a model, with the time that it takes at a clock.
pub fn print(file: &ModelFile, usage: &Usage, clock: Option<Clock>) -> Result<()> {
    let estimates = match cost::estimates(file) {
        Ok(estimates) => estimates,
        Err(why) => {
            return output::line(&format!(
                "instructions on a core: not estimated, as {why:#}; `hadamrnn verify MODEL --board qemu-m4` counts them"
            ));
        }
    };
    let mut head = vec![
        "core",
        "instr/step",
        "readout",
        "instr/window",
        "flash",
        "RAM",
    ];
    if clock.is_some() {
        head.extend(["ms/step", "ms/window", "of the clock"]);
    }
    let mut rows = vec![head.into_iter().map(String::from).collect()];
    let shown = |estimate: &&Estimate| SHOWN.contains(&estimate.board.as_str());
    for estimate in estimates.iter().filter(shown) {
        rows.push(row(estimate, usage, clock));
    }
    output::table(&rows)?;
    output::line(&caveats(clock))
}

/// What the figures rest on.
fn caveats(clock: Option<Clock>) -> String {
    let mut text = "instructions: estimated, most within 2 % and some 3 % off (about: within 10 %); `hadamrnn verify MODEL --board qemu-m4` \
         counts them. instr/window: all steps of a window and the readout of its answer. Flash and RAM: bytes of a firmware that only infers, the \
         model included"
        .to_owned();
    if let Some(clock) = clock {
        text += &format!(
            "\nms: at {clock} with one cycle an instruction, which is the least; of the clock: at the rate that the model was trained for, an \
             answer a window, - where that is not known"
        );
    }
    text
}

fn row(estimate: &Estimate, usage: &Usage, clock: Option<Clock>) -> Vec<String> {
    let costs = &estimate.costs;
    let about = if estimate.is_close { "" } else { " (about)" };
    let window = usage
        .window
        .map_or("-".into(), |steps| output::grouped(costs.window(steps)));
    let mut row = vec![
        format!("{}{about}", estimate.core),
        output::grouped(costs.instructions_per_step),
        output::grouped(costs.readout_instructions),
        window,
        output::grouped(costs.flash()),
        output::grouped(costs.ram()),
    ];
    if let Some(load) = clock.map(|clock| load(estimate, usage, clock)) {
        row.extend([
            format!("{:.4}", load.ms_per_sample),
            match usage.window {
                Some(_) => format!("{:.3}", load.ms_per_window),
                None => "-".into(),
            },
            load.share
                .map_or("-".into(), |share| format!("{:.3} %", 100.0 * share)),
        ]);
    }
    row
}

fn load(estimate: &Estimate, usage: &Usage, clock: Clock) -> Load {
    clock.load(&estimate.counted(usage.window.unwrap_or(0)), usage)
}

/// The same as JSON; null where nothing is known of this kind of model.
pub fn as_json(file: &ModelFile, usage: &Usage, clock: Option<Clock>) -> Value {
    let Ok(estimates) = cost::estimates(file) else {
        return Value::Null;
    };
    let of = |estimate: &Estimate| {
        let costs = &estimate.costs;
        json!({
            "board": estimate.board,
            "core": estimate.core,
            "is_close": estimate.is_close,
            "instructions_per_step": costs.instructions_per_step,
            "readout_instructions": costs.readout_instructions,
            "instructions_per_window": usage.window.map(|steps| costs.window(steps)),
            "flash": costs.flash(),
            "ram": costs.ram(),
            "load": clock.map(|clock| load(estimate, usage, clock)),
        })
    };
    json!({ "clock_hz": clock, "cores": estimates.iter().map(of).collect::<Vec<_>>() })
}
