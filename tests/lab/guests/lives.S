# SPDX-License-Identifier: Apache-2.0
#
# A big-endian guest that reboots as often as its NVRAM says: each life decrements the number there. When the number is
# 0, the guest prints "idle" and sleeps forever. Linked at 0; the RTAS tokens are those of src/papr/rtas.cpp.
        .set    PLACE, 32768                    # an NVRAM offset that is empty at first

        .macro  hcall number, argument
        li      3, 0
        ori     3, 3, \number
        li      4, \argument
        sc      1
        .endm

        .text
        .globl  _start
_start: hcall   0xf000, fetch                   # H_RTAS
        lwz     20, number(0)
        cmpwi   20, 0
        beq     idle
        addi    20, 20, -1
        stw     20, number(0)
        hcall   0xf000, store
        hcall   0xf000, reboot

idle:   li      5, 5
        ld      6, text(0)                      # the first character is the most significant byte
        hcall   0x58, 0                         # H_PUT_TERM_CHAR
2:      lis     5, 0x7fff
        mtdec   5
        hcall   0xe0, 0                         # H_CEDE enables interrupts
        b       2b

        .org    0x900                           # the decrementer interrupt
        lis     5, 0x7fff
        mtdec   5
        rfid

        .balign 8
text:   .ascii  "idle\n\0\0\0"
fetch:  .4byte  7, 3, 2, PLACE, number, 4, 0, 0 # nvram-fetch: 4 bytes from PLACE
store:  .4byte  8, 3, 2, PLACE, number, 4, 0, 0 # nvram-store
reboot: .4byte  3, 0, 1, 0                      # system-reboot
number: .4byte  0
