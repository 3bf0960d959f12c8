// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <expected>
#include <optional>
#include <utility>
#include <vector>

namespace parley::devices {

/// Maps addresses to handlers. Every access of the guest finds its device here.
///
/// A bus is built once from a list of ranges and never changes. build() refuses overlapping ranges, so each address has
/// at most one handler. An access belongs to a range only if all of its bytes are inside. An access across the end of a
/// range finds no handler, as on hardware where no device decodes it.
template <typename Handler>
class Bus {
 public:
  /// The addresses [at, at + size) of `handler`, which must outlive the bus.
  struct Range {
    std::uint64_t at = 0;
    std::uint64_t size = 0;      ///< in units of the address, at least 1
    Handler *handler = nullptr;  ///< nullptr only reserves the addresses: an access finds no handler
  };
  struct Hit {
    Handler *handler;
    std::uint64_t offset;  ///< from the start of the range
  };
  enum class Error : std::uint8_t { kEmptyRange, kWrapsAround, kOverlap };

  Bus() = default;
  static std::expected<Bus, Error> build(std::vector<Range> ranges) {
    std::ranges::sort(ranges, {}, &Range::at);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      if (ranges[i].size == 0) return std::unexpected(Error::kEmptyRange);
      if (ranges[i].size > ~std::uint64_t{0} - ranges[i].at) return std::unexpected(Error::kWrapsAround);
      if (i > 0 && ranges[i].at - ranges[i - 1].at < ranges[i - 1].size) return std::unexpected(Error::kOverlap);
    }
    Bus bus;
    bus.ranges_ = std::move(ranges);
    return bus;
  }

  /// Returns the handler of [at, at + length), or none if no range contains all of it. Any values are allowed, even if
  /// their sum wraps around.
  std::optional<Hit> find(std::uint64_t at, std::uint64_t length = 1) const {
    const auto above = std::ranges::upper_bound(ranges_, at, {}, &Range::at);
    if (above == ranges_.begin()) return std::nullopt;
    const Range &range = *std::prev(above);
    const std::uint64_t offset = at - range.at;
    if (range.handler == nullptr || offset >= range.size || length > range.size - offset) return std::nullopt;
    return Hit{range.handler, offset};
  }

 private:
  std::vector<Range> ranges_;  // sorted by address
};

}  // namespace parley::devices
