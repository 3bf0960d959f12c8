// SPDX-License-Identifier: Apache-2.0
//
// The hypercalls that the VMM answers, some of which the host's kernel may answer instead: their results for valid and
// invalid arguments (LoPAR, chapter 14: H_SET_SPRG0, H_PAGE_INIT, H_LOGICAL_*, terminals, H_SET_MODE,
// H_REGISTER_PROC_TBL, H_RTAS).
//
// A test of a refusal also checks that the call changed nothing. The addresses cover the end of memory, one byte beyond
// it, and addresses whose sum with the length wraps around at 2^60 or 2^64.
#include "bare.h"

enum { kPage = 4096 };
static uint8_t source[2 * kPage] __attribute__((aligned(4096))), destination[3 * kPage] __attribute__((aligned(4096)));

static uint64_t memory_end(void) {
  const uint32_t *cells = property(find_node("/memory"), "reg", NULL);
  return (uint64_t)be32(cells[2]) << 32 | be32(cells[3]);
}

static void test_set_sprg0(void) {
  static const uint64_t kValues[] = {0x0123456789abcdef, ~0ull, 0, 1ull << 63};
  for (unsigned i = 0; i < sizeof kValues / sizeof *kValues; ++i) {
    uint64_t value = ~kValues[i], other = kValues[i] + 1;
    __asm__ volatile("mtsprg 0,%0; mtsprg 3,%1" : : "r"(value), "r"(other));
    expect("H_SET_SPRG0 takes any value", HCALL(kSetSprg0, kValues[i]), kSuccess);
    __asm__ volatile("mfsprg %0,0" : "=r"(value));
    expect("H_SET_SPRG0 sets SPRG0", value, kValues[i]);
    __asm__ volatile("mfsprg %0,3" : "=r"(value));
    expect("H_SET_SPRG0 keeps SPRG3", value, other);
  }
}

// --- H_PAGE_INIT

enum { kZeroPage = 1 << 15, kCopyPage = 1 << 14, kInvalidate = 1 << 23, kSynchronize = 1 << 22 };

static void fill(void) {
  for (int i = 0; i < 2 * kPage; ++i) source[i] = i * 7 + i / 251;
  for (int i = 0; i < 3 * kPage; ++i) destination[i] = 0xa5;
}

// The number of zeroed or copied bytes in the middle page, and of unchanged bytes outside it.
static uint64_t count_zero(void) {
  uint64_t count = 0;
  for (int i = kPage; i < 2 * kPage; ++i) count += destination[i] == 0;
  return count;
}
static uint64_t count_copied(void) {
  uint64_t count = 0;
  for (int i = 0; i < kPage; ++i) count += destination[kPage + i] == source[i];
  return count;
}
static uint64_t count_untouched(void) {
  uint64_t count = 0;
  for (int i = 0; i < 3 * kPage; ++i) count += destination[i] == 0xa5;
  return count;
}
static uint64_t count_untouched_beside(void) {
  uint64_t count = 0;
  for (int i = 0; i < 3 * kPage; ++i) count += (i < kPage || i >= 2 * kPage) && destination[i] == 0xa5;
  return count;
}

static void test_page_init_refusals(void) {
  const uint64_t to = (uintptr_t)destination + kPage, from = (uintptr_t)source, end = memory_end();
  expect("H_PAGE_INIT refuses an unaligned destination", HCALL(kPageInit, kZeroPage, to + 8, 0), kParameter);
  expect("H_PAGE_INIT refuses an unaligned source", HCALL(kPageInit, kCopyPage, to, from + 8), kParameter);
  expect("H_PAGE_INIT refuses a destination at the end of memory", HCALL(kPageInit, kZeroPage, end, 0), kParameter);
  expect("H_PAGE_INIT refuses a destination far outside memory", HCALL(kPageInit, kZeroPage, 1ull << 50, 0),
         kParameter);
  expect("H_PAGE_INIT refuses the last page of the address space", HCALL(kPageInit, kZeroPage, -4096ull, 0),
         kParameter);
  expect("H_PAGE_INIT refuses a source outside memory", HCALL(kPageInit, kCopyPage, to, end), kParameter);
  expect("H_PAGE_INIT refuses unknown flags", HCALL(kPageInit, kZeroPage | 1, to, 0), kParameter);
  expect("refused H_PAGE_INIT calls change no byte", count_untouched(), 3 * kPage);
}

