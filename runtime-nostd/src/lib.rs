//! Integer-only HadamRNN inference.
#![no_std]
