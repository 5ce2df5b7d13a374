#!/bin/sh
# Sets the machine up and runs the main job: train on sensor data, export, verify, run on an emulated Cortex-M4.
# Arguments go to `hadamrnn demo`; see `./demo.sh --help`.
set -eu
cd "$(dirname "$0")"
firmware-examples/setup.sh
# The same build as the tests, so that each uses what the other has compiled.
cargo build --locked --workspace --bins
exec target/debug/hadamrnn demo "$@"
