// SPDX-License-Identifier: Apache-2.0
//
// A guest with two processors that makes RTAS calls and calls of the client interface.
#pragma once

#include "machine_fixture.hpp"
#include "parley/papr/hcall.hpp"

namespace parley::machine {

class CallingGuestTest : public MachineTest {
 protected:
  static constexpr std::uint64_t kClientInterface = papr::kHcallClientInterface;
  static constexpr std::uint64_t kArguments = 0x9000;  // of a call of the client interface
  static constexpr std::uint64_t kTexts = 0x9100;
  static constexpr std::uint64_t kVector = 0xa000;

  guest::MachinePlan two_processor_plan() {
    auto two = plan("power10");
    two.processors = 2;
    two.boot = guest::BootKind::kClientInterface;
    two.offer.targets = {Target::of(level("power10")), Target::of(level("power9"))};
    return two;
  }
  // Result `index` of the RTAS call that was played last.
  static std::uint32_t result(const FakeKvm &fake, std::size_t arguments, std::size_t index) {
    return load_be<std::uint32_t>(fake.ram().subspan(FakeKvm::kRtasBlock + 4 * (3 + arguments + index)));
  }
  // An exit that performs `action`, and then prints a dot.
  template <typename Action>
  static parley::testing::PlayedExit then(Action action) {
    return [action](abi::Run &page) {
      action();
      return says(".")(page);
    };
  }
  void put(FakeKvm &fake, std::uint64_t at, const std::vector<std::uint32_t> &cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) store_be(fake.ram().subspan(at + 4 * i), cells[i]);
  }
  // A call of the client interface whose first argument is a text.
  parley::testing::PlayedExit service(FakeKvm &fake, std::string name, std::string text,
                                      std::vector<std::uint32_t> more, std::uint32_t results) {
    return [=, &fake, this](abi::Run &page) {
      std::string texts = name;
      texts.resize(0x40);
      texts += text;
      texts += '\0';
      std::ranges::copy(std::as_bytes(std::span(texts)), fake.ram().begin() + kTexts);
      std::vector<std::uint32_t> block{kTexts, static_cast<std::uint32_t>(more.size() + 1), results, kTexts + 0x40};
      block.insert(block.end(), more.begin(), more.end());
      put(fake, kArguments, block);
      return hcall(kClientInterface, {kArguments})(page);
    };
  }
  // Makes the guest negotiate with a list of these levels, and with one option vector of one byte.
  void negotiates(FakeKvm &fake, std::vector<std::uint32_t> levels, std::vector<std::uint32_t> vectors = {0}) {
    fake.play(service(fake, "open", "/", {}, 1));
    fake.play([=, &fake, this](abi::Run &page) {
      const std::uint32_t root = load_be<std::uint32_t>(fake.ram().subspan(kArguments + 16));
      std::vector<std::uint32_t> list;
      for (const std::uint32_t value : levels) list.insert(list.end(), {0xffffffff, value});
      list.insert(list.end(), {0xfffffffe, 0x0f000001});  // Linux' last entry
      list.insert(list.end(), vectors.begin(), vectors.end());
      put(fake, kVector, list);
      return service(fake, "call-method", "ibm,client-architecture-support", {root, kVector}, 2)(page);
    });
  }
  std::vector<std::uint32_t> call_method_results(const FakeKvm &fake) {
    return {load_be<std::uint32_t>(fake.ram().subspan(kArguments + 24)),
            load_be<std::uint32_t>(fake.ram().subspan(kArguments + 28))};
  }
  const NegotiationOutcome &outcome() const { return std::get<NegotiationOutcome>(notices_.back()); }
};

}  // namespace parley::machine
