// SPDX-License-Identifier: Apache-2.0
//
// The state at the program's entry (LoPAR's boot protocol with a flat tree): where the program is loaded, the
// registers, the device tree, the command line, the initrd. It also tests that firmware leaves the program's memory
// alone.
//
// The program is position-independent and linked at 0; the loader must choose an address, and the program relocates
// itself. The 64 KiB after the image are its stack, although no program header declares them. So the tree, the initrd,
// the RTAS page and all reservations must lie elsewhere, and no firmware call may write there.
#include "bare.h"

enum { kLoadedAt = 0x400000, kTreeMagic = 0xd00dfeed, kBigEndianTrap = 1 };

// Pointers that are right only after relocation.
static const char kFirst[] = "first", kSecond[] = "second";
static const char *const kNames[] = {kFirst, kSecond};
static void (*const volatile kFunctions[])(void) = {test_entry, test_smp};

static bool overlaps(uint64_t a, uint64_t a_end, uint64_t b, uint64_t b_end) { return a < b_end && b < a_end; }

static uint64_t image_end(void) { return (uintptr_t)_end + STACK_SIZE; }

static void test_place(void) {
  uint64_t here;
  __asm__("bcl 20,31,1f\n1: mflr %0" : "=r"(here) : : "lr");
  expect("the program is loaded at 0x400000, although it is linked at 0", entered.base, kLoadedAt);
  expect_true("the program runs at its load address", here > entered.base && here < (uintptr_t)_end, here,
              "an address in it");
  expect_true("all relocations are relative", entered.relocations >= 4, entered.relocations, "at least 4");
  const bool names_are_right = is_same_text(kNames[0], "first") && is_same_text(kNames[1], "second");
  expect_true("relocated data pointers are right", names_are_right, (uintptr_t)kNames[0], "the address of the text");
  uint64_t function;
  __asm__("addis %0,2,test_smp@toc@ha; addi %0,%0,test_smp@toc@l" : "=b"(function));
  expect("relocated function pointers are right", (uintptr_t)kFunctions[1], function);
}

static void test_state(void) {
  expect("the program is entered in 64-bit big-endian real mode, with interrupts off", visible_msr(entered.msr),
         visible_msr(MSR_SF | MSR_ME));
  expect("the program runs in its own byte order", msr() & MSR_LE, kLittle ? MSR_LE : 0);
  expect("r4 is 0 at entry", entered.r4, 0);
  expect("r5 is 0 at entry: there is no client interface", entered.r5, 0);
  // The reset state: interrupts are taken in big-endian mode.
  const uint8_t before = foreign_count();
  allow(0x700, 4);
  do_trap();
  allow_none();
  expect("interrupts are taken in big-endian mode at first",
         kLittle ? (uint8_t)(foreign_count() - before) : self()->count, kBigEndianTrap);
}

static void test_tree(void) {
  expect("r3 is the address of a flattened device tree", be32(*(const uint32_t *)entered.fdt), kTreeMagic);
  expect("the tree is aligned", entered.fdt % 8, 0);
  expect_true("the tree is sound", tree_is_sound(), 0, "1");
  expect_true("the root is compatible with qemu,pseries", has_text(find_node("/"), "compatible", "qemu,pseries"), 0,
              "1");
  expect_true("the root's device type is chrp", has_text(find_node("/"), "device_type", "chrp"), 0, "1");
  expect_true("there is a processor", first_child(find_node("/cpus")) != NULL, 0, "1");
  expect_true("the processor's device type is cpu", has_text(first_child(find_node("/cpus")), "device_type", "cpu"), 0,
              "1");
  expect_true("the terminal has a unit address", vty != 0, vty, "not 0");
  uint32_t length = 0;
  property(find_node("/chosen"), "ibm,architecture-vec-5", &length);
  note("bytes of ibm,architecture-vec-5", length);
}

static void test_words(void) {
  uint64_t sum;
  if (!option("words", &sum)) return expect_true("the command line contains its checksum", false, 0, "words=0x...");
  expect("the command line is unchanged", checksum(bootargs, place_of("words")), sum);
}