static void test_page_init(void) {
  const uint64_t to = (uintptr_t)destination + kPage, from = (uintptr_t)source;
  fill();
  test_page_init_refusals();
  expect("H_PAGE_INIT with neither flag succeeds", HCALL(kPageInit, 0, to, 0), kSuccess);
  expect("H_PAGE_INIT with neither flag changes no byte", count_untouched(), 3 * kPage);
  expect("H_PAGE_INIT zeroes a page", HCALL(kPageInit, kZeroPage, to, 8), kSuccess);
  expect("the whole page is zero", count_zero(), kPage);
  expect("the bytes beside the zeroed page are unchanged", count_untouched_beside(), 2 * kPage);
  expect("H_PAGE_INIT copies a page", HCALL(kPageInit, kCopyPage, to, from), kSuccess);
  expect("the whole page is copied", count_copied(), kPage);
  expect("the bytes beside the copied page are unchanged", count_untouched_beside(), 2 * kPage);
  fill();
  expect("H_PAGE_INIT with both flags copies", HCALL(kPageInit, kZeroPage | kCopyPage, to, from), kSuccess);
  expect("H_PAGE_INIT with both flags does not zero", count_copied(), kPage);
  fill();
  expect("H_PAGE_INIT takes the flags for the instruction cache",
         HCALL(kPageInit, kZeroPage | kInvalidate | kSynchronize, to, 0), kSuccess);
  expect("H_PAGE_INIT zeroes with these flags", count_zero(), kPage);
  expect("H_PAGE_INIT zeroes the last page of memory", HCALL(kPageInit, kZeroPage, memory_end() - kPage, 0), kSuccess);
}

// --- H_LOGICAL_*

static uint64_t load(uint64_t number, uint64_t size, uint64_t address, uint64_t *value) {
  uint64_t registers[9] = {size, address};
  const int64_t status = hypercall(number, registers);
  *value = registers[0];
  return status;
}

static void test_loads(uint64_t number, const char *takes, const char *gives) {
  static const struct {
    uint8_t bytes[8];
  } kAt __attribute__((aligned(8))) = {{0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8}};
  const uint64_t at = (uintptr_t)&kAt;
  // Big-endian in both byte orders, as in the kernel and in QEMU.
  static const uint64_t expected[] = {0x81, 0x8192, 0x8192a3b4, 0x8192a3b4c5d6e7f8};
  for (int i = 0; i < 4; ++i) {
    uint64_t value = 0;
    expect(takes, load(number, 1 << i, at, &value), kSuccess);
    expect(gives, value, expected[i]);
  }
}

static void test_stores(uint64_t number, const char *takes, const char *puts) {
  static uint8_t at[16] __attribute__((aligned(16)));
  const uint64_t value = 0x1122334455667788;
  for (int i = 0; i < 4; ++i) {
    const int size = 1 << i;
    memset(at, 0xa5, sizeof at);
    expect(takes, HCALL(number, size, (uintptr_t)at, value), kSuccess);
    uint64_t right = 0;
    for (int byte = 0; byte < 16; ++byte) {
      const uint8_t stored = value >> 8 * ((size - 1 - byte) & 7);
      right += *(volatile uint8_t *)(at + byte) == (byte < size ? stored : 0xa5);
    }
    expect(puts, right, 16);
  }
}

static void test_logical_refusals(uint64_t number, const char *size, const char *alignment, const char *end,
                                  const char *far) {
  const uint64_t at = (uintptr_t)source;
  expect(size, HCALL(number, 0, at, 0), kParameter);
  expect(size, HCALL(number, 3, at, 0), kParameter);
  expect(size, HCALL(number, 16, at, 0), kParameter);
  expect(size, HCALL(number, 1ull << 32 | 4, at, 0), kParameter);
  expect(alignment, HCALL(number, 8, at + 4, 0), kParameter);
  expect(alignment, HCALL(number, 2, at + 1, 0), kParameter);
  expect(end, HCALL(number, 1, memory_end(), 0), kParameter);
  expect(far, HCALL(number, 8, -8ull, 0), kParameter);
  expect(far, HCALL(number, 4, 1ull << 60 | at, 0), kParameter);
}

