//! The model format: the worked examples of the documents, and every way to damage a file.

mod capacities;
mod constant;
mod damage;
mod documented;
mod examples;
mod fields;
mod parts;
mod reading;
mod single_features;
