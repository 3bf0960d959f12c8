// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "parley/base/failure.hpp"

namespace parley::app {

/// A command line without the options that only QEMU has.
struct QemuLine {
  std::vector<std::string> words;      ///< Parley's options; QEMU's long ones ("-kernel") have a second dash
  std::vector<std::string> no_effect;  ///< accepted QEMU options without a meaning here, as they were written
};

/// Translates a command line that may be written for QEMU. A Failure for an option that Parley cannot honour.
std::expected<QemuLine, Failure> read_qemu_line(std::span<const char *const> words);

}  // namespace parley::app
