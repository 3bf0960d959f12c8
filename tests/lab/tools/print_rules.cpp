// SPDX-License-Identifier: Apache-2.0
//
// Prints the sandbox' rules, one per line: the system call's number, the ioctl's request (or 0), and the reason.
#include <sys/syscall.h>

#include <cstdio>

#include "rules.hpp"

int main() {
  for (const auto &rule : parley::sandbox::rules()) {
    const std::uint64_t request = rule.call == SYS_ioctl ? rule.condition->value : 0;
    std::printf("%d %#llx %s\n", rule.call, static_cast<unsigned long long>(request), rule.why);
  }
}
