#!/bin/sh
# Shows that the runtime cannot panic: `nopanic` links although its panic handler calls a function that
# exists nowhere, on every target, with every kernel, and for models with and without everything that is optional (tokens,
# pooled readout, second layer, metric and decision, shapes that no assembly takes), read or known to the compiler, and does not link once a panic is
# planted.
# Prints the sizes of the linked firmware. HADAMRNN_MODEL and HADAMRNN_WINDOWS as for the firmware.
set -eu
cd "$(dirname "$0")"

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# link BOARD TARGET KERNEL [ARGUMENT...]
link() {
    board=$1 target=$2 kernel=$3
    shift 3
    HADAMRNN_BOARD=$board HADAMRNN_KERNEL=$kernel ./cargo-target.sh "$target" build --release --locked \
        -p hadamrnn-emulated --bin nopanic --no-default-features "$@" >"$log" 2>&1
}

boards=${HADAMRNN_BOARDS:-"qemu-m0:thumbv6m-none-eabi qemu-m3:thumbv7m-none-eabi
qemu-m4:thumbv7em-none-eabi qemu-m33:thumbv8m.main-none-eabi
qemu-rv32:riscv32imc-unknown-none-elf"}
for pair in $boards; do
    board=${pair%%:*} target=${pair#*:}
    # With the fallback for models outside of the fast path, and without it; with everything that is optional.
    for kernel in "fwht fallback" "fwht-packed fallback" "fwht-packed" "xnor fallback"; do
        # shellcheck disable=SC2086 # a kernel and perhaps a feature
        set -- $kernel
        for optional in 0 1; do
            # What is optional has shapes that only the portable code takes.
            [ $optional = 0 ] || [ $# = 2 ] || continue
            what="$board $1${2:+ $2}, everything optional: $optional"
            if ! HADAMRNN_TOKENS=$optional HADAMRNN_PARTS=$optional HADAMRNN_POOL=$((128 * optional)) HADAMRNN_SECOND=$((128 * optional)) \
                link "$board" "$target" "$1" ${2:+--features "$2"}; then
                cat "$log"
                echo "nopanic: $what does not link: a panic is reachable, or the build failed" >&2
                exit 1
            fi
            echo "nopanic: $what links: no panic is reachable"
        done
    done
    # Models that the compiler knows: of the assembly, with a hidden readout layer, with two layers.
    for model in har2 har2-hidden har2-two-layers; do
        if ! HADAMRNN_MODEL=$PWD/../models/$model/model.hdrn HADAMRNN_WINDOWS=$PWD/../models/$model/windows.bin \
            link "$board" "$target" fwht-packed --features known,fallback; then
            cat "$log"
            echo "nopanic: $board with $model known to the compiler does not link: a panic is reachable, or the build failed" >&2
            exit 1
        fi
        echo "nopanic: $board with $model known to the compiler links: no panic is reachable"
    done
    if link "$board" "$target" fwht-packed --features plant-panic; then
        echo "nopanic: $board links with a planted panic: this test proves nothing" >&2
        exit 1
    fi
    if ! grep -q "undefined symbol: a_panic_is_reachable" "$log"; then
        cat "$log"
        echo "nopanic: $board with a planted panic failed for another reason" >&2
        exit 1
    fi
    echo "nopanic: $board with a planted panic does not link, as it must"
done

# The same of the static library for C: all its functions link, and do not once a panic is planted.
host=$(rustc -vV | sed -n 's/^host: //p')
lld=$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld
out=$(mktemp -d)
trap 'rm -rf "$log" "$out"' EXIT

# link_library TARGET FEATURE...: into a program that keeps every function of the header.
link_library() {
    target=$1
    shift
    ../runtime-nostd/c/build.sh "$target" "$out" --features "$*" >"$log" 2>&1 || return 1
    functions=$(sed -n '/^ \*/d; s/.*[ *]\(hadamrnn_[a-z_]*\)(.*/\1/p' "$out/hadamrnn.h")
    [ "$(echo "$functions" | wc -l)" -ge 15 ] || {
        echo "no functions found in hadamrnn.h" >"$log"
        return 1
    }
    # shellcheck disable=SC2046,SC2086 # lists
    "$lld" -flavor gnu --gc-sections --entry=hadamrnn_start $(printf -- '--undefined=%s ' $functions) \
        "$out/libhadamrnn.a" -o "$out/linked" >"$log" 2>&1
}

for pair in $boards; do
    target=${pair#*:}
    for features in prove-no-panic prove-no-panic,hidden-1024,wide; do
        if ! link_library "$target" "$features"; then
            cat "$log"
            echo "nopanic: the C library for $target, $features, does not link: a panic is reachable" >&2
            exit 1
        fi
        echo "nopanic: the C library for $target, $features, links: no panic is reachable"
    done
    if link_library "$target" plant-panic || ! grep -q "undefined symbol: hadamrnn_a_panic_is_reachable" "$log"; then
        cat "$log"
        echo "nopanic: the C library for $target with a planted panic did not fail as it must" >&2
        exit 1
    fi
    echo "nopanic: the C library for $target with a planted panic does not link, as it must"
done
