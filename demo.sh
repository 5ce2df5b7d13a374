#!/bin/sh
# Sets the machine up and runs the main job: train on sensor data, export, verify, run on an emulated Cortex-M4.
# Arguments go to `hadamrnn demo`; see `./demo.sh --help`.
set -eu
cd "$(dirname "$0")"
firmware-examples/setup.sh
exec cargo run --release --locked --package hadamrnn -- demo "$@"
