// SPDX-License-Identifier: Apache-2.0
//
// Makes hypercalls by name.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>

#include "context.hpp"
#include "parley/papr/hcall.hpp"

namespace parley::papr {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class HcallTest : public parley::testing::PaprTest {
 protected:
  Status call(std::string_view name, HcallRegisters registers) {
    const auto entry = std::ranges::find(hcalls(), name, &HcallEntry::name);
    registers_ = registers;
    return take(dispatch_hcall(context_, entry->number, &*entry, registers_));
  }

  HcallRegisters registers_{};  // of the last call
};

inline constexpr std::uint64_t kHello = 0x68656c6c6f000000;  // "hello"
inline constexpr std::uint64_t kAllOnes = ~std::uint64_t{0};

}  // namespace parley::papr
