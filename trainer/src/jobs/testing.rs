//! Helpers that the tests of running jobs share.

use std::path::Path;

use super::{Done, Entry, Job, MODEL_NAME, Plan};
use crate::card::{self, Results};
use crate::config::RunConfig;
use crate::data::Task;
use crate::metrics::Metrics;

/// A plan of jobs of these names.
pub fn plan(out: &Path, names: &[&str]) -> Plan {
    let job = |name: &&str| Job {
        entry: Entry {
            name: (*name).into(),
            group: String::new(),
            settings: vec![],
        },
        config: RunConfig::for_task(Task::Copy),
    };
    let jobs: Vec<Job> = names.iter().map(job).collect();
    Plan::write(out, "test", &jobs).unwrap()
}

/// A result, with its model in `folder`.
pub fn done(folder: &Path) -> Done {
    let model = b"a model";
    let models = folder.join(MODEL_NAME);
    std::fs::create_dir_all(&models).unwrap();
    std::fs::write(models.join(card::files::MODEL), model).unwrap();
    Done {
        data: "test".into(),
        sample: false,
        epochs: 1,
        epoch: 1,
        train_seconds: 1.0,
        bytes: model.len(),
        sha256: card::sha256(model),
        results: Results {
            float_valid: None,
            float_test: Metrics::default(),
            integer_test: Metrics::default(),
        },
        confusion: None,
        boards: vec![],
    }
}
