# SPDX-License-Identifier: Apache-2.0
# A big-endian payload: prints "big" and powers off. The RTAS tokens are those of src/papr/rtas.cpp.
        .text
        .globl  _start
_start: li      3, 0x58                         # H_PUT_TERM_CHAR
        li      4, 0
        li      5, 4
        bcl     20, 31, 1f
1:      mflr    30
        ld      6, text-1b(30)                  # big-endian: the first character is the most significant byte
        sc      1
        li      3, 0
        ori     3, 3, 0xf000                    # H_RTAS
        addi    4, 30, block-1b
        sc      1
2:      b       2b
        .balign 8
text:   .ascii  "big\n\0\0\0\0"
block:  .4byte  2, 2, 1, -1, -1, 0              # power-off
