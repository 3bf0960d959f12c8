// SPDX-License-Identifier: Apache-2.0
//
// The hypercalls that the VMM answers, or the host's kernel where it may: what each gives for arguments good and bad.
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
    expect("H_SET_SPRG0's value is in SPRG0", value, kValues[i]);
    __asm__ volatile("mfsprg %0,3" : "=r"(value));
    expect("H_SET_SPRG0 leaves SPRG3 as it was", value, other);
  }
}

// --- H_PAGE_INIT

enum { kZeroPage = 1 << 15, kCopyPage = 1 << 14, kInvalidate = 1 << 23, kSynchronize = 1 << 22 };

static void fill(void) {
  for (int i = 0; i < 2 * kPage; ++i) source[i] = i * 7 + i / 251;
  for (int i = 0; i < 3 * kPage; ++i) destination[i] = 0xa5;
}

// How many bytes of the page in the middle are zero, or those of the source, and how many beside it have changed.
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
  expect("H_PAGE_INIT refuses the last page that an address can name", HCALL(kPageInit, kZeroPage, -4096ull, 0),
         kParameter);
  expect("H_PAGE_INIT refuses a source outside memory", HCALL(kPageInit, kCopyPage, to, end), kParameter);
  expect("H_PAGE_INIT refuses flags that there are not", HCALL(kPageInit, kZeroPage | 1, to, 0), kParameter);
  expect("and none of these has changed a byte", count_untouched(), 3 * kPage);
}

static void test_page_init(void) {
  const uint64_t to = (uintptr_t)destination + kPage, from = (uintptr_t)source;
  fill();
  test_page_init_refusals();
  expect("H_PAGE_INIT with neither flag does nothing, with success", HCALL(kPageInit, 0, to, 0), kSuccess);
  expect("which is indeed nothing", count_untouched(), 3 * kPage);
  expect("H_PAGE_INIT zeroes a page", HCALL(kPageInit, kZeroPage, to, 8), kSuccess);
  expect("all of it is zero", count_zero(), kPage);
  expect("nothing beside it is changed", count_untouched_beside(), 2 * kPage);
  expect("H_PAGE_INIT copies a page", HCALL(kPageInit, kCopyPage, to, from), kSuccess);
  expect("all of it is copied", count_copied(), kPage);
  expect("nothing beside the copy is changed", count_untouched_beside(), 2 * kPage);
  fill();
  expect("H_PAGE_INIT with both flags copies", HCALL(kPageInit, kZeroPage | kCopyPage, to, from), kSuccess);
  expect("and does not zero", count_copied(), kPage);
  fill();
  expect("H_PAGE_INIT takes the flags of the instruction cache",
         HCALL(kPageInit, kZeroPage | kInvalidate | kSynchronize, to, 0), kSuccess);
  expect("and zeroes with them", count_zero(), kPage);
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
  // Big-endian, whoever calls, as the kernel and QEMU have it.
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
             "H_LOGICAL_CI_LOAD gives them as a big-endian number");
  test_stores(kLogicalCiStore, "H_LOGICAL_CI_STORE takes 1, 2, 4, 8 bytes",
              "H_LOGICAL_CI_STORE puts a big-endian number, and no more");
  test_loads(kLogicalCacheLoad, "H_LOGICAL_CACHE_LOAD takes 1, 2, 4, 8 bytes",
             "H_LOGICAL_CACHE_LOAD gives them as a big-endian number");
  test_stores(kLogicalCacheStore, "H_LOGICAL_CACHE_STORE takes 1, 2, 4, 8 bytes",
              "H_LOGICAL_CACHE_STORE puts a big-endian number, and no more");
  test_logical_refusals(kLogicalCiLoad, "H_LOGICAL_CI_LOAD refuses another size",
                        "H_LOGICAL_CI_LOAD refuses what is not aligned", "H_LOGICAL_CI_LOAD refuses the end of memory",
                        "H_LOGICAL_CI_LOAD refuses what is far outside");
  fill();
  test_logical_refusals(
      kLogicalCiStore, "H_LOGICAL_CI_STORE refuses another size", "H_LOGICAL_CI_STORE refuses what is not aligned",
      "H_LOGICAL_CI_STORE refuses the end of memory", "H_LOGICAL_CI_STORE refuses what is far outside");
  uint64_t sum = checksum(source, sizeof source);
  fill();
  expect("a store that is refused stores nothing", sum, checksum(source, sizeof source));
  expect("H_LOGICAL_ICBI succeeds", HCALL(kLogicalIcbi, (uintptr_t)source), kSuccess);
  expect("H_LOGICAL_DCBF succeeds", HCALL(kLogicalDcbf, (uintptr_t)source), kSuccess);
  expect("H_LOGICAL_ICBI refuses the end of memory", HCALL(kLogicalIcbi, memory_end()), kParameter);
  expect("H_LOGICAL_DCBF refuses the end of memory", HCALL(kLogicalDcbf, memory_end()), kParameter);
}

