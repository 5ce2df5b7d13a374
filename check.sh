#!/bin/sh
# The inner loop of a contributor: formatting, lints and the tests of every library, on the host alone.
# Needs no emulator and no bare-metal target. `./test.sh` runs everything.
# Arguments go to `cargo test`, for instance `./check.sh --package hadamrnn-runtime`.
set -eu
cd "$(dirname "$0")"
step() { printf '\n== %s\n' "$*"; }

step "formatting"
cargo fmt --all --check
cargo fmt --check --manifest-path firmware-examples/emulated/Cargo.toml

step "lints"
cargo clippy --locked --workspace --all-targets -- --deny warnings

step "tests of the libraries"
if [ $# = 0 ]; then set -- --workspace; fi
cargo test --locked --lib "$@"
