//! Measures random models on the emulated cores, and fits the factors of the table to them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use hadamrnn_device::windows::WindowFileHeader;
use hadamrnn_firmware_support::boards::Board;
use hadamrnn_runtime::format::Fading;

use super::features::{Room, of_fading, of_readout, of_step, readout_way, room_of_cases, step_way};
use super::samples::{SampleModel, faded, full_blocks};
use super::table::{Factors, code_key};
use super::{CostTable, Shape};
use crate::board::{BoardRun, Case, Cost, FirmwareFolder, Request, run_cases};
use crate::integer::KernelName;

/// Factors below this, relative to the rest, are rounding errors: a part that no sample has.
const RIDGE: f64 = 1e-9;
/// Units of models whose sums are made to fade, and the logarithms of how often.
const FADED_UNITS: [usize; 2] = [64, 256];
const FADED_INTERVALS: [u8; 2] = [0, 2];

/// A model's costs on an emulated core.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Its shape.
    pub shape: Shape,
    /// What the core measured.
    pub cost: Cost,
}

/// Runs models on the core of an emulated board.
///
/// # Errors
/// The firmware cannot be built or run.
pub fn measure(
    folder: &FirmwareFolder,
    board: &Board,
    kernel: KernelName,
    models: &[SampleModel],
) -> Result<Vec<Measured>> {
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let case = |model: &SampleModel| Case {
        model: model.file.clone(),
        window: model.window.clone(),
    };
    let cases: Vec<Case> = models.iter().map(case).collect();
    let runs = run_cases(folder, board, kernel, &cases, scratch.path())?;
    let measured = models.iter().zip(runs).map(|(model, run)| Measured {
        shape: model.shape,
        cost: run.cost,
    });
    Ok(measured.collect())
}

impl CostTable {
    /// Measures `models` on an emulated core with a kernel and puts the factors that fit best into the table.
    ///
    /// # Errors
    /// The firmware cannot be built or run, or there are too few models of a kind.
    pub fn fit(
        &mut self,
        folder: &FirmwareFolder,
        board: &Board,
        kernel: KernelName,
        models: &[SampleModel],
    ) -> Result<()> {
        self.fit_counts(folder, board, kernel, models)?;
        self.fit_code(folder, board, kernel, models)
    }

    /// Measures instructions and stacks alone, and leaves the bytes of code as they are.
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit).
    pub fn fit_counts(
        &mut self,
        folder: &FirmwareFolder,
        board: &Board,
        kernel: KernelName,
        models: &[SampleModel],
    ) -> Result<()> {
        let fading = fading_factors(folder, board, kernel, models)?;
        let models = &[models, &full_blocks(0)?].concat()[..];
        let measured = measure(folder, board, kernel, models)?;
        let mut factors = Factors {
            fading,
            step: fitted(&measured, |it| {
                let count = f64::from(it.cost.instructions_per_step);
                (
                    step_way(&it.shape, kernel),
                    of_step(&it.shape, room_of_cases(&it.shape)),
                    count,
                )
            })?,
            readout: fitted(&measured, |it| {
                let count = f64::from(it.cost.readout_instructions);
                (
                    readout_way(&it.shape),
                    of_readout(&it.shape, room_of_cases(&it.shape)),
                    count,
                )
            })?,
            code: (self.cores.get(&board.name))
                .and_then(|kernels| kernels.get(kernel.name()))
                .map(|older| older.code.clone())
                .unwrap_or_default(),
            ..Factors::default()
        };
        factors.add_step_stacks(&measured, kernel);
        factors.add_readout_stacks(folder, board, kernel, models)?;
        let kernels = self.cores.entry(board.name.clone()).or_default();
        kernels.insert(kernel.name().into(), factors);
        Ok(())
    }

    /// Measures what a fading pool adds to a step alone, and leaves all other factors as they are.
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit), or the table has no factors of this board and kernel yet.
    pub fn fit_fading(
        &mut self,
        folder: &FirmwareFolder,
        board: &Board,
        kernel: KernelName,
        models: &[SampleModel],
    ) -> Result<()> {
        let found = fading_factors(folder, board, kernel, models)?;
        let factors = (self.cores.get_mut(&board.name))
            .and_then(|kernels| kernels.get_mut(kernel.name()))
            .with_context(|| format!("no factors of {} on {}", kernel.name(), board.name))?;
        factors.fading = found;
        Ok(())
    }

    /// Measures the bytes of code alone, and leaves all other factors as they are.
    ///
    /// # Errors
    /// The firmware cannot be built, or the table has no factors of this board and kernel yet.
    pub fn fit_code(
        &mut self,
        folder: &FirmwareFolder,
        board: &Board,
        kernel: KernelName,
        models: &[SampleModel],
    ) -> Result<()> {
        let models = &[models, &full_blocks(0)?].concat()[..];
        let factors = (self.cores.get_mut(&board.name))
            .and_then(|kernels| kernels.get_mut(kernel.name()))
            .with_context(|| format!("no factors of {} on {}", kernel.name(), board.name))?;
        factors.code.clear();
        factors.add_code(folder, board, kernel, models)
    }
}

