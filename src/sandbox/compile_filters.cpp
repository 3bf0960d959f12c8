// SPDX-License-Identifier: Apache-2.0
//
// A build tool: compiles the rules into BPF programs with libseccomp, one per kind of thread, for the architecture that
// Parley will run on. Compiling them at every start would take longer than the rest of a start.
//
// usage: compile_filters ARCHITECTURE OUTPUT.hpp
//
// Each program (seccomp(2), Documentation/userspace-api/seccomp_filter.rst) has three parts:
//   1. for threads that may run a guest, a shortcut that allows KVM_RUN before all other comparisons;
//   2. libseccomp's program: the architecture, then a binary tree over the numbers of calls, then the conditions;
//   3. the default: any other call kills the process.
// Values that are known only at run time are placeholders (rules.hpp); lock_thread() fills them in.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "parley/kvm/abi.hpp"
#include "rules.hpp"

namespace parley::sandbox {
namespace {

struct Named {
  Kind kind;
  const char *name;
};
constexpr Named kKinds[] = {{Kind::kConsole, "kConsole"}, {Kind::kGuest, "kGuest"}, {Kind::kVcpu, "kVcpu"}};

void must(int error, const char *what) {
  if (error >= 0) return;
  std::fprintf(stderr, "compile_filters: %s: %s\n", what, std::strerror(-error));
  std::exit(1);
}

void allow(scmp_filter_ctx filter, const Rule &rule) {
  // A filter cannot see the flags of clone3(), which are in memory. After ENOSYS the C library uses clone().
  const std::uint32_t action = rule.call == SCMP_SYS(clone3) ? SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_ALLOW;
  scmp_arg_cmp comparisons[2];
  unsigned count = 0;
  for (const auto &condition : {rule.condition, rule.and_also})
    if (condition) comparisons[count++] = {condition->argument, SCMP_CMP_MASKED_EQ, condition->mask, condition->value};
  must(::seccomp_rule_add_array(filter, action, rule.call, count, comparisons), rule.why);
}

bool big_endian(std::uint32_t architecture) { return (architecture & __AUDIT_ARCH_LE) == 0; }

std::vector<sock_filter> compile(Kind kind, std::uint32_t architecture) {
  scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_KILL_PROCESS);
  if (filter == nullptr) must(-ENOMEM, "seccomp_init");
  if (architecture != ::seccomp_arch_native()) {
    // In this order: a filter has a single byte order, and loses it with its last architecture.
    must(::seccomp_arch_remove(filter, SCMP_ARCH_NATIVE), "seccomp_arch_remove");
    must(::seccomp_arch_add(filter, architecture), "seccomp_arch_add");
  }
  must(::seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "seccomp_attr_set");
  // As a binary tree: when a filter is installed, the kernel evaluates it for every existing number.
  must(::seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2), "seccomp_attr_set");
  for (const Rule &rule : rules())
    if ((rule.kinds & bit(kind)) != 0) allow(filter, rule);
  const int file = ::memfd_create("filter", 0);
  must(file < 0 ? -errno : 0, "memfd_create");
  must(::seccomp_export_bpf(filter, file), "seccomp_export_bpf");
  ::seccomp_release(filter);
  std::vector<sock_filter> program(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)) / sizeof(sock_filter));
  const auto size = static_cast<ssize_t>(program.size() * sizeof(sock_filter));
  must(::pread(file, program.data(), static_cast<std::size_t>(size), 0) == size ? 0 : -EIO, "pread");
  ::close(file);
  // The exported program has the target's byte order; the output needs numbers.
  if (big_endian(architecture) != (std::endian::native == std::endian::big))
    for (sock_filter &step : program) step = {std::byteswap(step.code), step.jt, step.jf, std::byteswap(step.k)};
  return program;
}

// KVM_RUN is called more often than all other calls together, so it is compared first. The other comparisons would take
// a twentieth of the time of an exit.
std::vector<sock_filter> with_shortcut(std::vector<sock_filter> program, std::uint32_t architecture) {
  const auto call = static_cast<std::uint32_t>(::seccomp_syscall_resolve_name_arch(architecture, "ioctl"));
  // The kernel uses only these 32 bits of the request.
  const auto request =
      static_cast<std::uint32_t>(offsetof(seccomp_data, args[1])) + (big_endian(architecture) ? 4u : 0u);
  const sock_filter shortcut[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, request),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kvm::abi::kRun, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  program.insert(program.begin(), std::begin(shortcut), std::end(shortcut));
  return program;
}

bool may_run_a_guest(Kind kind) {
  for (const Rule &rule : rules())
    if ((rule.kinds & bit(kind)) != 0 && rule.condition && rule.condition->value == kvm::abi::kRun) return true;
  return false;
}

int write_filters(const char *architecture, const char *path) {
  const std::uint32_t token = ::seccomp_arch_resolve_name(architecture);
  if (token == 0) must(-EINVAL, architecture);
  const std::unique_ptr<FILE, decltype([](FILE *file) { std::fclose(file); })> out(std::fopen(path, "w"));
  if (!out) must(-errno, path);
  std::fprintf(out.get(), "// Compiled by compile_filters.cpp from rules.cpp, for %s.\n#pragma once\n\n", architecture);
  std::fprintf(out.get(), "#include <linux/filter.h>\n\nnamespace parley::sandbox {\n\n");
  for (const auto &[kind, name] : kKinds) {
    std::fprintf(out.get(), "inline constexpr sock_filter %sFilter[] = {\n", name);
    auto program = compile(kind, token);
    if (may_run_a_guest(kind)) program = with_shortcut(std::move(program), token);
    for (const sock_filter &step : program)
      std::fprintf(out.get(), "    {0x%04x, %u, %u, 0x%08x},\n", step.code, step.jt, step.jf, step.k);
    std::fprintf(out.get(), "};\n\n");
  }
  std::fprintf(out.get(), "}  // namespace parley::sandbox\n");
  return std::ferror(out.get()) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace parley::sandbox

int main(int argc, char **argv) {
  if (argc == 3) return parley::sandbox::write_filters(argv[1], argv[2]);
  std::fprintf(stderr, "usage: compile_filters ARCHITECTURE OUTPUT.hpp\n");
  return 2;
}