// --- The terminal

static void test_terminal(void) {
  uint64_t registers[9] = {vty + 5};
  expect("H_GET_TERM_CHAR refuses a unit that there is not", hypercall(kGetTermChar, registers), kParameter);
  uint64_t answer[9] = {vty, 0x77, 0x77, 0x77};
  expect("H_GET_TERM_CHAR succeeds where nothing was typed", hypercall(kGetTermChar, answer), kSuccess);
  expect("and says that it is nothing", answer[0], 0);
  const uint64_t text = 0x2320746f6f206d75, more = 0x63680a0000000000;  // "# too mu", "ch\n"
  expect("H_PUT_TERM_CHAR refuses a unit that there is not", HCALL(kPutTermChar, vty + 5, 11, text, more), kParameter);
  expect("H_PUT_TERM_CHAR refuses 17 characters", HCALL(kPutTermChar, vty, 17, text, more), kParameter);
  expect("H_PUT_TERM_CHAR refuses 2^32 and one", HCALL(kPutTermChar, vty, 1ull << 32 | 1, text, more), kParameter);
  expect("H_PUT_TERM_CHAR takes no characters", HCALL(kPutTermChar, vty, 0, text, more), kSuccess);
  expect("H_PUT_TERM_CHAR takes unit 0 for the first terminal", HCALL(kPutTermChar, 0, 2, 0x230aull << 48, 0),
         kSuccess);
  expect("H_VIO_SIGNAL switches a terminal's interrupt off", HCALL(kVioSignal, vty, 0), kSuccess);
  expect("H_VIO_SIGNAL switches a terminal's interrupt on", HCALL(kVioSignal, vty, 1), kSuccess);
  expect("H_VIO_SIGNAL refuses a mode that there is not", HCALL(kVioSignal, vty, 2), kParameter);
  expect("H_VIO_SIGNAL refuses a unit that there is not", HCALL(kVioSignal, vty + 5, 0), kParameter);
}

// --- H_SET_MODE

enum { kInterruptLocation = 3, kByteOrder = 4 };

// Which byte order do they come in? 1 for the one of this program.
static uint64_t interrupt_comes_in_our_order(void) {
  const uint8_t before = foreign_count();
  allow(0x700, 4);
  do_trap();
  allow_none();
  return (foreign_count() - before) * 2 + self()->count;
}

static void test_set_mode(void) {
  enum { kOurs = 1, kTheOther = 2 };
  expect("H_SET_MODE refuses a resource that there is not", HCALL(kSetMode, 0, 77, 0, 0), kP2);
  expect("H_SET_MODE refuses resource 0", HCALL(kSetMode, 0, 0, 0, 0), kP2);
  expect("H_SET_MODE of the byte order refuses a first value", HCALL(kSetMode, 1, kByteOrder, 1, 0), kP3);
  expect("H_SET_MODE of the byte order refuses a second value", HCALL(kSetMode, 1, kByteOrder, 0, 1), kP4);
  expect("H_SET_MODE of the byte order refuses other flags", HCALL(kSetMode, 2, kByteOrder, 0, 0), kUnsupportedFlag);
  expect("H_SET_MODE of the byte order refuses high flags", HCALL(kSetMode, 1ull << 32 | 1, kByteOrder, 0, 0),
         kUnsupportedFlag);
  expect("H_SET_MODE of the place refuses a first value", HCALL(kSetMode, 3, kInterruptLocation, 1, 0), kP3);
  expect("H_SET_MODE of the place refuses a second value", HCALL(kSetMode, 3, kInterruptLocation, 0, 1), kP4);
  expect("H_SET_MODE of the place refuses the reserved flag", HCALL(kSetMode, 1, kInterruptLocation, 0, 0),
         kUnsupportedFlag);
  expect("H_SET_MODE of the place refuses what ISA 3.1 has not", HCALL(kSetMode, 2, kInterruptLocation, 0, 0),
         kUnsupportedFlag);
  expect("H_SET_MODE of the place takes the vectors' own", HCALL(kSetMode, 0, kInterruptLocation, 0, 0), kSuccess);
  expect("H_SET_MODE makes interrupts big-endian", HCALL(kSetMode, 0, kByteOrder, 0, 0), kSuccess);
  expect("and so they come", interrupt_comes_in_our_order(), kLittle ? kTheOther : kOurs);
  expect("H_SET_MODE makes interrupts little-endian", HCALL(kSetMode, 1, kByteOrder, 0, 0), kSuccess);
  expect("and so they come then", interrupt_comes_in_our_order(), kLittle ? kOurs : kTheOther);
  expect("H_SET_MODE makes interrupts this program's again", HCALL(kSetMode, kLittle, kByteOrder, 0, 0), kSuccess);
  expect("and they come in its order", interrupt_comes_in_our_order(), kOurs);
  expect("an interrupt begins in the byte order that was set", self()->msr & MSR_LE, kLittle ? MSR_LE : 0);
}

