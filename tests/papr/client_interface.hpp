// SPDX-License-Identifier: Apache-2.0
//
// Calls the client interface as a guest does: an argument block in RAM, with the addresses of names and buffers.
#pragma once

#include <gmock/gmock.h>

#include "context.hpp"
#include "guests.hpp"
#include "parley/papr/open_firmware.hpp"

namespace parley::papr {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

inline constexpr std::uint32_t kError = 0xffffffff;
inline constexpr std::uint32_t kNothingRead = 0xfffffffe;
inline constexpr std::uint32_t kUntouched = 0x55555555;

// Addresses in the guest's RAM.
inline constexpr std::uint32_t kBlock = 0x100;
inline constexpr std::uint32_t kService = 0x200;
inline constexpr std::uint32_t kText1 = 0x300;
inline constexpr std::uint32_t kText2 = 0x600;
inline constexpr std::uint32_t kBuffer = 0x2000;
inline constexpr std::uint32_t kBufferSize = 0x4000;
inline constexpr std::uint32_t kNoNode = 0x7777;  // neither a phandle nor an instance

class ClientInterfaceTest : public parley::testing::PaprTest {
 protected:
  ClientInterfaceTest() { context_.firmware = &firmware_; }

  // The first two results.
  std::pair<std::uint32_t, std::uint32_t> call2(const std::string &service,
                                                const std::vector<std::uint32_t> &arguments) {
    put_text(kService, service);
    const auto count = static_cast<std::uint32_t>(arguments.size());
    put_cells(kBlock, {kService, count, 2});
    put_cells(kBlock + 12, arguments);
    put_cells(kBlock + 12 + 4 * count, {kUntouched, kUntouched, kUntouched});
    EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kBlock})), Status::kSuccess) << service;
    EXPECT_EQ(cell(kBlock + 20 + 4 * count), kUntouched) << "the call must not write behind the results";
    return {cell(kBlock + 12 + 4 * count), cell(kBlock + 16 + 4 * count)};
  }
  std::uint32_t call(const std::string &service, const std::vector<std::uint32_t> &arguments) {
    return call2(service, arguments).first;
  }

  // Stores a text in RAM and returns its address.
  std::uint32_t text1(const std::string &text) { return put_text(kText1, text), kText1; }
  std::uint32_t text2(const std::string &text) { return put_text(kText2, text), kText2; }
  ByteView buffer(std::uint32_t length) { return ram(kBuffer).first(length); }

  std::uint32_t node(const std::string &path) { return call("finddevice", {text1(path)}); }
  std::uint32_t stdout_instance() { return load_be<std::uint32_t>(property(node("/chosen"), "stdout").value()); }
  std::optional<Bytes> property(std::uint32_t phandle, const std::string &name) {
    const std::uint32_t length = call("getprop", {phandle, text1(name), kBuffer, kBufferSize});
    EXPECT_EQ(call("getproplen", {phandle, text1(name)}), length);
    if (length == kError) return std::nullopt;
    const ByteView value = buffer(length);
    return Bytes(value.begin(), value.end());
  }

  OpenFirmware firmware_{fdt::LiveTree(parley::testing::reference_tree()), kRamSize, real_environment()};
};

}  // namespace parley::papr