static void test_logical(void) {
  test_loads(kLogicalCiLoad, "H_LOGICAL_CI_LOAD takes 1, 2, 4, 8 bytes",
             "H_LOGICAL_CI_LOAD returns a big-endian number");
  test_stores(kLogicalCiStore, "H_LOGICAL_CI_STORE takes 1, 2, 4, 8 bytes",
              "H_LOGICAL_CI_STORE stores a big-endian number, and no more");
  test_loads(kLogicalCacheLoad, "H_LOGICAL_CACHE_LOAD takes 1, 2, 4, 8 bytes",
             "H_LOGICAL_CACHE_LOAD returns a big-endian number");
  test_stores(kLogicalCacheStore, "H_LOGICAL_CACHE_STORE takes 1, 2, 4, 8 bytes",
              "H_LOGICAL_CACHE_STORE stores a big-endian number, and no more");
  test_logical_refusals(kLogicalCiLoad, "H_LOGICAL_CI_LOAD refuses other sizes",
                        "H_LOGICAL_CI_LOAD refuses an unaligned address", "H_LOGICAL_CI_LOAD refuses the end of memory",
                        "H_LOGICAL_CI_LOAD refuses an address far outside memory");
  fill();
  test_logical_refusals(
      kLogicalCiStore, "H_LOGICAL_CI_STORE refuses other sizes", "H_LOGICAL_CI_STORE refuses an unaligned address",
      "H_LOGICAL_CI_STORE refuses the end of memory", "H_LOGICAL_CI_STORE refuses an address far outside memory");
  uint64_t sum = checksum(source, sizeof source);
  fill();
  expect("a refused store changes no byte", sum, checksum(source, sizeof source));
  expect("H_LOGICAL_ICBI succeeds", HCALL(kLogicalIcbi, (uintptr_t)source), kSuccess);
  expect("H_LOGICAL_DCBF succeeds", HCALL(kLogicalDcbf, (uintptr_t)source), kSuccess);
  expect("H_LOGICAL_ICBI refuses the end of memory", HCALL(kLogicalIcbi, memory_end()), kParameter);
  expect("H_LOGICAL_DCBF refuses the end of memory", HCALL(kLogicalDcbf, memory_end()), kParameter);
}

// --- The terminal

static void test_terminal(void) {
  uint64_t registers[9] = {vty + 5};
  expect("H_GET_TERM_CHAR refuses an unknown unit address", hypercall(kGetTermChar, registers), kParameter);
  uint64_t answer[9] = {vty, 0x77, 0x77, 0x77};
  expect("H_GET_TERM_CHAR succeeds without input", hypercall(kGetTermChar, answer), kSuccess);
  expect("H_GET_TERM_CHAR returns a length of 0 without input", answer[0], 0);
  const uint64_t text = 0x2320746f6f206d75, more = 0x63680a0000000000;  // "# too mu", "ch\n"
  expect("H_PUT_TERM_CHAR refuses an unknown unit address", HCALL(kPutTermChar, vty + 5, 11, text, more), kParameter);
  expect("H_PUT_TERM_CHAR refuses 17 characters", HCALL(kPutTermChar, vty, 17, text, more), kParameter);
  expect("H_PUT_TERM_CHAR refuses 2^32 + 1 characters", HCALL(kPutTermChar, vty, 1ull << 32 | 1, text, more),
         kParameter);
  expect("H_PUT_TERM_CHAR takes a length of 0", HCALL(kPutTermChar, vty, 0, text, more), kSuccess);
  expect("H_PUT_TERM_CHAR takes unit address 0 for the first terminal", HCALL(kPutTermChar, 0, 2, 0x230aull << 48, 0),
         kSuccess);
  expect("H_VIO_SIGNAL disables a terminal's interrupt", HCALL(kVioSignal, vty, 0), kSuccess);
  expect("H_VIO_SIGNAL enables a terminal's interrupt", HCALL(kVioSignal, vty, 1), kSuccess);
  expect("H_VIO_SIGNAL refuses an unknown mode", HCALL(kVioSignal, vty, 2), kParameter);
  expect("H_VIO_SIGNAL refuses an unknown unit address", HCALL(kVioSignal, vty + 5, 0), kParameter);
}

