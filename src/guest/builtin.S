# SPDX-License-Identifier: Apache-2.0
#
# The built-in guest. It prints what a guest of Parley finds: the physical PVR, its level, and its byte order. It uses
# only what PAPR gives every partition: the flattened device tree, whose address it gets in r3, the hcall
# H_PUT_TERM_CHAR for output, and RTAS "power-off" to end.
#
# The level is cpu-version in the guest's device tree, where Linux reads it too. The physical PVR comes from the
# processor, which always shows the silicon.
#
# The code is position-independent, runs in real mode (addresses are real addresses), little-endian, and needs no
# stack. Registers: r31 the device tree, r30 the base address of the code, r29 the buffer for the digits of put_hex.
# Subroutines keep their return address in r28, r27 or r26, one register for each depth of calls.

        .machine power8
        .abiversion 2
        .set    H_PUT_TERM_CHAR, 0x58
        .set    H_RTAS, 0xf000
        .set    FDT_BEGIN_NODE, 1
        .set    FDT_PROP, 3
        .set    FDT_END, 9

        .macro  say label                       # prints the NUL-terminated text at label
        addi    %r3, %r30, \label - start
        bl      put_text
        .endm

        .text
start:
        mr      %r31, %r3
        bcl     20, 31, 1f
1:      mflr    %r30
        addi    %r30, %r30, start - 1b

        say     hello

        say     pvr_is
        mfspr   %r3, 287                        # PVR
        bl      put_hex
        say     newline

        say     level_is
        addi    %r3, %r30, cpu_version - start
        bl      find_property
        mr      %r25, %r3
        cmpldi  %r3, 0
        beq     no_level
        lwbrx   %r24, 0, %r25                   # cells are big-endian
        srwi    %r3, %r24, 24
        cmpwi   %r3, 0x0f
        bne     raw
        # 0x0f000004 to 0x0f000007 have names
        lis     %r4, 0x0f00
        ori     %r4, %r4, 4
        subf    %r4, %r4, %r24
        cmplwi  %r4, 3
        bgt     unnamed
        addi    %r3, %r30, names - start
        sldi    %r4, %r4, 3                     # 8 bytes each
        add     %r3, %r3, %r4
        bl      put_text
        b       logical
raw:    say     raw_text
        b       logical
unnamed:
        say     unnamed_text
logical:
        say     cpu_version_is
        mr      %r3, %r24
        bl      put_hex
        say     close
        b       endian
no_level:
        say     no_level_text
endian:
        say     endian_is
        mfmsr   %r3
        andi.   %r3, %r3, 1                     # MSR[LE]
        beq     2f
        say     little
        b       3f
2:      say     big
3:
        addi    %r3, %r30, power_off - start
        bl      find_property
        cmpldi  %r3, 0
        beq     stuck
        # The argument block: token, 2 arguments (-1, -1: no wake-up), 1 result; all cells big-endian.
        lwz     %r4, 0(%r3)
        addi    %r3, %r30, rtas_block - start
        stw     %r4, 0(%r3)
        mr      %r4, %r3
        li      %r3, 0
        ori     %r3, %r3, H_RTAS
        sc      1
stuck:  b       stuck

# Prints the text at r3 up to its NUL, 16 bytes an hcall. H_PUT_TERM_CHAR takes the length and two registers in which
# the first character is the most significant byte.
put_text:
        mflr    %r28
        mr      %r20, %r3
4:      li      %r5, 0                          # length of this piece
5:      lbzx    %r6, %r20, %r5
        cmpwi   %r6, 0
        beq     6f
        addi    %r5, %r5, 1
        cmpwi   %r5, 16
        blt     5b
6:      cmpwi   %r5, 0
        beq     7f
        mr      %r21, %r5
        ldbrx   %r6, 0, %r20
        addi    %r7, %r20, 8
        ldbrx   %r7, 0, %r7
        li      %r3, H_PUT_TERM_CHAR
        li      %r4, 0                          # the console
        sc      1
        add     %r20, %r20, %r21
        b       4b
