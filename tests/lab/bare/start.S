// SPDX-License-Identifier: Apache-2.0
//
// The entry points, and the instructions that C cannot express.
//
// Firmware enters a program in big-endian mode, whatever byte order it was built for. So each entry point begins with a
// word that is valid in both byte orders: it is b .+0x38 in the program's byte order and li r0,72 in the other one (for
// the return from RTAS: b .+0x28 and cmplwi r0,72). The words after it are stored in the other byte order; they switch
// the processor to the program's byte order with rfid. Macro `other` stores such words, `turn_around` is the whole
// sequence.
//
// Sections: entry from firmware; entry of a further processor; interrupts; hypercalls and RTAS; the instructions that
// the tests execute one by one.
#include "bare.h"

        // Stores an instruction in the other byte order.
        .macro  other word
        .4byte  (\word & 0xff) << 24 | (\word & 0xff00) << 8 | (\word >> 8 & 0xff00) | (\word >> 24 & 0xff)
        .endm

        // Switches to this program's byte order. r11 becomes the previous MSR; r0, r10, r12 and LR are lost.
        .macro  turn_around
0:      b       0b + 0x38
        other   0x429f0005                      // bcl 20,31,.+4
        other   0x7d4802a6                      // mflr r10, which is 0b + 8
        other   0x394a0034                      // addi r10,r10,0x34
        other   0x7d6000a6                      // mfmsr r11
        other   0x696c0001                      // xori r12,r11,MSR_LE
        other   0x7d5a03a6                      // mtsrr0 r10
        other   0x7d9b03a6                      // mtsrr1 r12
        other   0x4c000024                      // rfid
        .space  0x38 - (. - 0b)
        mfmsr   11
        .endm

        .macro  table_of_contents through
        bcl     20, 31, 0f
0:      mflr    \through
        addis   2, \through, (.TOC. - 0b)@ha
        addi    2, 2, (.TOC. - 0b)@l
        .endm

        .macro  address register, symbol        // of a symbol of this program
        addis   \register, 2, \symbol@toc@ha
        addi    \register, \register, \symbol@toc@l
        .endm

// --- Entry from firmware: r3 is the tree, r4 and r5 are 0. The stack is checked before anything is written to it.

        .section .start, "ax"
        .globl  _start
_start: turn_around
        mr      28, 3
        mr      29, 4
        mr      30, 5
        mr      31, 11
        table_of_contents 12
        address 27, _start                      // the load address
        address 9, _end                         // is the stack all zero?
        li      26, 0
        li      6, STACK_SIZE / 8
        mtctr   6
1:      ld      6, 0(9)
        cmpdi   6, 0
        bne     2f
        addi    9, 9, 8
        bdnz    1b
        b       3f
2:      mr      26, 9
3:      address 1, _end
        addis   1, 1, STACK_SIZE >> 16
        addi    1, 1, -128
        li      0, 0
        std     0, 0(1)
        mr      3, 27
        address 4, _DYNAMIC
        bl      relocate
        mr      9, 3
        mr      3, 28
        mr      4, 29
        mr      5, 30
        mr      6, 31
        mr      7, 27
        mr      8, 26
        bl      begin
        b       .

// --- Entry of a further processor: r3 is its struct processor.

        .text
        .globl  secondary_start
        .balign 64
secondary_start:
        turn_around
        mr      4, 11
        mtsprg  2, 3
        ld      1, AT_STACK(3)
        table_of_contents 12
        bl      secondary
        b       .

// --- Interrupts. The vector has saved r13 in SPRG1; r13 holds the vector's address.

        .globl  interrupt_entry
