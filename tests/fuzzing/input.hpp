// SPDX-License-Identifier: Apache-2.0
//
// The building blocks of fuzz targets. A target is a function that accepts any bytes and checks its invariants with
// require(). libFuzzer searches for bytes that violate one (fuzzer.cpp, tests/fuzz); each file of a target's corpus is
// a test in every build (replay.cpp).
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "parley/base/bytes.hpp"

namespace parley::fuzz {

inline void require(bool holds, const char *invariant) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", invariant);
  std::abort();
}

/// Takes the bytes one after the other, and zeros after the last one.
class Input {
 public:
  explicit Input(ByteView bytes) : left_(bytes) {}

  bool empty() const { return left_.empty(); }
  template <std::unsigned_integral T>
  T take() {
    std::array<std::byte, sizeof(T)> bytes{};
    const ByteView taken = take_bytes(sizeof(T));
    std::ranges::copy(taken, bytes.begin());
    return load_be<T>(bytes);
  }
  ByteView take_bytes(std::size_t count) {
    const ByteView taken = left_.first(std::min(count, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  std::string take_text(std::size_t count) {
    const ByteView taken = take_bytes(count);
    return {reinterpret_cast<const char *>(taken.data()), taken.size()};
  }
  std::string rest() { return take_text(left_.size()); }

 private:
  ByteView left_;
};

}  // namespace parley::fuzz
