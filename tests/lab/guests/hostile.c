// SPDX-License-Identifier: Apache-2.0
//
// A hostile guest. For 30 seconds it calls every existing service and many that do not exist: hypercalls, RTAS, the
// client interface. Its arguments lie at, across and beyond the end of its memory, wrap around, or make no sense. Then
// it prints the number of calls and powers off. A second vCPU, if there is one, rewrites the arguments in memory while
// they are read.
//
// The calls are pseudo-random, with a fixed seed: each run makes the same calls. The guest must reach its end, so it
// may harm everything except itself. It writes nothing below kPlayground, where its code and data are, and makes no
// call that would rightly end, stop or interrupt it:
//
// * H_CEDE: without a pending interrupt the guest would sleep forever;
// * RTAS power-off, system-reboot, ibm,os-term and stop-self, and the client interface's exit: they would end the guest
//   (they are called with a wrong number of arguments only);
// * RTAS start-cpu with a random address: the second vCPU would execute random memory, which the kernel may not
// survive;
// * H_SET_DABR, H_SET_XDABR, and H_SET_MODE for watchpoints: these would interrupt the guest's own memory accesses;
// * H_REGISTER_PROC_TBL with a size that Linux does not use: the emulated hypervisor itself fails on it;
// * H_REGISTER_VPA of memory in use: the kernel would keep writing there.
//
// Built freestanding (tests/lab/prepare.sh). It may be entered with a flat tree or with a client interface, and calls
// the client interface in both cases. All addresses are real addresses.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAM (16ull << 20)  // the guest needs -m 16M

enum { kSeconds = 30, kTicksPerSecond = 512000000 };
enum { kPlayground = 1 << 20, kPlaySize = 1 << 20, kVpaArea = 3 << 20, kVpaAreaSize = 1 << 18 };
enum { kRtas = 0xf000, kClientInterface = 0xf005, kPutTermChar = 0x58, kRandom = 0x300 };
enum { kStartCpu = 9, kPowerOff = 2 };  // src/papr/rtas.cpp

// r1 is a stack, r2 the table of contents. Both vCPUs start in big-endian mode, the second with its target address in
// r3: their first instructions are stored in big-endian byte order.
__asm__(
    "       .globl _start\n"
    "_start: .4byte 0x05009f42, 0xa602487d, 0x1c004a39\n"  // bcl 20,31,.+4; mflr r10; addi r10,r10,first_little - . + 8
    "       .4byte 0xa600807c, 0x01008460\n"               // mfmsr r4; ori r4,r4,1: little-endian
    "       .4byte 0xa6039b7c, 0xa6035a7d, 0x2400004c\n"   // mtsrr1 r4; mtsrr0 r10; rfid
    "first_little:\n"
    "       lis 1, (first_stack + 16320)@ha\n"
    "       addi 1, 1, (first_stack + 16320)@l\n"
    "       lis 2, .TOC.@ha\n"
    "       addi 2, 2, .TOC.@l\n"
    "       b storm\n"
    "second_start:\n"
    "       .4byte 0xa600807c, 0x01008460\n"              // mfmsr r4; ori r4,r4,1: little-endian
    "       .4byte 0xa6039b7c, 0xa6037a7c, 0x2400004c\n"  // mtsrr1 r4; mtsrr0 r3; rfid
    "second_little:\n"
    "       lis 1, (second_stack + 16320)@ha\n"
    "       addi 1, 1, (second_stack + 16320)@l\n"
    "       lis 2, .TOC.@ha\n"
    "       addi 2, 2, .TOC.@l\n"
    "       b rewrite\n");
extern char second_start[], second_little[];
char first_stack[16384], second_stack[16384];

static uint64_t ticks(void) { return __builtin_ppc_get_timebase(); }