interrupt_entry:
        mtsprg  3, 12
        mfsprg  12, 2
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        std     \n, 8 * \n(12)
        .endr
        .irp    n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        std     \n, 8 * \n(12)
        .endr
        mfsprg  3, 3
        mfsprg  4, 1
        mfsrr0  5
        mfsrr1  6
        mfcr    7
        mflr    8
        mfctr   9
        mfxer   10
        std     3, 8 * 12(12)
        std     4, 8 * 13(12)
        std     5, AT_SRR0(12)
        std     6, AT_SRR1(12)
        std     7, AT_CR(12)
        std     8, AT_LR(12)
        std     9, AT_CTR(12)
        std     10, AT_XER(12)
        mfdar   3
        mfdsisr 4
        mfmsr   5
        std     3, AT_DAR(12)
        std     4, AT_DSISR(12)
        std     5, AT_MSR(12)
        std     13, AT_VECTOR(12)
        ld      1, AT_INTERRUPT_STACK(12)
        mr      31, 12
        mr      3, 12
        table_of_contents 12
        bl      interrupted
        mr      12, 31
        ld      5, AT_SRR0(12)
        ld      6, AT_SRR1(12)
        ld      7, AT_CR(12)
        ld      8, AT_LR(12)
        ld      9, AT_CTR(12)
        ld      10, AT_XER(12)
        mtsrr0  5
        mtsrr1  6
        mtcr    7
        mtlr    8
        mtctr   9
        mtxer   10
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13
        ld      \n, 8 * \n(12)
        .endr
        .irp    n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        ld      \n, 8 * \n(12)
        .endr
        ld      12, 8 * 12(12)
        rfid

        // The handler for interrupts in the other byte order: it counts the interrupt and skips the instruction. These
        // words are copied to low memory in the other byte order.
        .globl  foreign, foreign_end
foreign:
        mtsprg  3, 3
        lbz     3, FOREIGN_COUNT(0)
        addi    3, 3, 1
        stb     3, FOREIGN_COUNT(0)
        mfsrr0  3
        addi    3, 3, 4
        mtsrr0  3
        mfsprg  3, 3
        rfid
foreign_end:

// --- Hypercalls and RTAS

        .globl  hypercall
hypercall:
        std     31, -8(1)
        mr      31, 4
        .irp    n, 4, 5, 6, 7, 8, 9, 10, 11, 12
        ld      \n, 8 * (\n - 4)(31)
        .endr
        sc      1
        .irp    n, 4, 5, 6, 7, 8, 9, 10, 11, 12
        std     \n, 8 * (\n - 4)(31)
        .endr
        ld      31, -8(1)
        blr

        // Calls RTAS at its entry point: in big-endian mode, without the MSR bits in r5. RTAS preserves r1, r2 and r13
        // to r31, but in 32-bit mode their upper halves may be lost.
        .globl  call_rtas_entry
call_rtas_entry:
        mflr    0
        std     0, 16(1)
        stdu    1, -192(1)
        std     2, 32(1)
        .irp    n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        std     \n, 40 + 8 * (\n - 14)(1)
        .endr
        mtsprg  3, 1
        mfmsr   6
        mtsprg  1, 6
        andc    6, 6, 5
        mtsrr0  4
        mtsrr1  6
        bcl     20, 31, 0f
0:      mflr    7
        addi    7, 7, 1f - 0b
        mtlr    7
        rfid
        // RTAS returns in big-endian mode, which may be the other byte order.
1:      b       1b + 0x28
        other   0x429f0005                      // bcl 20,31,.+4
        other   0x7d4802a6                      // mflr r10, which is 1b + 8
        other   0x394a003c                      // addi r10,r10,0x3c
        other   0x7d7142a6                      // mfsprg r11,1
        other   0x7d5a03a6                      // mtsrr0 r10
        other   0x7d7b03a6                      // mtsrr1 r11
        other   0x4c000024                      // rfid
        .space  0x28 - (. - 1b)
        bcl     20, 31, 0f                      // 1b + 0x28
0:      mflr    10
        addi    10, 10, 0x44 - 0x2c
        mfsprg  11, 1
        mtsrr0  10
        mtsrr1  11
        rfid
        mfsprg  1, 3                            // 1b + 0x44
        .irp    n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        ld      \n, 40 + 8 * (\n - 14)(1)
        .endr
        ld      2, 32(1)
        addi    1, 1, 192
        ld      0, 16(1)
        mtlr    0
        blr

// --- Instructions that may interrupt. Each function returns r3 as the instruction leaves it.

        .macro  instruction name
        .globl  \name
        .balign 64                              // a prefixed instruction must not cross a 64-byte boundary
\name:
        .endm

        instruction do_trap
        trap
        blr

        instruction do_illegal
        .4byte  0
        blr

        instruction do_system_call
        sc      0
        blr

        instruction do_float
        .4byte  0xfc000090                      // fmr f0,f0
        blr

        instruction do_vector
        .4byte  0x10000484                      // vor v0,v0,v0
        blr

        instruction do_pli
        .4byte  0x06001234, 0x38605678          // pli r3,0x12345678
        blr

        instruction do_unaligned_reservation
        lwarx   3, 0, 3
        blr

        instruction do_mfspr_lpcr
        mfspr   3, 318
        blr

        instruction do_rewritten
        nop
        blr

        .section .note.GNU-stack, "", @progbits