// --- H_SET_MODE

enum { kInterruptLocation = 3, kByteOrder = 4 };

// The byte order in which interrupts are taken: 1 for this program's.
static uint64_t interrupt_comes_in_our_order(void) {
  const uint8_t before = foreign_count();
  allow(0x700, 4);
  do_trap();
  allow_none();
  return (foreign_count() - before) * 2 + self()->count;
}

static void test_set_mode(void) {
  enum { kOurs = 1, kTheOther = 2 };
  expect("H_SET_MODE refuses an unknown resource", HCALL(kSetMode, 0, 77, 0, 0), kP2);
  expect("H_SET_MODE refuses resource 0", HCALL(kSetMode, 0, 0, 0, 0), kP2);
  expect("H_SET_MODE of the byte order refuses a first value", HCALL(kSetMode, 1, kByteOrder, 1, 0), kP3);
  expect("H_SET_MODE of the byte order refuses a second value", HCALL(kSetMode, 1, kByteOrder, 0, 1), kP4);
  expect("H_SET_MODE of the byte order refuses other flags", HCALL(kSetMode, 2, kByteOrder, 0, 0), kUnsupportedFlag);
  expect("H_SET_MODE of the byte order refuses high flags", HCALL(kSetMode, 1ull << 32 | 1, kByteOrder, 0, 0),
         kUnsupportedFlag);
  expect("H_SET_MODE of the vectors' location refuses a first value", HCALL(kSetMode, 3, kInterruptLocation, 1, 0),
         kP3);
  expect("H_SET_MODE of the vectors' location refuses a second value", HCALL(kSetMode, 3, kInterruptLocation, 0, 1),
         kP4);
  expect("H_SET_MODE of the vectors' location refuses the reserved flag", HCALL(kSetMode, 1, kInterruptLocation, 0, 0),
         kUnsupportedFlag);
  expect("H_SET_MODE of the vectors' location refuses a mode that ISA 3.1 lacks",
         HCALL(kSetMode, 2, kInterruptLocation, 0, 0), kUnsupportedFlag);
  expect("H_SET_MODE of the vectors' location takes the default location", HCALL(kSetMode, 0, kInterruptLocation, 0, 0),
         kSuccess);
  expect("H_SET_MODE makes interrupts big-endian", HCALL(kSetMode, 0, kByteOrder, 0, 0), kSuccess);
  expect("interrupts are then taken in big-endian mode", interrupt_comes_in_our_order(), kLittle ? kTheOther : kOurs);
  expect("H_SET_MODE makes interrupts little-endian", HCALL(kSetMode, 1, kByteOrder, 0, 0), kSuccess);
  expect("interrupts are then taken in little-endian mode", interrupt_comes_in_our_order(),
         kLittle ? kOurs : kTheOther);
  expect("H_SET_MODE selects this program's byte order again", HCALL(kSetMode, kLittle, kByteOrder, 0, 0), kSuccess);
  expect("interrupts are then taken in this program's byte order", interrupt_comes_in_our_order(), kOurs);
  expect("an interrupt starts in the selected byte order", self()->msr & MSR_LE, kLittle ? MSR_LE : 0);
}

// --- The others

static void test_process_table(void) {
  enum { kNew = 0x18, kRadix = 4, kGtse = 1, kRight = kNew | kRadix | kGtse };
  expect("H_REGISTER_PROC_TBL refuses unknown flags", HCALL(kRegisterProcTbl, 1 << 20 | kRight, 0, 0, 12), kParameter);
  expect("H_REGISTER_PROC_TBL refuses neither registering nor deregistering", HCALL(kRegisterProcTbl, kRadix, 0, 0, 12),
         kParameter);
  expect("H_REGISTER_PROC_TBL refuses an unaligned base", HCALL(kRegisterProcTbl, kRight, 0x1008, 0, 12), kP2);
  expect("H_REGISTER_PROC_TBL refuses a base above 2^60", HCALL(kRegisterProcTbl, kRight, 1ull << 60, 0, 12), kP2);
  expect("H_REGISTER_PROC_TBL refuses a page size with radix", HCALL(kRegisterProcTbl, kRight, 0x10000, 1, 12), kP3);
  expect("H_REGISTER_PROC_TBL refuses a table above 2^36", HCALL(kRegisterProcTbl, kRight, 0x10000, 0, 25), kP4);
}

