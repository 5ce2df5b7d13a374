#!/bin/sh
# Builds the C example: ./build.sh TARGET MODEL.h FOLDER [CARGO ARGUMENT...]
#
# TARGET is thumbv6m-none-eabi (Cortex-M0) or thumbv7em-none-eabi (Cortex-M4). MODEL.h is what `hadamrnn export MODEL --c`
# wrote; its array must be called model_model, so the file model.h. FOLDER gets firmware.elf and the library.
# Further arguments choose what the library has room for; see runtime-nostd/c/build.sh.
set -eu

[ $# -ge 3 ] || {
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
target=$1 model=$2
case $target in
thumbv6m-none-eabi) cpu=cortex-m0 ;;
thumbv7em-none-eabi) cpu=cortex-m4 ;;
*)
    echo "$0: no target $target: thumbv6m-none-eabi or thumbv7em-none-eabi" >&2
    exit 2
    ;;
esac
mkdir -p "$3"
out=$(cd "$3" && pwd)
cp "$model" "$out/model.h" 2>/dev/null || cmp -s "$model" "$out/model.h"
shift 3
here=$(cd "$(dirname "$0")" && pwd)

"$here/../../runtime-nostd/c/build.sh" "$target" "$out" "$@"
cd "$out"
# Freestanding: neither a C library nor a start-up file is needed.
arm-none-eabi-gcc -mcpu=$cpu -mthumb -mfloat-abi=soft -std=c99 -Os -Wall -Wextra -Wpedantic -Werror \
    -ffreestanding -ffunction-sections -fdata-sections -nostdlib -I. -I"$here" \
    "$here/main.c" "$here/board.c" libhadamrnn.a \
    -T"$here/link.ld" -Wl,--gc-sections,-znoexecstack -o firmware.elf
