//! `hadamrnn monitor`.

mod screen;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hadamrnn::counts;
use hadamrnn::link::{BoardStatus, Client, Patience, Told};
use hadamrnn::monitor::{Recorder, State, Unit, Watch, scales_of};
use hadamrnn::pipeline::{self, EmulatorOptions, Names};
use hadamrnn::visible;
use hadamrnn_device::channels::Quantity;
use hadamrnn_device::descriptor::Descriptor;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use serde_json::json;

use crate::Status;
use crate::board_link::{FirmwareArgs, PortArgs};
use crate::output;
use crate::progress::Terminal;
use crate::send::describe_timing;
use crate::signals::StopFlag;
use screen::{Heading, draw};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    port: PortArgs,
    /// Emulated board to start, instead of a port: it streams recorded samples
    #[arg(long, value_name = "NAME", conflicts_with = "port")]
    board: Option<String>,
    /// With --board: samples a second, 0 for as many as can be [default: the board's]
    #[arg(long, value_name = "HZ", requires = "board")]
    rate: Option<u32>,
    /// With --board: recording (CSV), recordings of another tool or window file to stream, over and over [default: some of UCI HAR]
    #[arg(long, value_name = "PATH", requires = "board")]
    stream: Option<PathBuf>,
    /// Folder of the model that the board runs, to take the names of classes and channels from; while it runs another one,
    /// classes are shown by number
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Record samples into this CSV file, for `hadamrnn train recordings`
    #[arg(long, value_name = "FILE", requires = "label")]
    record: Option<PathBuf>,
    /// Class of what is recorded
    #[arg(long, value_name = "NAME", requires = "record")]
    label: Option<String>,
    /// Print a line a window instead of drawing a screen; so it is where the output is no terminal
    #[arg(long)]
    plain: bool,
    /// Print everything that the board tells as JSON, one object a line
    #[arg(long)]
    json: bool,
    /// Stop after so many windows
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    #[command(flatten)]
    sources: FirmwareArgs,
}

/// Shorter than that of a transfer: nothing is erased, and the screen stands still meanwhile.
const PATIENCE: Patience = Patience {
    answer: Duration::from_millis(500),
    attempts: 6,
};

/// Warning that the screen shows.
const ANOTHER: &str = "warning: this is NOT the model of --model: classes are shown by number, and without probabilities";

pub fn run(args: &Args) -> Result<Status> {
    ensure!(
        args.board.is_some() || args.port.port.is_some(),
        "which board? --port names the serial port of a real one (`ls /dev/ttyACM* /dev/ttyUSB*` shows those there are), \
         --board an emulated one"
    );
    let mut terminal = Terminal::default();
    let names = args.model.as_deref().map(Names::read).transpose()?;
    if let Some((names, stream)) = names.as_ref().zip(args.stream.as_ref()) {
        names.compare_counts(stream, &mut terminal);
    }
    // Before the emulator starts, which otherwise would be left behind.
    let stop = StopFlag::install_quietly()?;
    let (emulator, mut client) = match &args.board {
        Some(name) => {
            let options = EmulatorOptions {
                board: name.clone(),
                rate: args.rate,
                stream: args.stream.clone(),
                channels: names
                    .as_ref()
                    .map_or(Vec::new(), |names| names.channels.clone()),
                sources: args.sources.options(),
            };
            let (emulator, wire) = pipeline::start_emulator(&options, &mut terminal)?;
            (Some(emulator), Client::new(wire, PATIENCE))
        }
        None => {
            let wire = args.port.port()?.open(args.port.baud)?;
            (None, Client::new(wire, PATIENCE))
        }
    };
    let firmware = client.firmware()?;
    let descriptor = firmware.descriptor()?;
    let status = client.status()?;
    let names = match names {
        Some(names) => names.of_board(&mut client, &status, &mut terminal)?,
        None => None,
    };
    // The screen hides the warning.
    let is_another = args.model.is_some() && names.is_none();
    let channels = channel_names(names.as_ref(), &descriptor)?;
    let mut state = state(names.as_ref(), &channels, &descriptor, args.board.is_some());
    let samples_of_an_answer =
        f64::from(status.timing.hop) * f64::from(status.timing.decimation.max(1));
    state.seconds_of_an_answer = (state.stated_rate)
        .map(|rate| samples_of_an_answer / rate)
        .filter(|seconds| *seconds > 0.0);
    let recorder = match (&args.record, &args.label) {
        (Some(path), Some(label)) => {
            // The moment tells this recording apart from others.
            let name = hadamrnn::machine::now()
                .format("%Y-%m-%dT%H:%M:%SZ")
                .to_string();
            Some(Recorder::open(
                path,
                label,
                &name,
                &scales_of(&channels, &descriptor),
            )?)
        }

        _ => None,
    };
    let is_screen = !args.plain && !args.json && std::io::stdout().is_terminal();
    let samples = is_screen || args.json || recorder.is_some();
    let samples_of_a_window =
        f64::from(status.timing.window) * f64::from(status.timing.decimation.max(1));
    let seconds = samples_of_a_window / f64::from(descriptor.rate.max(1));
    let mut session = Session {
        watch: Watch::start(client, samples, Duration::from_secs_f64(seconds))?,
        state,
        recorder,
        is_paused: false,
        stop,
        count: args.count,
        windows: 0,
    };
    let result = if is_screen {
        let title = title(descriptor.board, &status);
        let warning = is_another.then_some(ANOTHER);
        let result = show(&mut session, &title, warning);
        ratatui::restore();
        result
    } else {
        print(&mut session, args.json)
    };
    // Also where the board was unplugged: what was recorded until then is in the file.
    if let (Some(recorder), Some(path)) = (&session.recorder, &args.record) {
        output::note(&format!(
            "recorded {} samples of {} into {}",
            recorder.samples(),
            recorder.label(),
            path.display()
        ));
    }
    result?;
    let status = session.status();
    // The board may be gone; the next host will tell it what it wants.
    let _ = session.watch.stop();
    drop(emulator);
    Ok(status)
}

