// SPDX-License-Identifier: Apache-2.0
//
// What the sandbox allows, a rule a line: the call's number, the ioctl's request (or 0), and what it is for.
#include <sys/syscall.h>

#include <cstdio>

#include "rules.hpp"

int main() {
  for (const auto &rule : parley::sandbox::rules()) {
    const std::uint64_t request = rule.call == SYS_ioctl ? rule.condition->value : 0;
    std::printf("%d %#llx %s\n", rule.call, static_cast<unsigned long long>(request), rule.why);
  }
}
