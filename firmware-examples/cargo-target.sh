#!/bin/sh
# Runs cargo for a bare-metal target: ./cargo-target.sh TARGET SUBCOMMAND [ARGUMENT...]
#
# The one place that knows where the target's `core` comes from:
#   1. rustup's toolchain, when it has the target (`rustup target add`, see setup.sh);
#   2. else Debian's rustc-web, which compiles `core` from rust-web-src (-Zbuild-std). Its output goes
#      to another target directory: objects of two compilers must not meet.
# HADAMRNN_FORCE_DEBIAN_RUST=1 skips 1. CARGO_TARGET_DIR is honoured in both cases.
# `./cargo-target.sh TARGET which` prints what would be used, and with `dir` the target directory.
set -eu

usage() {
    echo "usage: $0 TARGET (SUBCOMMAND [ARGUMENT...] | which | dir)" >&2
    exit 2
}
[ $# -ge 2 ] || usage
target=$1
subcommand=$2
shift 2

here=$(cd "$(dirname "$0")" && pwd)
dir=${CARGO_TARGET_DIR:-$here/target}
sysroot=$(rustc --print sysroot)
host=$(rustc -vV | sed -n 's/^host: //p')
debian_rustc=/usr/bin/rustc
debian_core=/usr/lib/rustlib/src/rust/library/core/Cargo.toml

if [ -d "$sysroot/lib/rustlib/$target/lib" ] && [ "${HADAMRNN_FORCE_DEBIAN_RUST:-}" != 1 ]; then
    which="rustup: $(rustc -V)"
    build_std=
elif [ -x "$debian_rustc" ] && [ -e "$debian_core" ]; then
    which="debian: $("$debian_rustc" -V), core from source"
    build_std=-Zbuild-std=core
    dir=$dir/debian
    # rust-lld, the linker of bare targets, comes with rustup's toolchain.
    PATH=$PATH:$sysroot/lib/rustlib/$host/bin
    # Debian's compiler is a stable one; -Zbuild-std needs nothing else of a nightly.
    export PATH RUSTC="$debian_rustc" RUSTC_BOOTSTRAP=1
    unset RUSTC_WRAPPER
else
    echo "$0: no Rust for $target: neither rustup's toolchain nor Debian's rustc-web has it." >&2
    echo "Run $here/setup.sh first." >&2
    exit 1
fi

export CARGO_TARGET_DIR="$dir"
case $subcommand in
which) echo "$which" ;;
dir) echo "$dir" ;;
*)
    # Instances of a generic function are compiled in the order of their symbols. In the older scheme that order comes from
    # the path of the checkout, and so would what is inlined, and the counts of emulated boards.
    [ -n "${HADAMRNN_MANIFEST:-}" ] || set -- --config "target.$target.rustflags=['-Csymbol-mangling-version=v0']" "$@"
    # shellcheck disable=SC2086 # empty or one word
    exec cargo "$subcommand" --manifest-path "${HADAMRNN_MANIFEST:-$here/emulated/Cargo.toml}" \
        --target "$target" $build_std "$@"
    ;;
esac