static int64_t hcall(uint64_t number, const uint64_t *arguments) {
  register uint64_t r3 __asm__("r3") = number;
  register uint64_t r4 __asm__("r4") = arguments[0];
  register uint64_t r5 __asm__("r5") = arguments[1];
  register uint64_t r6 __asm__("r6") = arguments[2];
  register uint64_t r7 __asm__("r7") = arguments[3];
  register uint64_t r8 __asm__("r8") = arguments[4];
  register uint64_t r9 __asm__("r9") = arguments[5];
  register uint64_t r10 __asm__("r10") = arguments[6];
  register uint64_t r11 __asm__("r11") = arguments[7];
  register uint64_t r12 __asm__("r12") = arguments[8];
  __asm__ volatile("sc 1"
                   : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8), "+r"(r9), "+r"(r10), "+r"(r11),
                     "+r"(r12)
                   :
                   : "r0", "ctr", "lr", "xer", "cr0", "cr1", "cr5", "cr6", "cr7", "memory");
  return r3;
}

static int64_t hcall1(uint64_t number, uint64_t argument) {
  const uint64_t arguments[9] = {argument};
  return hcall(number, arguments);
}

// Prints one character per hcall, in the most significant byte; the texts are short.
static void say(const char *text) {
  for (; *text; ++text) {
    const uint64_t arguments[9] = {0, 1, (uint64_t)*text << 56};
    hcall(kPutTermChar, arguments);
  }
}

static void say_number(uint64_t number) {
  char digits[21], *first = digits + 20;
  *first = '\0';
  do *--first = '0' + number % 10;
  while (number /= 10);
  say(first);
}

// --- Chance

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t chance(void) {  // xorshift64*
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1d;
}
static uint64_t below(uint64_t limit) { return (chance() >> 16) % limit; }
#define ONE_OF(array) ((array)[below(sizeof(array) / sizeof(*(array)))])

// An address outside the guest's code and data, even if it is truncated to 32 bits or its upper bits are ignored. Low
// addresses stay possible, because some arguments must be small.
static uint64_t harmless(uint64_t address) { return (uint32_t)address < kPlayground ? address + kPlayground : address; }

static uint64_t somewhere(void) {
  switch (below(8)) {
    case 0:
      return RAM - below(160);  // at the end, or across it
    case 1:
      return RAM + below(4096);
    case 2:
      return (1ull << 32) - below(160);  // wraps around at 32 bits
    case 3:
      return -below(160);  // wraps around at 64 bits
    case 4:
      return harmless(chance());
    case 5:
      // The kernel ignores the uppermost bits, Parley does not.
      return chance() << 60 | (kPlayground + below(kPlaySize));
    default:
      return kPlayground + (below(kPlaySize) & -ONE_OF(((uint64_t[]){1, 4, 4096})));
  }
}

static uint32_t answers[8];  // returned by the client interface: nodes, instances, lengths

static uint64_t anything(void) {
  static const uint64_t kEdges[] = {0,        1,          2,          3,        4,        5,          7,
                                    8,        15,         16,         17,       0x18,     0x1c,       64,
                                    0xff,     0x100,      0xffff,     0x10000,  0x10001,  0x71000000, 0x7fffffff,
                                    1u << 31, 0xfffffffe, 0xffffffff, 1l << 32, 1l << 60, 1ull << 63, -16ull,
                                    -8ull,    -1ull,      1970,       RAM};
  switch (below(4)) {
    case 0:
      return ONE_OF(kEdges);
    case 1:
      return ONE_OF(answers);
    case 2:
      return somewhere();
    default:
      return chance() >> below(64);
  }
}

// --- The arguments in memory

static uint32_t any_cell(void) {
  const uint32_t cell = anything();
  return cell < 0x10000 ? cell : harmless(cell);
}

static bool is_ours_to_write(uint64_t address) { return address >= kPlayground && address < RAM - 3; }

// Stores big-endian cells, except where there is no writable memory.
static void put_cells(uint64_t at, const uint32_t *cells, size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (is_ours_to_write(at + 4 * i)) *(volatile uint32_t *)(at + 4 * i) = __builtin_bswap32(cells[i]);
}

static volatile uint64_t target;  // the second vCPU rewrites memory from here on

// Sometimes at the end of RAM, without a terminating NUL.
static uint32_t put_text(const char *text) {
  size_t length = 1;
  while (text[length - 1]) ++length;
  const uint64_t at = below(8) ? kPlayground + below(kPlaySize) : RAM - below(length + 4);
  for (size_t i = 0; i < length; ++i)
    if (at + i < RAM) *(volatile char *)(at + i) = text[i];
  target = at;
  return at;
}

// --- The calls

