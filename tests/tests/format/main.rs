//! The model format: the worked examples of the documents, what they state of gains, and every way to damage a file.

mod capacities;
mod damage;
mod documented;
mod drift;
mod examples;
mod fields;
mod reading;
mod single_features;