static void test_others(void) {
  uint64_t registers[9] = {0x5555, 0x5555};
  expect("H_GET_CPU_CHARACTERISTICS succeeds", hypercall(kGetCpuCharacteristics, registers), kSuccess);
  expect_true("H_GET_CPU_CHARACTERISTICS returns both results", registers[0] != 0x5555 && registers[1] != 0x5555,
              registers[0], "a new value");
  note("characteristics", registers[0]);
  note("behaviour", registers[1]);
  uint64_t first[9] = {0}, second[9] = {0};
  expect("H_RANDOM succeeds", hypercall(kRandom, first), kSuccess);
  hypercall(kRandom, second);
  expect_true("H_RANDOM returns a new number each time", first[0] != second[0], second[0], "another number");
  expect_true("H_RANDOM returns more than 32 bits", (first[0] | second[0]) >> 32 != 0, first[0],
              "a nonzero upper half");
  expect("H_RTAS refuses a block at the end of memory", HCALL(kRtas, memory_end()), kParameter);
  expect("H_RTAS refuses a block across the end of memory", HCALL(kRtas, memory_end() - 8), kParameter);
  expect("H_RTAS refuses a block far outside memory", HCALL(kRtas, -16ull), kParameter);
  static uint32_t block[64];
  expect("H_RTAS refuses a block with too many cells", rtas_block(block, 1, 20, 1, block + 32), kParameter);
  expect("H_RTAS refuses a block without a place for the status", rtas_block(block, 1, 1, 0, block + 32), kParameter);
  static const uint64_t kUnknown[] = {0x3fc, 0x4fc, 0x25, 0, 0xf010, 0xeffc, ~0ull, 1ull << 32 | kRandom};
  for (unsigned i = 0; i < sizeof kUnknown / sizeof *kUnknown; ++i)
    expect("an unknown hypercall returns H_FUNCTION", HCALL(kUnknown[i], 0), kFunction);
}

// For each set in ibm,hypertas-functions, one call of the set must be answered, if only with a parameter error.
static void test_promises(void) {
  static const struct {
    const char *set;
    uint64_t number;
  } kSets[] = {{"hcall-pft", 0x8},         {"hcall-tce", 0x20},         {"hcall-sprg0", 0x24},
               {"hcall-dabr", 0x28},       {"hcall-copy", 0x2c},        {"hcall-debug", 0x3c},
               {"hcall-term", 0x54},       {"hcall-interrupt", 0x70},   {"hcall-splpar", 0xdc},
               {"hcall-vio", 0x104},       {"hcall-bulk", 0x124},       {"hcall-xdabr", 0x134},
               {"hcall-multi-tce", 0x138}, {"hcall-join", 0x298},       {"hcall-vphn", 0x2ec},
               {"hcall-set-mode", 0x31c},  {"hcall-hpt-resize", 0x36c}, {"hcall-rpt-invalidate", 0x448},
               {"hcall-watchdog", 0x45c}};
  Node node = find_node("/rtas");
  for (unsigned i = 0; i < sizeof kSets / sizeof *kSets; ++i) {
    if (!has_text(node, "ibm,hypertas-functions", kSets[i].set)) continue;
    const int64_t status = HCALL(kSets[i].number, -1ull, -1ull, -1ull, -1ull);
    expect_true("a promised set of hypercalls is answered", status != kFunction, kSets[i].number,
                "any status but H_FUNCTION");
  }
  expect_true("the tree promises the terminal", has_text(node, "ibm,hypertas-functions", "hcall-term"), 0, "1");
  expect_true("the tree promises H_SET_MODE", has_text(node, "ibm,hypertas-functions", "hcall-set-mode"), 0, "1");
}

void test_hypercalls(void) {
  take_interrupts_in_our_byte_order();
  test_set_sprg0();
  test_page_init();
  test_logical();
  test_terminal();
  test_set_mode();
  test_process_table();
  test_others();
  test_promises();
}
