//! The model format: the worked examples of `docs/FORMAT.md`, and every way to damage a file.

mod capacities;
mod constant;
mod damage;
mod examples;
mod fields;
mod reading;
