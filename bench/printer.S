# SPDX-License-Identifier: Apache-2.0
#
# The second guest of bench/run, a position-independent big-endian program. It prints a long output through Open
# Firmware's client interface (IEEE 1275-1994, 6.3.2.3: write), 4096 bytes at a time, as boot loaders and Linux' early
# console do. Then it prints the duration in ticks of the timebase, and waits for its end. BLOCKS is defined on the
# assembler's command line.
    .set    BLOCK, 4096

    .macro  address cell, text          # stores the address of the text in the cell
    addi    %r4, %r30, \text - _start
    stw     %r4, \cell - _start(%r30)
    .endm
    .macro  service cells
    addi    %r3, %r30, \cells - _start
    mtctr   %r31
    bctrl
    .endm

    .globl  _start
_start:
    mr      %r31, %r5                   # the entry point of the client interface
    bcl     20, 31, 1f
1:  mflr    %r30
    addi    %r30, %r30, _start - 1b
    address find, finddevice
    address find + 12, path
    service find
    lwz     %r4, node - _start(%r30)
    stw     %r4, get + 12 - _start(%r30)
    address get, getprop
    address get + 16, stdout
    address get + 20, terminal
    service get
    address print, write
    address print + 16, block

    li      %r15, BLOCKS
    mftb    %r16
2:  service print
    addic.  %r15, %r15, -1
    bne     2b
    mftb    %r17
    sub     %r16, %r17, %r16

    li      %r15, 14                    # the number of digits
    addi    %r18, %r30, number + 1 - _start
3:  addi    %r15, %r15, -1
    sldi    %r19, %r15, 2
    srd     %r19, %r16, %r19
    andi.   %r19, %r19, 15
    addi    %r19, %r19, '0'
    cmpwi   %r19, '9'
    ble     4f
    addi    %r19, %r19, 'a' - '0' - 10
4:  stb     %r19, 0(%r18)
    addi    %r18, %r18, 1
    cmpwi   %r15, 0
    bne     3b
    address print + 16, number
    li      %r4, end - number
    stw     %r4, print + 20 - _start(%r30)
    service print
5:  li      %r3, 0xe0                   # H_CEDE
    sc      1
    b       5b

    .balign 8
find:   .4byte  0, 1, 1, 0              # finddevice(path), its result:
node:   .4byte  0
get:    .4byte  0, 4, 1, 0, 0, 0, 4, 0  # getprop(node, "stdout", terminal, 4)
print:  .4byte  0, 3, 1                 # write(terminal, text, length)
terminal: .4byte 0, 0, BLOCK, 0
finddevice: .asciz "finddevice"
getprop: .asciz "getprop"
write:  .asciz  "write"
path:   .asciz  "/chosen"
stdout: .asciz  "stdout"
number: .ascii  " 01234567890123 \nend of it\n"
end:
block:  .rept   BLOCK / 64
        .ascii  "sixty-four characters, sixty-four times over: 4096 in a block. \n"
        .endr