/// Names of the sensor's channels: as its firmware says, so that all recordings have the same; else those of the model.
fn channel_names(names: Option<&Names>, firmware: &Descriptor<'_>) -> Result<Vec<String>> {
    let channels = usize::from(firmware.channels);
    let given = firmware.gives.quantities().unwrap_or_default();
    let given = given.iter().flat_map(|quantity| quantity.names());
    let given: Vec<String> = given.map(|name| (*name).into()).collect();
    if !given.is_empty() && given.len() == channels {
        return Ok(given);
    }
    let names = names.map(|names| names.channels.clone());
    let Some(names) = names.filter(|names| !names.is_empty()) else {
        return Ok((0..channels).map(|channel| format!("c{channel}")).collect());
    };
    ensure!(
        names.len() == channels,
        "the board's samples have {channels} values, the model of --model has {} channels",
        names.len()
    );
    Ok(names)
}

/// The state before the first message, with all that is known of the model and the sensor.
fn state(
    names: Option<&Names>,
    channels: &[String],
    firmware: &Descriptor<'_>,
    is_emulated: bool,
) -> State {
    let classes = names.map_or(&[][..], |names| &names.classes);
    let unit = |channel: &String| {
        let of_model = names.and_then(|names| {
            let place = names.channels.iter().position(|name| name == channel)?;
            names.units.get(place)?.clone()
        });
        // What an emulated board streams is a file's, in whatever counts that has.
        of_model.or_else(|| (!is_emulated).then(|| of_firmware(channel)).flatten())
    };
    let units = channels.iter().map(unit).collect();
    let mut state = State::new(classes, channels).with_units(units);
    state.stated_rate = Some(f64::from(firmware.rate)).filter(|rate| *rate > 0.0);
    state.logit_scale = names.map(|names| names.logit_scale);
    state
}

/// Unit of a channel of this project's firmware on a real board.
fn of_firmware(channel: &str) -> Option<Unit> {
    let is_of = |quantity: &&Quantity| quantity.names().contains(&channel);
    let name = match Quantity::ALL.iter().find(is_of)? {
        Quantity::Acceleration | Quantity::Gravity | Quantity::Motion => "g",
        Quantity::Rotation => "°/s",
        _ => return None,
    };
    Some(Unit {
        name: name.into(),
        lsb: f64::from(counts::of_firmware(name)?),
    })
}

fn title(board: &str, status: &BoardStatus) -> String {
    let from = match status.running.slot() {
        None => "built in".into(),
        Some(slot) => format!("slot {slot}"),
    };
    let timing = describe_timing(status.timing);
    let [board, model] = [board, &status.name].map(visible::name);
    format!("{board}: {model} ({from}), {timing}")
}

