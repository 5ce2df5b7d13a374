#!/bin/sh
# QEMU 7.2.22, Arm semihosting: a file that firmware opens to append (SYS_OPEN with mode 8 "a" or 9 "ab", which Arm's
# specification gives the meaning of fopen's) is written from its first byte on. What was there is overwritten, and all calls
# succeed. SYS_SEEK to SYS_FLEN's length before the first write helps.
#
# Seen on 2026-12-01, Debian's 1:7.2+dfsg-7+deb12u18+b3, machine mps2-an385; firmware appends "new" to a file of "old content":
#   mode 8: "new content", SYS_WRITE 0 bytes left
#   mode 9: "new content", SYS_WRITE 0 bytes left
# Fails once either mode appends. Needs the shared libraries of Debian's qemu-system-arm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
apt-get download --quiet \
    "qemu-system-arm=1:7.2+dfsg-7+deb12u18+b3" "binutils-arm-none-eabi=2.40-2+18+b1" >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" unpacked; done
tools=$work/unpacked/usr/bin

for mode in 8 9; do
    cat > firmware.s <<ASM
    .syntax unified
    .cpu cortex-m3
    .thumb
    .section .vectors, "a"
    .word 0x20001000, start + 1
    .text
start:
    movs r0, #1             @ SYS_OPEN
    ldr r1, =open
    bkpt #0xab
    ldr r4, =write
    str r0, [r4]            @ the handle
    movs r0, #5             @ SYS_WRITE: the bytes that were not written
    mov r1, r4
    bkpt #0xab
    mov r5, r0
    movs r0, #2             @ SYS_CLOSE
    mov r1, r4
    bkpt #0xab
    movs r0, #0x20          @ SYS_EXIT_EXTENDED: the status is what SYS_WRITE gave
    ldr r1, =exit
    str r5, [r1, #4]
    bkpt #0xab
    b .
    .ltorg
    .section .rodata
name: .asciz "file"
text: .ascii "new"
    .align 2
open: .word name, $mode, 4
    .data
    .align 2
write: .word 0, text, 3
exit: .word 0x20026, 0
ASM
    "$tools/arm-none-eabi-as" -o firmware.o firmware.s
    "$tools/arm-none-eabi-ld" --section-start=.vectors=0 -Ttext=0x40 -Tdata=0x20000100 -o firmware.elf firmware.o 2>/dev/null
    printf 'old content' > file
    left=0
    timeout 60 "$tools/qemu-system-arm" -M mps2-an385 -nographic -monitor none -serial none \
        -semihosting-config enable=on,target=native -kernel firmware.elf || left=$?
    echo "mode $mode: \"$(cat file)\", SYS_WRITE $left bytes left"
done | tee seen
printf 'mode %s: "new content", SYS_WRITE 0 bytes left\n' 8 9 | diff - seen
