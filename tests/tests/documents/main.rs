//! Tests that the documents agree with the code.

mod drift;
mod readme;
mod results;
mod unsafe_code;
