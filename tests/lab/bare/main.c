// SPDX-License-Identifier: Apache-2.0
//
// The command line is a list of words. The words of kTests select the tests; the other words describe the host:
//
//   v2            the nested API is v2 on QEMU's emulated hypervisor. There the decrementer does not keep its value
//                 while the guest is out, MSR[ME] is hidden, and external interrupts are not delivered: only H_XIRR
//                 shows them (docs/lab.md)
//   isa31         the processor has the instructions of ISA 3.1
//   processors=N  the number of processors
//   initrd=SIZE sum=0x...   the initrd's size and checksum; without these words there is no initrd
//   words=0x...   the checksum of the preceding part of the command line

#include "bare.h"

#include <elf.h>

bool under_v2;
struct entry_state entered;

static const struct {
  const char *name;
  void (*run)(void);
} kTests[] = {
    {"entry", test_entry},
    {"rtas", test_rtas},
    {"hypercalls", test_hypercalls},
    {"kernel-hypercalls", test_kernel_hypercalls},
    {"decrementer", test_decrementer},
    {"external", test_external},
    {"input", test_input},
    {"instructions", test_instructions},
    {"prefixed", test_prefixed},
    {"illegal", test_illegal},
    {"smp", test_smp},
};
enum { kTestCount = sizeof kTests / sizeof *kTests };

// Called first, so it uses no relocated data. Returns the number of relocations, or 0 when one has another type.
uint64_t relocate(uint64_t base, const Elf64_Dyn *dynamic) {
  uint64_t at = 0, size = 0;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag == DT_RELA) at = base + dynamic->d_un.d_ptr;
    if (dynamic->d_tag == DT_RELASZ) size = dynamic->d_un.d_val;
  }
  const Elf64_Rela *first = (const Elf64_Rela *)at, *end = (const Elf64_Rela *)(at + size);
  for (const Elf64_Rela *relocation = first; relocation < end; ++relocation) {
    if (ELF64_R_TYPE(relocation->r_info) != R_PPC64_RELATIVE) return 0;
    *(uint64_t *)(base + relocation->r_offset) = base + relocation->r_addend;
  }
  return end - first;
}

_Noreturn void begin(uint64_t fdt, uint64_t r4, uint64_t r5, uint64_t msr, uint64_t base, uint64_t dirty_at,
                     uint64_t relocations) {
  entered = (struct entry_state){fdt, r4, r5, msr, base, dirty_at, relocations};
  tree = (const void *)fdt;
  for (Node node = first_child(find_node("/vdevice")); node; node = next_sibling(node))
    if (has_text(node, "compatible", "hvterm1")) vty = number_property(node, "reg");
  Node cpu = first_child(find_node("/cpus"));
  cell(cpu, "timebase-frequency", &ticks_per_second);
  const char *words = property(find_node("/chosen"), "bootargs", NULL);
  if (words) bootargs = words;
  under_v2 = has_word("v2");
  install_vectors();
  set_self(&processors[0]);
  uint32_t number = 0;
  cell(cpu, "reg", &number);
  self()->number = number;

  unsigned run = 0;
  for (int i = 0; i < kTestCount; ++i) {
    if (!has_word(kTests[i].name)) continue;
    kTests[i].run();
    ++run;
  }
  expect_true("the command line names a test", run > 0, run, "at least one");
  expect_true("the vectors are unchanged", vectors_are_intact(), 0, "1");
  finish();
}
