# SPDX-License-Identifier: Apache-2.0
#
# A big-endian guest that prints at full speed: pieces of 16 bytes, each the piece's number in hexadecimal and a line
# feed. Two words in its NVRAM say how many pieces (0: without end), and whether the guest then powers off (0) or sleeps
# forever. Linked at 0; the RTAS tokens are those of src/papr/rtas.cpp.
        .set    PLACE, 32768                    # an NVRAM offset that is empty at first

        .text
        .globl  _start
_start: li      3, 0
        ori     3, 3, 0xf000                    # H_RTAS
        li      4, fetch
        sc      1
        lwz     20, wanted(0)
        li      21, 0                           # pieces printed so far

next:   li      7, 15                           # digits, from the last to the first
        mr      8, 21
        li      9, digits_end
1:      andi.   10, 8, 15
        srdi    8, 8, 4
        lbz     10, figures(10)
        stbu    10, -1(9)
        addi    7, 7, -1
        cmpwi   7, 0
        bne     1b
2:      li      3, 0x58                         # H_PUT_TERM_CHAR
        li      4, 0
        li      5, 16
        ld      6, piece(0)                     # the first character is the most significant byte
        ld      7, piece+8(0)
        sc      1
        cmpdi   3, 0                            # H_BUSY: no room yet
        bne     2b
        addi    21, 21, 1
        cmpd    21, 20
        bne     next

        lwz     22, stays(0)
        cmpwi   22, 0
        bne     idle
        li      3, 0
        ori     3, 3, 0xf000
        li      4, off
        sc      1
idle:   lis     5, 0x7fff
        mtdec   5
        li      3, 0xe0                         # H_CEDE enables interrupts
        sc      1
        b       idle

        .org    0x900                           # the decrementer interrupt
        lis     5, 0x7fff
        mtdec   5
        rfid

        .balign 8
piece:  .space  15
digits_end:
        .ascii  "\n"
figures: .ascii "0123456789abcdef"
fetch:  .4byte  7, 3, 2, PLACE, wanted, 8, 0, 0 # nvram-fetch: 8 bytes from PLACE
off:    .4byte  2, 2, 1, -1, -1, 0              # power-off
wanted: .4byte  0                               # 0: no number of pieces equals it
stays:  .4byte  0