// --- The others

static void test_process_table(void) {
  enum { kNew = 0x18, kRadix = 4, kGtse = 1, kRight = kNew | kRadix | kGtse };
  expect("H_REGISTER_PROC_TBL refuses flags that there are not", HCALL(kRegisterProcTbl, 1 << 20 | kRight, 0, 0, 12),
         kParameter);
  expect("H_REGISTER_PROC_TBL refuses neither old nor new", HCALL(kRegisterProcTbl, kRadix, 0, 0, 12), kParameter);
  expect("H_REGISTER_PROC_TBL refuses a base that is not aligned", HCALL(kRegisterProcTbl, kRight, 0x1008, 0, 12), kP2);
  expect("H_REGISTER_PROC_TBL refuses a base above 2^60", HCALL(kRegisterProcTbl, kRight, 1ull << 60, 0, 12), kP2);
  expect("H_REGISTER_PROC_TBL refuses a page size with radix", HCALL(kRegisterProcTbl, kRight, 0x10000, 1, 12), kP3);
  expect("H_REGISTER_PROC_TBL refuses a table above 2^36", HCALL(kRegisterProcTbl, kRight, 0x10000, 0, 25), kP4);
}

static void test_others(void) {
  uint64_t registers[9] = {0x5555, 0x5555};
  expect("H_GET_CPU_CHARACTERISTICS succeeds", hypercall(kGetCpuCharacteristics, registers), kSuccess);
  expect_true("and gives both of its results", registers[0] != 0x5555 && registers[1] != 0x5555, registers[0],
              "its own");
  note("characteristics", registers[0]);
  note("behaviour", registers[1]);
  uint64_t first[9] = {0}, second[9] = {0};
  expect("H_RANDOM succeeds", hypercall(kRandom, first), kSuccess);
  hypercall(kRandom, second);
  expect_true("H_RANDOM gives something else each time", first[0] != second[0], second[0], "not the same");
  expect_true("H_RANDOM gives more than 32 bits", (first[0] | second[0]) >> 32 != 0, first[0],
              "something in the upper half");
  expect("H_RTAS refuses a block at the end of memory", HCALL(kRtas, memory_end()), kParameter);
  expect("H_RTAS refuses a block across the end of memory", HCALL(kRtas, memory_end() - 8), kParameter);
  expect("H_RTAS refuses a block far outside", HCALL(kRtas, -16ull), kParameter);
  static uint32_t block[64];
  expect("H_RTAS refuses a block with too many cells", rtas_block(block, 1, 20, 1, block + 32), kParameter);
  expect("H_RTAS refuses a block without a place for the status", rtas_block(block, 1, 1, 0, block + 32), kParameter);
  static const uint64_t kNobodys[] = {0x3fc, 0x4fc, 0x25, 0, 0xf010, 0xeffc, ~0ull, 1ull << 32 | kRandom};
  for (unsigned i = 0; i < sizeof kNobodys / sizeof *kNobodys; ++i)
    expect("a hypercall that there is not gives H_FUNCTION", HCALL(kNobodys[i], 0), kFunction);
}

// Whatever set of calls the tree promises, one of that set has an answer, be it that all arguments are bad.
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
    expect_true("a set of hypercalls that the tree promises is answered", status != kFunction, kSets[i].number,
                "another answer than H_FUNCTION");
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
