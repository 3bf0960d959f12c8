# SPDX-License-Identifier: Apache-2.0
#
# The guest of bench/run, a flat little-endian program. It prints a first line, times hcalls that the VMM answers, times
# a long output, prints both durations in ticks of the timebase, and then waits for its end. Each line has 16 bytes, the
# most that H_PUT_TERM_CHAR takes. HCALLS and LINES are defined on the assembler's command line.
    .macro put first, second
    li      %r3, 0x58                   # H_PUT_TERM_CHAR (LoPAR 16.6.3.2): to the first terminal, 16 bytes
    li      %r4, 0
    li      %r5, 16
    mr      %r6, \first
    mr      %r7, \second
    sc      1
    .endm

    .globl  _start
_start:
    b       begin
    .org    0x100                       # QEMU starts firmware here, big-endian: bench/run inserts firmware.S
    .org    0x200
begin:
    lis     %r14, text@h
    ori     %r14, %r14, text@l
    ld      %r20, 0(%r14)
    ld      %r21, 8(%r14)
    put     %r20, %r21

    lis     %r15, HCALLS@h
    ori     %r15, %r15, HCALLS@l
    mtctr   %r15
    mftb    %r16
1:  li      %r3, 0x58
    li      %r4, 0
    li      %r5, 0                      # no bytes to print: only the round trip to the VMM is left
    sc      1
    bdnz    1b
    mftb    %r17
    sub     %r16, %r17, %r16

    lis     %r18, LINES@h
    ori     %r18, %r18, LINES@l
    ld      %r20, 16(%r14)
    ld      %r21, 24(%r14)
    mftb    %r17
2:  put     %r20, %r21
    cmpdi   %r3, 1                      # H_BUSY: there is no room yet
    beq     2b
    addi    %r18, %r18, -1
    cmpdi   %r18, 0
    bne     2b
    mftb    %r19
    sub     %r17, %r19, %r17

    mr      %r22, %r16
    bl      say_number
    mr      %r22, %r17
    bl      say_number
    ld      %r20, 32(%r14)
    ld      %r21, 40(%r14)
3:  put     %r20, %r21
    cmpdi   %r3, 1
    beq     3b
4:  li      %r3, 0xe0                   # H_CEDE
    sc      1
    b       4b

# Prints r22 as " 0123456789abcd\n", its lowest 14 digits. The text is built in r20 and r21, its first byte highest.
say_number:
    mflr    %r31
    li      %r23, 13
    li      %r20, 0x20
    li      %r21, 0
    li      %r24, 1                     # bytes so far
5:  sldi    %r25, %r23, 2
    srd     %r26, %r22, %r25
    andi.   %r26, %r26, 15
    addi    %r26, %r26, 0x30
    cmpdi   %r26, 0x39
    ble     6f
    addi    %r26, %r26, 0x27
6:  cmpdi   %r24, 8
    bge     7f
    sldi    %r20, %r20, 8
    or      %r20, %r20, %r26
    b       8f
7:  sldi    %r21, %r21, 8
    or      %r21, %r21, %r26
8:  addi    %r24, %r24, 1
    addi    %r23, %r23, -1
    cmpdi   %r23, 0
    bge     5b
    sldi    %r21, %r21, 8
    ori     %r21, %r21, 0x0a
9:  put     %r20, %r21
    cmpdi   %r3, 1
    beq     9b
    mtlr    %r31
    blr

    .balign 8
# As numbers: the first byte of the text is the most significant byte.
text:
    .quad   0x626567696e202020          # "begin   "
    .quad   0x202020202020200a
    .quad   0x636f6e736f6c6520          # "console "
    .quad   0x636f6e736f6c650a          # "console\n"
    .quad   0x656e64206f662069          # "end of i"
    .quad   0x742020202020200a          # "t      \n"
