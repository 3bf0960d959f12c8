// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "parley/guest/plan.hpp"

namespace parley::app {

/// The guest that the command line describes; without a kernel and a payload, the built-in one.
struct GuestOptions {
  std::uint64_t memory_size = 0;  ///< bytes
  unsigned processors = 1;
  unsigned threads = 1;  ///< of each core
  bool nested = false;   ///< it may run guests of its own
  unsigned terminals = 1;
  std::optional<std::string> memory_path;  ///< a folder on tmpfs or hugetlbfs, or "hugetlb"
  std::optional<std::string> kernel;
  std::optional<std::string> initrd;
  std::optional<std::string> payload;
  std::string command_line;
  std::optional<guest::BootKind> boot;  ///< of a kernel; none: the one that suits it
};

/// Opens the guest's files.
std::expected<guest::GuestRequest, Failure> make_request(const GuestOptions &options);

}  // namespace parley::app