static uint64_t block_place(void) { return below(2) ? kPlayground + below(kPlaySize) : somewhere(); }

static int64_t call_block(uint64_t number, uint64_t at, const uint32_t *cells, size_t count) {
  put_cells(at, cells, count);
  if (below(2)) target = at;
  return hcall1(number, at);
}

static bool is_left_out(uint64_t number) {
  enum { kSetDabr = 0x28, kCede = 0xe0, kSetXdabr = 0x134 };
  return number == kCede || number == kSetDabr || number == kSetXdabr;
}

static int64_t hcall_with_anything(uint64_t number) {
  enum {
    kPageInit = 0x2c,
    kStore = 0x40,
    kCacheStore = 0x48,
    kRegisterVpa = 0xdc,
    kSetMode = 0x31c,
    kRegisterProcTbl = 0x37c
  };
  uint64_t arguments[9];
  for (int i = 0; i < 9; ++i) arguments[i] = anything();
  if (number == kRegisterVpa) {
    arguments[0] = below(8) << 45 | (below(4) == 0 ? chance() : 0);
    arguments[1] = below(3);
    const uint64_t at = somewhere();
    arguments[2] = at < RAM ? kVpaArea + (below(kVpaAreaSize) & ~0x3full) : at;
    if (arguments[2] >> 60) arguments[2] = -below(2048);  // the truncated address might be in use
  }
  if (number == kPageInit) arguments[1] = harmless(arguments[1]), arguments[2] = harmless(arguments[2]);
  if (number == kStore || number == kCacheStore) arguments[0] = 1 << below(5), arguments[1] = harmless(arguments[1]);
  if (number == kSetMode) arguments[1] = ONE_OF(((uint64_t[]){3, 4, 6, 7, 1ull << 32 | 1, -1ull}));
  if (number == kRegisterProcTbl && arguments[3] <= 24) arguments[3] = 12;
  if (number == kRegisterProcTbl && below(2)) arguments[0] = 0x1c | below(2), arguments[2] = 0;
  if (number == kRtas || number == kClientInterface) {  // with a block that is not a valid call
    const uint32_t nonsense[] = {99, 0, 1};
    return call_block(number, harmless(arguments[0]), nonsense, 3);
  }
  return hcall(number, arguments);
}

static int64_t any_hcall(void) {
  static const uint64_t kAnswered[] = {0x24, 0x2c, 0x3c, 0x40, 0x44, 0x48, 0x4c,  0x50,  0x54,  0x58,  0x64,  0x68,
                                       0x6c, 0x70, 0x74, 0xdc, 0xe4, 0xe8, 0x104, 0x1c8, 0x2fc, 0x300, 0x31c, 0x37c};
  const uint64_t number = below(4) == 0    ? chance()
                          : below(16) == 0 ? 0xf000 + below(0x11)
                          : below(2) == 0  ? ONE_OF(kAnswered)
                                           : below(0x501);
  return hcall_with_anything(is_left_out(number) ? kRandom : number);
}

// Returns the number of calls.
static uint64_t every_hcall(void) {
  enum { kLast = 0x500, kFirstOwn = 0xf000, kLastOwn = 0xf010 };  // PAPR's numbers are multiples of 4, KVM's are not
  uint64_t count = 0;
  for (uint64_t number = 0; number <= kLast; number += 4) {
    if (is_left_out(number)) continue;
    hcall_with_anything(number);
    ++count;
  }
  for (uint64_t number = kFirstOwn; number <= kLastOwn; ++number, ++count) hcall_with_anything(number);
  return count;
}

static int64_t any_rtas_call(void) {
  static const struct {
    uint8_t arguments, results;
  } kShapes[] = {{0, 1}, {1, 1}, {2, 1}, {0, 1}, {1, 1}, {0, 8}, {7, 1}, {3, 2},
                 {3, 2}, {3, 1}, {0, 1}, {1, 2}, {3, 1}, {1, 3}, {1, 1}, {1, 1}};
  uint32_t cells[3 + 32];
  const uint32_t token = below(8) == 0 ? chance() : below(16);
  for (int i = 3; i < 35; ++i) cells[i] = any_cell();
  cells[0] = token;
  cells[1] = token < 16 && below(4) ? kShapes[token].arguments : below(8) ? below(20) : chance();
  cells[2] = token < 16 && below(4) ? kShapes[token].results : below(8) ? below(20) : chance();
  if (token == kStartCpu && cells[3] == 1) cells[3] = 2;
  const bool ends = token == 2 || token == 3 || token == 4 || token == 10;
  if (ends && cells[1] == kShapes[token].arguments) ++cells[1];
  return call_block(kRtas, block_place(), cells, 35);
}

