// SPDX-License-Identifier: Apache-2.0
//
// What the sandbox allows, a rule a line: the call's number, the ioctl's request (or 0), and what it is for.
#include <cstdio>

#include "rules.hpp"

int main() {
  for (const auto &rule : parley::sandbox::rules()) {
    const bool is_ioctl = rule.condition && rule.condition->argument == 1 && rule.condition->value > 0xffff;
    std::printf("%d %#llx %s\n", rule.call, is_ioctl ? static_cast<unsigned long long>(rule.condition->value) : 0ull,
                rule.why);
  }
}
