#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds into build/ppc64le everything that the lab tests put into a host: the guest programs (tests/lab/guests), the
# guest that tests the machine it runs on, in both byte orders (tests/lab/bare), and the host's tools (tests/lab/tools).
set -euo pipefail
cd "$(dirname "$0")/../.."
out=build/ppc64le
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# usage: assemble TEXT-ADDRESS NAME OUTPUT
assemble() {
  powerpc64le-linux-gnu-as -a64 -mbig -o "$work/$2.o" "tests/lab/guests/$2.S"
  powerpc64le-linux-gnu-ld -m elf64ppc -Ttext "$1" -e _start -o "$out/$3.elf" "$work/$2.o"
}
assemble 0x10000 big_endian big-endian
for guest in lives flood torrent; do assemble 0 $guest $guest; done

# Guests in C run without an operating system; floating point and vectors are switched off in them.
freestanding=(-ffreestanding -nostdlib -O2 -Wall -Wextra -msoft-float -mno-altivec -mno-vsx -fno-stack-protector)
link=-Wl,--build-id=none,--no-warn-rwx-segments
# Linked above the memory that its own calls may overwrite.
powerpc64le-linux-gnu-gcc "${freestanding[@]}" -static -fno-pic -mcpu=power8 "$link,-N,-Ttext=0x80000" \
  -o "$out/hostile.elf" tests/lab/guests/hostile.c
# The shape of common pseries kernels: position-independent, relocates itself, and nothing after the image marks its
# stack.
for order in little big; do
  powerpc64le-linux-gnu-gcc "${freestanding[@]}" "-m$order" -mabi=elfv2 -std=gnu17 -fPIE -mcpu=power9 \
    -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
    "$link,-pie,--no-dynamic-linker,-T,tests/lab/bare/bare.lds" -o "$out/bare-${order:0:1}e.elf" tests/lab/bare/*.[Sc]
done

for source in tests/lab/tools/*.c; do
  program=$(basename "$source" .c)
  powerpc64le-linux-gnu-gcc -static -s -O2 -Wall -o "$out/${program//_/-}" "$source"
done
