# SPDX-License-Identifier: Apache-2.0
#
# A big-endian guest with the largest possible output calls: it prints blocks of 4096 bytes through Open Firmware's
# client interface, as many as its NVRAM says, and powers off. Linked at 0; the RTAS tokens are those of
# src/papr/rtas.cpp.
        .set    PLACE, 32768                    # an NVRAM offset that is empty at first
        .set    BLOCK, 4096                     # the most that src/papr/client_services.cpp takes per call

        .macro  rtas block
        li      3, 0
        ori     3, 3, 0xf000                    # H_RTAS
        li      4, \block
        sc      1
        .endm
        .macro  service block
        mtctr   31
        li      3, \block
        bctrl
        .endm

        .text
        .globl  _start
_start: mr      31, 5                           # the entry point of the client interface
        rtas    fetch
        lwz     20, wanted(0)
        service find
        lwz     3, chosen(0)
        stw     3, node(0)
        service get
1:      service write
        addic.  20, 20, -1
        bne     1b
        rtas    off

        .balign 8
fetch:  .4byte  7, 3, 2, PLACE, wanted, 4, 0, 0 # nvram-fetch: 4 bytes from PLACE
off:    .4byte  2, 2, 1, -1, -1, 0              # power-off
wanted: .4byte  0
find:   .4byte  finddevice, 1, 1, path
chosen: .4byte  0
get:    .4byte  getprop, 4, 1
node:   .4byte  0, stdout, terminal, 4, 0
write:  .4byte  write_name, 3, 1
terminal: .4byte 0, block, BLOCK, 0
finddevice: .asciz "finddevice"
getprop: .asciz "getprop"
path:   .asciz  "/chosen"
stdout: .asciz  "stdout"
write_name: .asciz "write"
block:  .rept   BLOCK / 64
        .ascii  "a flood of sixty-three characters and a line feed, in each line\n"
        .endr
