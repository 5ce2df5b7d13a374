//! The report as rows for programs: CSV and JSON.

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Report;

/// One job.
#[derive(Debug, Serialize)]
pub(super) struct ReportRow {
    job: String,
    group: String,
    task: Option<String>,
    seed: Option<u64>,
    /// `done`, `failed`, `damaged` or `waiting`.
    status: &'static str,
    error: Option<String>,
    bytes: Option<usize>,
    epochs: Option<u32>,
    chosen_epoch: Option<u32>,
    train_seconds: Option<f64>,
    valid_accuracy: Option<f64>,
    valid_loss: Option<f64>,
    float_accuracy: Option<f64>,
    float_loss: Option<f64>,
    integer_accuracy: Option<f64>,
    integer_loss: Option<f64>,
    sample: Option<bool>,
    /// Paths into the configuration and their values.
    settings: Map<String, Value>,
}

impl Report {
    /// One row a job, in the order of the plan. Accuracies are shares of 1.
    pub(super) fn rows(&self) -> Vec<ReportRow> {
        let row = |job: &super::JobReport| {
            let config = job.config.as_ref();
            let done = job.done();
            let results = done.map(|done| &done.results);
            let valid = results.and_then(|results| results.float_valid);
            ReportRow {
                job: job.entry.name.clone(),
                group: job.entry.group.clone(),
                task: config.map(|config| config.task.to_string()),
                seed: config.map(|config| config.seed),
                status: job.status(),
                error: job.error().map(String::from),
                bytes: done.map(|done| done.bytes),
                epochs: done.map(|done| done.epochs),
                chosen_epoch: done.map(|done| done.epoch),
                train_seconds: done.map(|done| done.train_seconds),
                valid_accuracy: valid.map(|valid| valid.accuracy),
                valid_loss: valid.map(|valid| valid.loss),
                float_accuracy: results.map(|results| results.float_test.accuracy),
                float_loss: results.map(|results| results.float_test.loss),
                integer_accuracy: results.map(|results| results.integer_test.accuracy),
                integer_loss: results.map(|results| results.integer_test.loss),
                sample: done.map(|done| done.sample),
                settings: job
                    .entry
                    .settings
                    .iter()
                    .map(|setting| (setting.key.clone(), json!(setting.value)))
                    .collect(),
            }
        };
        self.jobs.iter().map(row).collect()
    }

    /// The rows as CSV, one column a setting at the end.
    pub(super) fn csv(&self) -> Result<Vec<u8>> {
        let rows = self.rows();
        let mut keys: Vec<String> = Vec::new();
        for key in rows.iter().flat_map(|row| row.settings.keys()) {
            // The seed has a column already.
            if !keys.contains(key) && !COLUMNS.contains(&&**key) {
                keys.push(key.clone());
            }
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        for (i, row) in rows.iter().enumerate() {
            let Value::Object(mut fields) = serde_json::to_value(row)? else {
                continue;
            };
            fields.remove("settings");
            if i == 0 {
                writer.write_record(
                    COLUMNS
                        .iter()
                        .copied()
                        .chain(keys.iter().map(String::as_str)),
                )?;
            }
            let own = COLUMNS.iter().map(|column| fields.get(*column));
            let set = keys.iter().map(|key| row.settings.get(key));
            writer.write_record(
                own.chain(set)
                    .map(|value| plain(value.unwrap_or(&Value::Null))),
            )?;
        }
        writer.into_inner().context("cannot write CSV")
    }
}

/// The fields of [`ReportRow`], in their order.
const COLUMNS: [&str; 17] = [
    "job",
    "group",
    "task",
    "seed",
    "status",
    "error",
    "bytes",
    "epochs",
    "chosen_epoch",
    "train_seconds",
    "valid_accuracy",
    "valid_loss",
    "float_accuracy",
    "float_loss",
    "integer_accuracy",
    "integer_loss",
    "sample",
];

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::Setting;
    use crate::report::tests::report;

    #[test]
    fn csv_has_every_field_and_setting() {
        let mut report = report();
        report.jobs[1].entry.settings.push(Setting {
            key: "training.epochs".into(),
            value: "60".into(),
        });
        let text = String::from_utf8(report.csv().unwrap()).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head = reader.headers().unwrap().clone();
        let Value::Object(mut fields) = serde_json::to_value(&report.rows()[0]).unwrap() else {
            panic!("a row is an object")
        };
        fields.remove("settings");
        for field in fields.keys() {
            assert!(
                head.iter().any(|column| column == field),
                "{field} is no column"
            );
        }
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let column = |name: &str| head.iter().position(|column| column == name).unwrap();
        assert_eq!(&rows[1][column("training.epochs")], "60");
        assert_eq!(&rows[0][column("training.epochs")], "");
        assert_eq!(&rows[0][column("integer_accuracy")], "0.95");
        assert_eq!(&rows[2][column("error")], "the data | are missing");
        assert_eq!(&rows[4][column("status")], "waiting");
    }
}