struct Session {
    watch: Watch,
    state: State,
    recorder: Option<Recorder>,
    is_paused: bool,
    /// Set by SIGTERM, and by Ctrl-C where no screen takes it as a key.
    stop: StopFlag,
    count: Option<u64>,
    windows: u64,
}

impl Session {
    /// Takes what the board tells next, if it does within `wait`.
    fn next(&mut self, wait: Duration) -> Result<Option<Told>> {
        let told = self.watch.next(wait)?;
        if let Some(told) = &told {
            self.state.take(told, Instant::now());
            self.windows += u64::from(matches!(told, Told::Class { .. }));
            if let Some(recorder) = self.recorder.as_mut().filter(|_| !self.is_paused) {
                recorder.take(told)?;
            }
        }
        Ok(told)
    }

    fn is_over(&self) -> bool {
        self.stop.is_set() || self.has_all()
    }

    fn has_all(&self) -> bool {
        self.count.is_some_and(|count| self.windows >= count)
    }

    /// Watching ends with Ctrl-C as a rule: that is no failure, unless so many windows were asked for.
    fn status(&self) -> Status {
        match self.count {
            Some(_) if !self.has_all() => Status::Interrupted,
            _ => Status::Success,
        }
    }

    fn pause(&mut self) -> Result<()> {
        self.is_paused = !self.is_paused;
        match &mut self.recorder {
            Some(recorder) => recorder.pause(),
            None => Ok(()),
        }
    }

    fn recording(&self) -> Option<String> {
        let recorder = self.recorder.as_ref()?;
        let state = if self.is_paused {
            "paused"
        } else {
            "recording"
        };
        Some(format!(
            "{state} {}: {} samples",
            recorder.label(),
            recorder.samples()
        ))
    }
}

/// Draws until `q`. The caller restores the terminal.
fn show(session: &mut Session, title: &str, warning: Option<&str>) -> Result<()> {
    const FRAME: Duration = Duration::from_millis(50);
    let mut terminal = ratatui::try_init().context("cannot draw on this terminal; try --plain")?;
    while !session.is_over() {
        let until = Instant::now() + FRAME;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            session.next(left)?;
        }
        let recording = session.recording();
        let heading = Heading {
            title,
            warning,
            recording: recording.as_deref(),
        };
        terminal.draw(|frame| draw(frame, heading, &session.state, Instant::now()))?;
        while event::poll(Duration::ZERO)? {
            let Event::Key(key) = event::read()? else {
                continue;
            };
            let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
            match key.code {
                _ if key.kind != KeyEventKind::Press => {}
                KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                KeyCode::Char('c') if is_control => return Ok(()),
                KeyCode::Char(' ') => session.pause()?,
                _ => {}
            }
        }
    }
    Ok(())
}

/// The answer and the next likeliest classes with their probabilities; the logits where the model is not known.
fn answer(state: &State, class: u16, logits: &[i32]) -> String {
    const MOST: usize = 3;
    let name = |class: usize| state.class_name(u16::try_from(class).unwrap_or(u16::MAX));
    let answered = usize::from(class);
    let Some(shares) = state.probabilities() else {
        let logits: Vec<String> = logits.iter().map(i32::to_string).collect();
        return format!("{}, logits {}", name(answered), logits.join(" "));
    };
    if answered >= shares.len() {
        // There are no probabilities of a class that was taught.
        return format!("{}, taught", name(answered));
    }
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|&a, &b| {
        let first = (b == answered).cmp(&(a == answered));
        first.then(shares[b].total_cmp(&shares[a])).then(a.cmp(&b))
    });
    let share = |&class: &usize| format!("{} {:.0} %", name(class), 100.0 * shares[class]);
    let shown: Vec<String> = order.iter().take(MOST).map(share).collect();
    shown.join(", ")
}

/// Prints until it is stopped.
fn print(session: &mut Session, as_json: bool) -> Result<()> {
    while !session.is_over() {
        let Some(told) = session.next(Duration::from_millis(50))? else {
            continue;
        };
        if as_json {
            output::line(&json!(told).to_string())?;
        } else if let Told::Class {
            index,
            class,
            logits,
        } = &told
        {
            let answer = answer(&session.state, *class, logits);
            output::line(&format!("window {index}: {answer}"))?;
        } else if let Told::Decided {
            index,
            class: Some(class),
            starts: true,
        } = &told
        {
            let name = session.state.class_name(*class);
            output::line(&format!("event at window {index}: {name}"))?;
        }
    }
    Ok(())
}
