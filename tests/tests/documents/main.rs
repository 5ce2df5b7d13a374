//! Tests that the documents agree with the code.

mod drift;
mod unsafe_code;
