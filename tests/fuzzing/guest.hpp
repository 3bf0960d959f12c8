// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fake_environment.hpp"
#include "input.hpp"
#include "papr/context.hpp"
#include "papr/guests.hpp"
#include "parley/papr/open_firmware.hpp"

namespace parley::fuzz {

/// A guest that makes any request, at any address, with any content of its memory.
class HostileGuest {
 public:
  static constexpr std::uint64_t kRam = 64 * 1024;

  HostileGuest() {
    context_.firmware = &firmware_;
    partition_.offered.targets = {compat::Target::of(level("power10")), compat::Target::of(level("power9"))};
  }

  papr::Context &context() { return context_; }
  testing::FakePartition &partition() { return partition_; }

  /// As on bare metal: with radix too, or only with hash.
  void may_use_hash(bool radix) {
    partition_.choice = {.radix = radix, .hash = true};
    partition_.translation = radix ? compat::Translation::kRadix : compat::Translation::kHash;
    partition_.offered.targets.push_back(compat::Target::of(level("power8")));
  }

  /// A number that a hostile guest would choose: small, near the end of memory, near the highest one, or any.
  static std::uint64_t argument(Input &input) {
    switch (input.take<std::uint8_t>() & 7) {
      case 0:
        return input.take<std::uint8_t>();
      case 1:
        return kRam - 16 + input.take<std::uint8_t>() % 32;
      case 2:
        return ~std::uint64_t{0} - input.take<std::uint8_t>();
      case 3:
        return input.take<std::uint16_t>();
      case 4:
        return 0xffffffff - input.take<std::uint8_t>();
      default:
        return input.take<std::uint64_t>();
    }
  }
  /// Writes the part of it that lies in memory.
  void put(std::uint64_t at, ByteView bytes) {
    if (at >= kRam) return;
    std::ranges::copy(bytes.first(std::min<std::size_t>(bytes.size(), kRam - at)),
                      ram_.begin() + static_cast<long>(at));
  }
  void put_cells(std::uint64_t at, const std::vector<std::uint32_t> &cells) {
    Bytes bytes(4 * cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) store_be(std::span(bytes).subspan(4 * i), cells[i]);
    put(at, bytes);
  }
  /// Makes calls as long as there is input, 64 at most: enough for every effect of one call on a later one.
  template <typename Call>
  void keep_calling(const Input &input, Call call) {
    for (int calls = 0; !input.empty() && calls < 64; ++calls) {
      call();
      go_on();
    }
  }
  /// The action of the machine between two calls: it reads the console.
  void go_on() {
    devices_.terminal(0)->take_output(devices::Vty::kOutputLimit);
    for (const auto &outcome : std::exchange(partition_.outcomes, {})) {
      const auto &offered = partition_.offered.targets;
      require(!outcome.level || std::ranges::find(offered, *outcome.level) != offered.end(),
              "a negotiated level was offered");
      require(!outcome.level || partition_.translation == compat::Translation::kHash || has_radix(*outcome.level),
              "a level without radix has the hash MMU");
    }
  }

 private:
  // Planning a guest takes longer than all its calls.
  static fdt::LiveTree tree() {
    static const fdt::LiveTree planned{testing::reference_tree()};
    return planned;
  }

  Bytes ram_ = Bytes(kRam);
  devices::InterruptAllocator interrupts_;
  devices::Devices devices_ = devices::Devices::build(devices::usual_devices(1, interrupts_)).value();
  testing::FakeEnvironment environment_;  // the same input always has the same effect
  testing::FakePartition partition_;
  papr::OpenFirmware firmware_{tree(), kRam, environment_};
  papr::Context context_{GuestMemory(ram_), devices_, partition_, environment_, [](const std::string &) {}};
};

}  // namespace parley::fuzz
