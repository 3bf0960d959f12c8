#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes what the tests in the lab need, in build/ppc64le: guests (a big-endian one, a hostile one, one of many lives), and programs that
# talk to guests, give them a terminal, or take all the room there is for them.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=build/ppc64le
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
powerpc64le-linux-gnu-as -a64 -mbig -o "$work/big.o" tests/lab/big_endian.S
powerpc64le-linux-gnu-ld -m elf64ppc -Ttext 0x10000 -e _start -o "$out/big-endian.elf" "$work/big.o"
powerpc64le-linux-gnu-as -a64 -mbig -o "$work/lives.o" tests/lab/lives.S
powerpc64le-linux-gnu-ld -m elf64ppc -Ttext 0 -e _start -o "$out/lives.elf" "$work/lives.o"
# Without floating point and vectors, which nobody has switched on in there. Above what its calls may overwrite.
powerpc64le-linux-gnu-gcc -ffreestanding -nostdlib -static -fno-pic -O2 -Wall -Wextra -mcpu=power8 -msoft-float -mno-altivec -mno-vsx -fno-stack-protector \
  -Wl,-N,-Ttext=0x80000,--build-id=none,--no-warn-rwx-segments -o "$out/hostile.elf" tests/lab/hostile.c
for program in talk on_terminal take_partitions; do
  powerpc64le-linux-gnu-gcc -static -s -O2 -Wall -o "$out/${program//_/-}" "tests/lab/$program.c"
done