static uint32_t service(const char *name, uint32_t nargs, uint32_t nret, const uint32_t *arguments) {
  uint32_t cells[3 + 12] = {put_text(name), nargs, nret};
  for (uint32_t i = 0; i < 10; ++i) cells[3 + i] = i == nargs ? 0 : arguments[i];  // 0 where the result will be
  const uint64_t at = block_place();
  call_block(kClientInterface, at, cells, 13);
  const uint64_t answer = at + 12 + 4 * (uint64_t)nargs;
  return is_ours_to_write(answer) ? __builtin_bswap32(*(volatile uint32_t *)answer) : 0;
}

// Arguments have the expected kind three times out of four: t a text, h a handle, n a number, a an address.
static uint32_t any_service(void) {
  static const struct {
    const char *name, *takes;
  } kServices[] = {{"call-method", "tha"},
                   {"child", "h"},
                   {"claim", "ann"},
                   {"close", "h"},
                   {"finddevice", "t"},
                   {"getprop", "htan"},
                   {"getproplen", "ht"},
                   {"instance-to-package", "h"},
                   {"instance-to-path", "han"},
                   {"milliseconds", ""},
                   {"nextprop", "hta"},
                   {"open", "t"},
                   {"package-to-path", "han"},
                   {"parent", "h"},
                   {"peer", "h"},
                   {"quiesce", ""},
                   {"read", "han"},
                   {"release", "an"},
                   {"setprop", "htan"},
                   {"test", "t"},
                   {"write", "han"},
                   {"", "hhhh"},
                   {"interpret", "tnnn"},
                   {"a service with a name that is longer than any service's name has ever been or ever will be", "n"}};
  static const char *const kTexts[] = {"",
                                       "/",
                                       "/chosen",
                                       "/rtas",
                                       "/cpus",
                                       "/vdevice/vty@71000000",
                                       "/memory@0",
                                       "//",
                                       "/../..",
                                       "name",
                                       "reg",
                                       "stdout",
                                       "bootargs",
                                       "cpu-version",
                                       "instantiate-rtas",
                                       "ibm,client-architecture-support",
                                       "exit",
                                       "%s%n"};
  const size_t which = below(sizeof kServices / sizeof *kServices);
  const char *takes = kServices[which].takes;
  uint32_t arguments[10], nargs = 0;
  for (; takes[nargs]; ++nargs) {
    const char kind = below(4) ? takes[nargs] : ONE_OF("thna");
    arguments[nargs] = kind == 't'   ? put_text(ONE_OF(kTexts))
                       : kind == 'h' ? (below(2) ? ONE_OF(answers) : (below(2) << 12) + below(64))
                       : kind == 'n' ? below(1 << below(14))
                                     : any_cell();
  }
  for (uint32_t i = nargs; i < 10; ++i) arguments[i] = any_cell();
  return service(kServices[which].name, below(8) ? nargs : below(12), below(8) ? below(3) : (uint32_t)chance(),
                 arguments);
}

// ibm,client-architecture-support with a list of PVRs, then option vectors that are random after their first bytes.
static void negotiate(void) {
  static const uint32_t kProcessors[][2] = {
      {0xffff0000, 0x004e0000}, {0xffff0000, 0x00800000}, {0xffff0000, 0x00820000}, {0xffffffff, 0x0f000005},
      {0xffffffff, 0x0f000006}, {0xffffffff, 0x0f000007}, {0xffffffff, 0x0f000004}, {0, 0}};
  const uint64_t at = below(4) ? kPlayground + below(kPlaySize / 2) : RAM - below(512);
  const uint64_t count = below(64) ? below(12) : 4096;
  uint64_t to = at;
  for (uint64_t i = 0; i < count; ++i, to += 8)
    put_cells(to, below(4) ? ONE_OF(kProcessors) : (uint32_t[]){chance(), chance()}, 2);
  put_cells(to, (uint32_t[]){0, below(8) ? 0xffffffff : 0}, 2);
  for (to += 8; to < at + 8 * count + 256; to += 4)
    put_cells(to, (uint32_t[]){below(2) ? 0x05000000u >> below(24) : (uint32_t)chance()}, 1);
  const uint32_t root = service("open", 1, 1, (uint32_t[10]){put_text("/")});
  service("call-method", 3, 2, (uint32_t[10]){put_text("ibm,client-architecture-support"), root, at});
}

