#!/bin/sh
# Installs what firmware and its emulation need and a Debian 12 machine with rustup lacks:
# a C compiler (the linker of build scripts), one for Arm (the C example), QEMU, and `core` for the bare-metal targets.
# Does nothing, quickly, where nothing is missing. Says what it found or installed.
#
# With --slurm also Slurm and MUNGE, which the ignored tests of jobs under a real Slurm start by themselves.
# With --deny also cargo-deny, which checks licences and advisories of dependencies.
# With --fire also strace, by which ignored tests kill training inside of system calls.
#
# HADAMRNN_FORCE_DEBIAN_RUST=1 takes Debian's compiler for the targets even if rustup could.
set -eu

# One list for every board of boards.toml; riscv32imc is what ESP32-C3 needs.
targets="thumbv6m-none-eabi thumbv7m-none-eabi thumbv7em-none-eabi thumbv7em-none-eabihf
thumbv8m.main-none-eabi riscv32imc-unknown-none-elf"

say() { echo "setup: $*"; }
die() {
    echo "setup: error: $*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

updated=
# apt PACKAGE...: installs Debian packages, after one update of the package lists.
apt() {
    have apt-get || die "not a Debian system (no apt-get); install the equivalent of: $*"
    root=
    if [ "$(id -u)" != 0 ]; then
        have sudo || die "installing needs root; as root run: apt-get install -y $*"
        root=sudo
    fi
    if [ -z "$updated" ]; then
        $root apt-get update -qq || die "apt-get update failed; check the network, then run this again"
        updated=yes
    fi
    say "installing $*"
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
        >/dev/null || die "could not install: $*"
}

have rustup || have rustc || die "no Rust; install rustup from https://rustup.rs, then run this again"
have cargo || die "no cargo on PATH; add ~/.cargo/bin to PATH, then run this again"

have cc || apt gcc libc6-dev
say "C compiler: $(cc --version | head -n 1)"

packages=
have qemu-system-arm || packages="$packages qemu-system-arm"
have qemu-system-riscv32 || packages="$packages qemu-system-misc"
have arm-none-eabi-gcc || packages="$packages gcc-arm-none-eabi"
slurm= deny= fire=
for option in "$@"; do
    case $option in
    --slurm) slurm=yes ;;
    --deny) deny=yes ;;
    --fire) fire=yes ;;
    *) die "unknown option $option; there are --slurm, --deny and --fire" ;;
    esac
done
if [ -n "$slurm" ]; then
    PATH=$PATH:/usr/sbin:/sbin
    have slurmctld && have slurmd && have sbatch && have munged ||
        packages="$packages slurmctld slurmd slurm-client munge"
fi
[ -z "$fire" ] || have strace || packages="$packages strace"
# shellcheck disable=SC2086 # a list
[ -z "$packages" ] || apt $packages
say "$(qemu-system-arm --version | head -n 1)"
say "$(arm-none-eabi-gcc --version | head -n 1)"

# Targets that rustup's toolchain lacks, each on a line.
missing() {
    sysroot=$(rustc --print sysroot)
    for target in $targets; do
        [ -d "$sysroot/lib/rustlib/$target/lib" ] || echo "$target"
    done
}
debian_rust() {
    [ -x /usr/bin/rustc ] && [ -e /usr/lib/rustlib/src/rust/library/core/Cargo.toml ]
}

if [ "${HADAMRNN_FORCE_DEBIAN_RUST:-}" = 1 ]; then
    lacking=$targets
else
    lacking=$(missing)
    # Where Debian's compiler serves already, a server that does not answer would only cost time.
    if [ -n "$lacking" ] && have rustup && ! debian_rust; then
        say "rustup target add" $lacking
        # A server that does not answer must not stop the set-up: there is another way.
        if have timeout; then limit="timeout 300"; else limit=; fi
        # shellcheck disable=SC2086 # lists
        $limit rustup target add $lacking >/dev/null 2>&1 || say "rustup cannot reach its server"
        lacking=$(missing)
    fi
fi

if [ -n "$lacking" ] && ! debian_rust; then
    apt rustc-web rust-web-src
    debian_rust || die "rustc-web is installed but /usr/bin/rustc or its source is missing"
fi

if [ -n "$deny" ] && ! have cargo-deny; then
    # It runs for seconds: not optimised, it is compiled in a minute instead of ten.
    say "installing cargo-deny"
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        cargo install --quiet --locked cargo-deny@0.20.2 || die "could not install cargo-deny; see https://crates.io"
fi

here=$(cd "$(dirname "$0")" && pwd)
for target in $targets; do
    say "$target: $("$here/cargo-target.sh" "$target" which)"
done
