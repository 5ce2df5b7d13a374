//! Shared parts of the equivalence tests: an oracle that follows the definition word by word, and models to run it on.

pub mod bounds;
pub mod decision;
pub mod documented;
pub mod fast_path;
pub mod metric;
pub mod models;
pub mod oracle;
pub mod readout_models;
pub mod taught;
