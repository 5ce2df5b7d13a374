#!/bin/sh
# The inner loop of a contributor: formatting, lints and the tests of every library, on the host alone.
# Needs no emulator and no bare-metal target. `./test.sh` runs everything.
# Arguments go to `cargo test`, for instance `./check.sh --package hadamrnn-runtime`.
set -eu
cd "$(dirname "$0")"
firmware="--manifest-path firmware-examples/Cargo.toml --features hadamrnn-firmware-common/registry"
step() { printf '\n== %s\n' "$*"; }

step "formatting"
cargo fmt --all --check
cargo fmt --all --check --manifest-path firmware-examples/Cargo.toml

step "lints"
cargo clippy --locked --workspace --all-targets -- --deny warnings
# shellcheck disable=SC2086 # a list
cargo clippy --locked $firmware --all-targets -- --deny warnings

step "tests of the libraries"
if [ $# = 0 ]; then set -- --workspace; fi
cargo test --locked --lib "$@"
# shellcheck disable=SC2086 # a list
cargo test --locked $firmware --lib
