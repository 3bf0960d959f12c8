#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes what the tests in the lab need, in build/ppc64le: guests (a big-endian one, a hostile one, one of many lives, two that print
# without end, one in both byte orders that tests the machine it is on), and programs that talk to guests, give them a terminal, take
# all the room there is for them, starve them, or end them.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=build/ppc64le
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
powerpc64le-linux-gnu-as -a64 -mbig -o "$work/big.o" tests/lab/big_endian.S
powerpc64le-linux-gnu-ld -m elf64ppc -Ttext 0x10000 -e _start -o "$out/big-endian.elf" "$work/big.o"
for guest in lives flood torrent; do
  powerpc64le-linux-gnu-as -a64 -mbig -o "$work/$guest.o" "tests/lab/$guest.S"
  powerpc64le-linux-gnu-ld -m elf64ppc -Ttext 0 -e _start -o "$out/$guest.elf" "$work/$guest.o"
done
# Without floating point and vectors, which nobody has switched on in there. Above what its calls may overwrite.
powerpc64le-linux-gnu-gcc -ffreestanding -nostdlib -static -fno-pic -O2 -Wall -Wextra -mcpu=power8 -msoft-float -mno-altivec -mno-vsx -fno-stack-protector \
  -Wl,-N,-Ttext=0x80000,--build-id=none,--no-warn-rwx-segments -o "$out/hostile.elf" tests/lab/hostile.c
# As others build for pseries: position-independent, relocating itself, and nothing behind its image that says where its stack is.
for order in little big; do
  powerpc64le-linux-gnu-gcc "-m$order" -mabi=elfv2 -std=gnu17 -ffreestanding -nostdlib -fPIE -O2 -Wall -Wextra -mcpu=power9 -msoft-float -mno-altivec \
    -mno-vsx -fno-stack-protector -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
    -Wl,-pie,--no-dynamic-linker,--build-id=none,--no-warn-rwx-segments,-T,tests/lab/bare/bare.lds -o "$out/bare-${order:0:1}e.elf" tests/lab/bare/*.[Sc]
done
for program in grants talk on_terminal take_partitions at_moments leave starve; do
  powerpc64le-linux-gnu-gcc -static -s -O2 -Wall -o "$out/${program//_/-}" "tests/lab/$program.c"
done
