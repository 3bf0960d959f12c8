// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace parley::devices {

/// The guest's virtual terminal (LoPAR 16.6). It passes on what the guest writes, as it comes.
class Vty {
 public:
  /// Called on the vCPU's thread; blocks as long as the reader does.
  using Sink = std::function<void(std::string_view)>;

  /// Its "reg" in the guest's tree, where PAPR guests have always found their first one.
  static constexpr std::uint32_t kUnit = 0x71000000;

  explicit Vty(Sink sink) : sink_(std::move(sink)) {}

  /// Unit 0 is the partition's default terminal, which is this one.
  static constexpr bool answers_to(std::uint64_t unit) { return unit == 0 || unit == kUnit; }
  void write(std::string_view text);

 private:
  Sink sink_;
};

}  // namespace parley::devices
