//! What the documents state of the code is so.

mod drift;
mod unsafe_code;