static void test_initrd(void) {
  Node chosen = find_node("/chosen");
  const uint64_t start = number_property(chosen, "linux,initrd-start"),
                 end = number_property(chosen, "linux,initrd-end");
  uint64_t size, sum;
  if (!option("initrd", &size) || !option("sum", &sum)) {
    expect("there is no initrd if none was given", end, 0);
    return;
  }
  expect("the initrd has its right size", end - start, size);
  expect("the initrd is unchanged", checksum((const void *)start, size), sum);
  expect_true("the initrd does not lie in the image or its stack", !overlaps(start, end, entered.base, image_end()),
              start, "elsewhere");
  expect_true("the initrd does not lie in the tree", !overlaps(start, end, entered.fdt, entered.fdt + tree_size()),
              start, "elsewhere");
}

// Allocators avoid the reservations: each is a pair of doublewords, and a pair of zeros ends the list.
static void test_reservations(void) {
  const uint64_t *at = first_reservation();
  uint64_t bad = 0;
  for (; at[0] || at[1]; at += 2) {
    const uint64_t start = be64(at[0]), end = start + be64(at[1]);
    const bool is_image = start == entered.base;  // QEMU reserves the image, Parley does not
    if (end <= start || (!is_image && overlaps(start, end, entered.base, image_end()))) bad = start;
  }
  expect("no reservation overlaps the image or its stack", bad, 0);
  const uint64_t firmware = number_property(find_node("/rtas"), "linux,rtas-base");
  bool is_reserved = !firmware;
  for (at = first_reservation(); at[0] || at[1]; at += 2)
    is_reserved |= be64(at[0]) <= firmware && firmware < be64(at[0]) + be64(at[1]);
  expect_true("the RTAS page is reserved, if there is one", is_reserved, firmware, "an address in a reservation");
}

// --- The stack

static uint64_t pattern(const uint64_t *at) { return (uintptr_t)at * 0x9e3779b97f4a7c15; }

static void test_stack(void) {
  enum { kRoom = STACK_SIZE / 2 };  // the unused lower half
  uint64_t *const first = (uint64_t *)_end, *const end = (uint64_t *)(_end + kRoom);
  expect("the 64 KiB after the image are zero", entered.dirty_at, 0);
  Node rtas_node = find_node("/rtas");
  const uint64_t firmware = number_property(rtas_node, "linux,rtas-base"),
                 firmware_size = number_property(rtas_node, "rtas-size");
  const bool is_apart = !firmware || !overlaps(firmware, firmware + firmware_size, entered.base, image_end());
  expect_true("RTAS does not lie in the image or its stack", is_apart, firmware, "elsewhere");
  const bool tree_is_apart = !overlaps(entered.fdt, entered.fdt + tree_size(), entered.base, image_end());
  expect_true("the tree does not lie in the image or its stack", tree_is_apart, entered.fdt, "elsewhere");
  for (uint64_t *at = first; at < end; ++at) *(volatile uint64_t *)at = pattern(at);
  uint32_t time[7];
  RTAS("get-time-of-day", 8, time);
  uint32_t entry;
  static uint32_t block[16];
  if (cell(rtas_node, "linux,rtas-entry", &entry)) {
    block[0] = be32(99999), block[2] = be32(1);
    call_rtas_entry(block, entry, MSR_EE | MSR_LE);
  }
  uint64_t changed = 0;
  for (uint64_t *at = first; at < end && !changed; ++at)
    if (*(volatile uint64_t *)at != pattern(at)) changed = (uintptr_t)at;
  expect("firmware calls leave the stack unchanged", changed, 0);
}

static void test_memory(void) {
  uint32_t length = 0;
  const uint32_t *cells = property(find_node("/memory"), "reg", &length);
  expect_true("memory has an address and a size of 64 bits", length >= 16, length, "16 or more");
  if (length < 16) return;
  const uint64_t size = (uint64_t)be32(cells[2]) << 32 | be32(cells[3]);
  expect("memory begins at 0", (uint64_t)be32(cells[0]) << 32 | be32(cells[1]), 0);
  volatile uint64_t *last = (volatile uint64_t *)(size - 8);
  const uint64_t was = *last;
  *last = 0x0123456789abcdef;
  expect("the last eight bytes of memory can be written and read", *last, 0x0123456789abcdef);
  expect("numbers are stored in this program's byte order", *(volatile uint8_t *)last, kLittle ? 0xef : 0x01);
  *last = was;
  expect_true("the tree lies in memory", entered.fdt + tree_size() <= size, entered.fdt, "an address in it");
}

void test_entry(void) {
  test_place();
  test_state();
  test_tree();
  test_words();
  test_initrd();
  test_reservations();
  test_stack();
  test_memory();
}
