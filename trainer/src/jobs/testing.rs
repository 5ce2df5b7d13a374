//! What tests of running jobs share.

use std::path::Path;

use super::{Entry, Job, Plan};
use crate::config::RunConfig;
use crate::data::Task;

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