// Accesses an address without memory: loads return ones, stores have no effect.
static void touch_nothing(void) {
  volatile char *at = (volatile char *)(RAM + (chance() >> ONE_OF(((uint8_t[]){20, 32, 44})) & ~7ull));
  switch (below(4)) {
    case 0:
      (void)*at;
      break;
    case 1:
      *at = 1;
      break;
    case 2:
      (void)*(volatile uint64_t *)at;
      break;
    default:
      *(volatile uint64_t *)at = 1;
  }
}

// --- The main loops

static _Noreturn void stop(void) {
  target = 0;
  put_cells(kPlayground, (uint32_t[]){kPowerOff, 2, 1, -1, -1, 0}, 6);
  hcall1(kRtas, kPlayground);
  for (;;) {
  }
}

static void wait(uint64_t seconds) {
  for (const uint64_t end = ticks() + seconds * kTicksPerSecond; ticks() < end;) hcall1(kRandom, 0);
}

static volatile uint64_t rewritten;

_Noreturn void rewrite(void) {
  for (uint64_t number = 1;; number = number * 6364136223846793005 + 1442695040888963407) {
    const uint64_t at = (target + (number >> 40) % 64) & ~3ull;
    if (is_ours_to_write(at)) {
      *(volatile uint32_t *)at = number >> 33 | 0x80;  // never a small number, such as an RTAS token
      rewritten = rewritten + 1;
    }
    if (number >> 54 == 0) hcall1(kRandom, 0);
    for (uint64_t pause = ticks() + 2048; ticks() < pause;) {
    }
  }
}

static void start_second(void) {
  target = 0;
  put_cells(kPlayground,
            (uint32_t[]){kStartCpu, 3, 1, 1, (uint32_t)(uintptr_t)second_start, (uint32_t)(uintptr_t)second_little, 0},
            7);
  hcall1(kRtas, kPlayground);
}

_Noreturn void storm(void) {
  // Touch all memory now: pages that are populated later would count as growth of Parley.
  for (uint64_t at = kPlayground; at < RAM; at += 4096) *(volatile char *)at = 1;
  if (*(volatile char *)(RAM - 4096) != 1 || *(volatile uint64_t *)RAM != -1ull) {
    say("this guest needs -m 16M\n");
    stop();
  }
  say("the storm begins\n");
  uint64_t calls = every_hcall(), taken = 0, answered = 0;
  const uint64_t numbers = calls;
  const uint64_t end = ticks() + kSeconds * (uint64_t)kTicksPerSecond;
  for (bool alone = true; ticks() < end; ++calls) {
    const bool second_half = ticks() > end - kSeconds / 2 * (uint64_t)kTicksPerSecond;
    if (alone && second_half) {  // a guest with two running vCPUs may not negotiate
      alone = false;
      start_second();
    }
    switch (below(8)) {
      case 0:
      case 1:
        taken += any_rtas_call() == 0;
        break;
      case 2:
      case 3:
      case 4: {
        const uint32_t answer = any_service();
        if (answer != 0 && answer != 0xffffffff) answers[answered++ % 8] = answer;
        break;
      }
      case 5:
        if (below(16) == 0)
          negotiate();
        else
          touch_nothing();
        break;
      default:
        taken += any_hcall() == 0;
    }
  }
  say("\nthe storm is over: ");
  say_number(calls);
  say(" calls, ");
  say_number(taken);
  say(" taken, ");
  say_number(answered);
  say(" answered, ");
  say_number(numbers);
  say(" hcalls in turn, ");
  say_number(rewritten);
  say(" rewritten\n");
  wait(3);
  stop();
}