impl Factors {
    /// A stack is the larger one of a step's and a readout's. A step's grows with its inputs; it is that of models whose readout
    /// takes less.
    fn add_step_stacks(&mut self, measured: &[Measured], kernel: KernelName) {
        for it in measured {
            let room = room_of_cases(&it.shape);
            if room.read == 0 {
                let stack = u64::from(it.cost.stack_bytes).saturating_sub(4 * room.inputs as u64);
                let way = step_way(&it.shape, kernel);
                let most = self.step_stack.entry(way).or_default();
                *most = stack.max(*most);
            }
        }
    }

    /// A readout's stack grows with the units of its hidden layer. It is measured in firmware that has room for one model
    /// alone, for each kind of readout, with as many units as there are: then it is the larger one.
    fn add_readout_stacks(
        &mut self,
        folder: &FirmwareFolder,
        board: &Board,
        kernel: KernelName,
        models: &[SampleModel],
    ) -> Result<()> {
        let mut largest: BTreeMap<(bool, bool), &SampleModel> = BTreeMap::new();
        for model in models {
            let shape = &model.shape;
            let kind = (shape.pooled, shape.read > 0);
            let so_far = largest.entry(kind).or_insert(model);
            let key = |shape: &Shape| (shape.fast, shape.read, shape.hidden);
            if key(shape) > key(&so_far.shape) {
                *so_far = model;
            }
        }
        let mut stacks = BTreeMap::new();
        for (kind, model) in largest {
            let stack = match kind {
                (false, false) => 0,
                _ => stack(folder, board, kernel, model)?,
            };
            stacks.insert(kind, stack.saturating_sub(4 * model.shape.read as u64));
        }
        for model in models {
            let shape = &model.shape;
            let bytes = stacks[&(shape.pooled, shape.read > 0)];
            self.readout_stack.insert(readout_way(shape), bytes);
        }
        Ok(())
    }

    /// Builds a firmware that only infers for each set of parts.
    fn add_code(
        &mut self,
        folder: &FirmwareFolder,
        board: &Board,
        kernel: KernelName,
        models: &[SampleModel],
    ) -> Result<()> {
        for model in models {
            let key = code_key(&model.shape);
            if let Entry::Vacant(place) = self.code.entry(key) {
                let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
                place.insert(code_bytes(folder, board, kernel, model, scratch.path())?);
            }
        }
        Ok(())
    }
}

/// Instructions of what a fading pool adds, in firmware that is built around the model: the difference of the same model with sums that
/// fade, more and less often, and with sums that do not.
fn fading_factors(
    folder: &FirmwareFolder,
    board: &Board,
    kernel: KernelName,
    models: &[SampleModel],
) -> Result<Vec<f64>> {
    let mut rows = Vec::new();
    for units in FADED_UNITS {
        let is_one = |model: &&SampleModel| {
            let shape = &model.shape;
            shape.pooled && shape.fast && shape.hidden == units
        };
        let pooled = models.iter().find(is_one);
        let pooled = pooled.with_context(|| format!("no pooled model of {units} units"))?;
        let steps = pooled.window.len() / pooled.shape.channels;
        let window = |model: &SampleModel| -> Result<f64> {
            let windows = window_file(model, steps)?;
            let run = classified(folder, board, kernel, model, &windows)?;
            Ok(run.cost.instructions_per_window as f64)
        };
        let plain = window(pooled)?;
        for log2_interval in FADED_INTERVALS {
            let fade = Fading {
                shift: 2,
                log2_interval,
            };
            let fading = faded(pooled, fade)?.context("sums that fade have no room")?;
            let parts = of_fading(&fading.shape, Room::exact(&fading.shape));
            rows.push((parts.to_vec(), (window(&fading)? - plain) / steps as f64));
        }
    }
    Ok(least_squares(&rows))
}

/// Flash of a firmware that only infers, without its model.
fn code_bytes(
    folder: &FirmwareFolder,
    board: &Board,
    kernel: KernelName,
    model: &SampleModel,
    scratch: &Path,
) -> Result<u64> {
    let windows = window_file(model, 1)?;
    let request = request(folder, board, kernel, model, &windows);
    let flash = request.build("nopanic", scratch)?.size(board)?.flash;
    Ok(flash.saturating_sub(model.file.bytes().len() as u64))
}

/// Stack of firmware that has room for this model alone.
fn stack(
    folder: &FirmwareFolder,
    board: &Board,
    kernel: KernelName,
    model: &SampleModel,
) -> Result<u64> {
    let run = classified(folder, board, kernel, model, &window_file(model, 1)?)?;
    Ok(run.cost.stack_bytes.into())
}