7:      mtlr    %r28
        blr

# Prints r3's low 32 bits as "0x" and eight digits.
put_hex:
        mflr    %r27
        addi    %r29, %r30, number - start
        li      %r5, 8
        mtctr   %r5
        addi    %r6, %r29, 2
8:      rlwinm  %r3, %r3, 4, 0, 31              # the next digit comes round to the bottom
        andi.   %r7, %r3, 15
        cmpwi   %r7, 10
        blt     9f
        addi    %r7, %r7, 'a' - '0' - 10
9:      addi    %r7, %r7, '0'
        stb     %r7, 0(%r6)
        addi    %r6, %r6, 1
        bdnz    8b
        mr      %r3, %r29
        bl      put_text
        mtlr    %r27
        blr

# Finds the first property with the name at r3 in the whole tree at r31. Returns the address of its value in r3, 0 if
# there is none. Layout: Devicetree Specification 0.4, chapter 5. Header: structure block's offset at 8, strings block's
# at 12.
find_property:
        mflr    %r26
        mr      %r14, %r3
        li      %r4, 8
        lwbrx   %r15, %r31, %r4
        add     %r15, %r15, %r31                # where we read
        li      %r4, 12
        lwbrx   %r16, %r31, %r4
        add     %r16, %r16, %r31                # the names
10:     lwbrx   %r5, 0, %r15
        addi    %r15, %r15, 4
        cmpwi   %r5, FDT_END
        beq     15f
        cmpwi   %r5, FDT_BEGIN_NODE
        bne     12f
11:     lbz     %r6, 0(%r15)                    # skip the node's name with its NUL, then align
        addi    %r15, %r15, 1
        cmpwi   %r6, 0
        bne     11b
        addi    %r15, %r15, 3
        rldicr  %r15, %r15, 0, 61
        b       10b
12:     cmpwi   %r5, FDT_PROP
        bne     10b
        lwbrx   %r17, 0, %r15                   # length of the value
        li      %r4, 4
        lwbrx   %r6, %r15, %r4                  # offset of the name
        add     %r6, %r6, %r16
        addi    %r15, %r15, 8
        mr      %r7, %r14
13:     lbz     %r8, 0(%r6)
        lbz     %r9, 0(%r7)
        addi    %r6, %r6, 1
        addi    %r7, %r7, 1
        cmpw    %r8, %r9
        bne     14f
        cmpwi   %r8, 0
        bne     13b
        mr      %r3, %r15
        mtlr    %r26
        blr
14:     add     %r15, %r15, %r17
        addi    %r15, %r15, 3
        rldicr  %r15, %r15, 0, 61
        b       10b
15:     li      %r3, 0
        mtlr    %r26
        blr

        .balign 4
rtas_block:                                     # token, nargs, nret, two arguments, one result
        .4byte  0, 0x02000000, 0x01000000, 0xffffffff, 0xffffffff, 0
names:  .asciz  "power8\0"
        .asciz  "power9\0"
        .asciz  "power10"
        .asciz  "power11"
hello:  .asciz  "Hello from a guest on POWER.\n"
pvr_is: .asciz  "physical PVR: "
level_is:
        .asciz  "level: "
raw_text:
        .asciz  "raw"
unnamed_text:
        .asciz  "unnamed"
cpu_version_is:
        .asciz  " (cpu-version "
close:  .asciz  ")\n"
no_level_text:
        .asciz  "none (no cpu-version)\n"
endian_is:
        .asciz  "endianness: "
little: .asciz  "little\n"
big:    .asciz  "big\n"
newline:
        .asciz  "\n"
number: .asciz  "0x00000000"
cpu_version:
        .asciz  "cpu-version"
power_off:
        .asciz  "power-off"
        .balign 16                              # put_text may load up to 15 bytes beyond a text
        .space  16
