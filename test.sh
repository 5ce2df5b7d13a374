#!/bin/sh
# Sets the machine up and runs every test: host, equivalence, firmware on all emulated cores.
# Arguments go to `cargo test`, for instance `./test.sh --package hadamrnn-runtime`.
set -eu
cd "$(dirname "$0")"
firmware-examples/setup.sh
cargo test --locked --workspace "$@"
