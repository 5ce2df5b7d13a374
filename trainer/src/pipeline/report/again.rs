//! Commands that make a model again, as a shell takes them.

use std::path::Path;

use crate::card::files;
use crate::checkpoint::CONFIG_NAME;
use crate::data::Task;
use crate::pipeline::evaluate::EvaluateOptions;
use crate::pipeline::model::LoadedModel;

/// The commands: with the paths that the report was asked for, so that they work where it was. `name` is that of the
/// run's or the model's folder, and `run` the run's, where there is one.
pub(super) fn commands(
    options: &EvaluateOptions,
    loaded: &LoadedModel,
    (name, run): (&str, Option<&Path>),
) -> Vec<String> {
    let config = match (run, &loaded.folder) {
        // The folder of a run is known by its name alone where its model was named.
        (Some(run), None) if options.model.is_dir() && run == absolute(&options.model) => {
            options.model.join(CONFIG_NAME)
        }
        (Some(run), None) => run.join(CONFIG_NAME),
        (_, Some(folder)) => folder.path.join(files::CARD),
        (None, None) => return Vec::new(),
    };
    let data = options.data_dir.as_deref();
    let data = data.filter(|_| loaded.config.task != Task::Copy);
    let data = data.map_or(String::new(), |data| {
        format!(" --data-dir {}", quoted(data))
    });
    let run = format!("{name}-again");
    let (run, model) = (Path::new(&run), Path::new(&run).join("model"));
    vec![
        format!(
            "hadamrnn train --config {}{data} --out {}",
            quoted(&config),
            quoted(run)
        ),
        format!(
            "hadamrnn export {}{data} --out {}",
            quoted(run),
            quoted(&model)
        ),
    ]
}

fn absolute(path: &Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// A path as a shell takes it. Only what no path can hold, a NUL, cannot be quoted.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    shlex::try_quote(&text).map_or_else(|_| text.to_string(), |quoted| quoted.into_owned())
}
