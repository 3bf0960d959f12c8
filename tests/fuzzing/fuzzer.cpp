// SPDX-License-Identifier: Apache-2.0
//
// All targets in one program: PARLEY_FUZZ names the one that libFuzzer calls.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "targets.hpp"

namespace {

const parley::fuzz::Target &chosen() {
  const char *name = std::getenv("PARLEY_FUZZ");
  for (const auto &target : parley::fuzz::kTargets)
    if (name != nullptr && std::string_view(name) == target.name) return target;
  std::fprintf(stderr, "PARLEY_FUZZ must be one of:");
  for (const auto &target : parley::fuzz::kTargets) std::fprintf(stderr, " %s", target.name);
  std::fprintf(stderr, "\n");
  std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const parley::fuzz::Target &target = chosen();
  target.take(std::as_bytes(std::span(data, size)));
  return 0;
}
