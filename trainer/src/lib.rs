//! Host side of hadamrnn: data sets, training with Burn, export, verification.
//!
//! Start at [`pipeline`], which has what the program `hadamrnn` does as functions.
//!
//! Data flows one way: [`data`] → [`train`] → [`checkpoint`] → [`mod@export`] → [`integer`] and [`verify`] → [`board`].

pub mod board;
mod bounds;
pub mod c_array;
pub mod card;
pub mod checkpoint;
pub mod choice;
pub mod clock;
pub mod config;
pub mod cost;
pub mod counts;
pub mod data;
pub mod evaluate;
pub mod events;
pub mod export;
pub mod fast_path;
pub mod files;
pub mod fit;
pub mod flash;
pub mod integer;
pub mod jobs;
pub mod lessons;
pub mod link;
pub mod long_run;
pub mod machine;
pub mod metrics;
pub mod model_folder;
pub mod monitor;
pub mod nn;
pub mod novelty;
pub mod observer;
pub mod pipeline;
pub mod plot;
pub mod recipe;
pub mod report;
pub mod results;
pub mod run_log;
pub mod rust_module;
pub mod sensor;
pub mod shipped;
pub mod standardise;
pub mod task_data;
pub mod task_file;
pub mod taught;
pub mod tensorboard;
pub mod train;
pub mod untrusted;
pub mod usage;
pub mod verify;
pub mod visible;
