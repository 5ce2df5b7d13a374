#!/bin/sh
# Makes the static library for a target: ./build.sh TARGET FOLDER [CARGO ARGUMENT...]
#
# Writes libhadamrnn.a and hadamrnn.h into FOLDER. Arguments choose what the library has room for, for instance
#   ./build.sh thumbv6m-none-eabi out --no-default-features --features hidden-128
# and Cargo.toml says what there is to choose. ../../firmware-examples/setup.sh installs what this needs.
set -eu

[ $# -ge 2 ] || {
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
target=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
shift 2
cd "$(dirname "$0")"

cargo_target() {
    HADAMRNN_MANIFEST=$PWD/Cargo.toml CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../../target} \
        ../../firmware-examples/cargo-target.sh "$target" "$@"
}
# Optimised as one program: what cannot be reached is not in it.
cargo_target rustc --quiet --locked --profile library --lib --crate-type staticlib "$@"
cp "$(cargo_target dir)/$target/library/libhadamrnn_c.a" "$out/libhadamrnn.a"
cp hadamrnn.h "$out/"
