//! Tests that the documents agree with the code.

mod drift;
mod readme;
mod unsafe_code;
