# SPDX-License-Identifier: Apache-2.0
#
# What stands at 0x100 of bench/run's guest, for QEMU, which starts firmware there in big-endian mode: goes on at 0x200 in
# little-endian mode. Assembled big-endian.
    .globl  _start
_start:
    li      %r4, 0x200
    mfmsr   %r5
    ori     %r5, %r5, 1                 # MSR[LE]
    mtsrr0  %r4
    mtsrr1  %r5
    rfid