/// A run of firmware that has room for this model alone.
fn classified(
    folder: &FirmwareFolder,
    board: &Board,
    kernel: KernelName,
    model: &SampleModel,
    windows: &[u8],
) -> Result<BoardRun> {
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let request = request(folder, board, kernel, model, windows);
    let firmware = request.build("classify", scratch.path())?;
    firmware.run(board, windows, scratch.path())
}

fn request<'a>(
    folder: &'a FirmwareFolder,
    board: &'a Board,
    kernel: KernelName,
    model: &'a SampleModel,
    windows: &'a [u8],
) -> Request<'a> {
    Request {
        folder,
        board,
        kernel,
        model: &model.file,
        windows,
        known: false,
    }
}

/// A file with one window of the first so many samples.
fn window_file(model: &SampleModel, steps: usize) -> Result<Vec<u8>> {
    let channels = model.shape.channels;
    let header = WindowFileHeader {
        channels: u16::try_from(channels).context("too many channels")?,
        steps: u16::try_from(steps).context("too many steps")?,
        windows: 1,
    };
    let samples = model.window[..steps * channels].iter();
    let samples = samples.flat_map(|raw| raw.to_le_bytes());
    Ok(header.to_bytes().into_iter().chain(samples).collect())
}

/// The factors of each way. `of` gives a measurement's way, parts and count.
fn fitted(
    measured: &[Measured],
    of: impl Fn(&Measured) -> (String, Vec<f64>, f64),
) -> Result<BTreeMap<String, Vec<f64>>> {
    let mut ways: BTreeMap<String, Vec<(Vec<f64>, f64)>> = BTreeMap::new();
    for it in measured {
        let (way, parts, count) = of(it);
        ways.entry(way).or_default().push((parts, count));
    }
    let factors = |(way, rows): (String, Vec<(Vec<f64>, f64)>)| {
        let parts = rows[0].0.len();
        ensure!(
            rows.len() >= parts,
            "{} models of {way} are too few for {parts} factors",
            rows.len()
        );
        Ok((way, least_squares(&rows)))
    };
    ways.into_iter().map(factors).collect()
}

/// The factors for which the relative errors of the counts have the least sum of squares. Factors of parts that no row has
/// are 0.
fn least_squares(rows: &[(Vec<f64>, f64)]) -> Vec<f64> {
    let size = rows[0].0.len();
    let mut scale = vec![0.0f64; size];
    for (parts, count) in rows {
        for (scale, part) in scale.iter_mut().zip(parts) {
            *scale += (part / count).powi(2);
        }
    }
    let scale: Vec<f64> = scale
        .into_iter()
        .map(|sum| sum.sqrt().max(f64::MIN_POSITIVE))
        .collect();
    // Normal equations, each part scaled to one.
    let mut matrix = vec![vec![0.0; size + 1]; size];
    for (parts, count) in rows {
        let row: Vec<f64> = (parts.iter().zip(&scale))
            .map(|(part, scale)| part / count / scale)
            .collect();
        for (i, equation) in matrix.iter_mut().enumerate() {
            for (j, part) in row.iter().enumerate() {
                equation[j] += row[i] * part;
            }
            equation[size] += row[i];
        }
    }
    for (i, equation) in matrix.iter_mut().enumerate() {
        equation[i] += RIDGE;
    }
    solve(matrix)
        .into_iter()
        .zip(&scale)
        .map(|(factor, scale)| match *scale > f64::MIN_POSITIVE {
            true => (factor / scale * 1e4).round() / 1e4,
            false => 0.0,
        })
        .collect()
}

/// Solves equations whose last column is the right side, by elimination with pivots.
fn solve(mut matrix: Vec<Vec<f64>>) -> Vec<f64> {
    let size = matrix.len();
    for column in 0..size {
        let pivot = (column..size)
            .max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))
            .unwrap_or(column);
        matrix.swap(column, pivot);
        let equation = matrix[column].clone();
        for (row, other) in matrix.iter_mut().enumerate() {
            if row != column && equation[column] != 0.0 {
                let factor = other[column] / equation[column];
                (other.iter_mut().zip(&equation)).for_each(|(value, part)| *value -= factor * part);
            }
        }
    }
    (0..size).map(|i| matrix[i][size] / matrix[i][i]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_found_again() {
        let truth = [100.0, 3.5, 0.0, 7.25];
        let rows: Vec<(Vec<f64>, f64)> = (1..12)
            .map(|i| {
                let i = f64::from(i);
                let parts = vec![1.0, i, 0.0, (i * i) % 7.0];
                let count = parts
                    .iter()
                    .zip(truth)
                    .map(|(part, factor)| part * factor)
                    .sum();
                (parts, count)
            })
            .collect();
        let found = least_squares(&rows);
        for (found, truth) in found.iter().zip(truth) {
            assert!((found - truth).abs() < 1e-3, "{found} {truth}");
        }
    }
}
