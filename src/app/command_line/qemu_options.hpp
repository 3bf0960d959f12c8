// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace parley::app {

/// How Parley treats an option of QEMU.
enum class QemuTreatment : std::uint8_t {
  kSameOption,    ///< Parley has it too, with two dashes and with a value
  kSameFlag,      ///< the same, without a value
  kAlreadySo,     ///< a flag; Parley always behaves that way
  kOneValue,      ///< accepted only with the value `only`; Parley always behaves that way
  kSilent,        ///< with a value; accepted without a message
  kNoEffect,      ///< with a value; accepted, and reported as having no effect
  kNoEffectFlag,  ///< the same, without a value
  kRefused,
};

struct QemuOption {
  std::string_view name;  ///< without its dash
  QemuTreatment treatment;
  std::string_view only{};     ///< of kOneValue
  std::string_view why{};      ///< of a refusal
  std::string_view instead{};  ///< the remedy
};

std::span<const QemuOption> qemu_options();

}  // namespace parley::app
