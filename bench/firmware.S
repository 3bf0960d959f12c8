# SPDX-License-Identifier: Apache-2.0
#
# The code at 0x100 of bench/run's guest. QEMU starts firmware there in big-endian mode; this code continues at 0x200 in
# little-endian mode. It is assembled as big-endian.
    .globl  _start
_start:
    li      %r4, 0x200
    mfmsr   %r5
    ori     %r5, %r5, 1                 # MSR[LE]
    mtsrr0  %r4
    mtsrr1  %r5
    rfid
