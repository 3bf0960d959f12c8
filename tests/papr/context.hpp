// SPDX-License-Identifier: Apache-2.0
//
// A papr::Context for tests: RAM, a terminal, a clock, NVRAM, and a fake partition that records its requests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "parley/base/text.hpp"
#include "parley/papr/context.hpp"

namespace parley::testing {

/// Grants every request by default, and records it.
class FakePartition : public papr::Partition {
 public:
  // Its answers; a test may change them
  bool changes_interrupts = true;
  int process_table_error = 0;
  std::optional<papr::Characteristics> known_characteristics;
  std::map<std::uint32_t, papr::ProcessorState> processors{{0, papr::ProcessorState::kRunning},
                                                           {1, papr::ProcessorState::kStopped}};
  bool starts = true;
  bool others_run = false;
  bool negotiates = true;
  compat::Offer offered;
  compat::Platform choice;
  compat::Translation translation = compat::Translation::kRadix;
  bool changes_mmu = true;
  std::vector<compat::Target> refused;

  // Its records
  std::vector<std::string> asked;  ///< a line for each request to change something
  std::vector<papr::NegotiationOutcome> outcomes;
  Bytes vector5;  ///< of the last outcome
  bool takes_sprg0 = true;

  bool set_little_endian_interrupts(bool on) override {
    asked.push_back(std::string("little-endian interrupts ") + (on ? "on" : "off"));
    return changes_interrupts;
  }
  bool set_translated_interrupts(bool on) override {
    asked.push_back(std::string("translated interrupts ") + (on ? "on" : "off"));
    return changes_interrupts;
  }
  bool set_sprg0(VcpuId caller, std::uint64_t value) override {
    asked.push_back("SPRG0 of " + std::to_string(caller.value) + " " + hex64(value));
    return takes_sprg0;
  }
  int set_process_table(std::uint64_t entry, bool gtse) override {
    asked.push_back("process table " + hex64(entry) + (gtse ? " with GTSE" : ""));
    return process_table_error;
  }
  std::optional<papr::Characteristics> characteristics() override { return known_characteristics; }
  std::optional<papr::ProcessorState> state(VcpuId id) const override {
    const auto found = processors.find(id.value);
    return found == processors.end() ? std::nullopt : std::optional(found->second);
  }
  bool start(VcpuId id, GuestAddress entry, std::uint64_t argument) override {
    asked.push_back("start " + std::to_string(id.value) + " at " + hex64(entry.value) + " with " + hex64(argument));
    return starts;
  }
  bool any_other_running(VcpuId) const override { return others_run; }
  bool may_negotiate() const override { return negotiates; }
  const compat::Offer &offer() const override { return offered; }
  const compat::Platform &platform() const override { return choice; }
  compat::Translation mmu() const override { return translation; }
  std::expected<void, std::string> take_mmu(compat::Translation mmu) override {
    if (mmu == translation) return {};
    asked.push_back(mmu == compat::Translation::kHash ? "hash" : "radix");
    if (!changes_mmu) return std::unexpected("no other MMU");
    translation = mmu;
    return {};
  }
  std::expected<void, std::string> take_level(compat::Target level) override {
    asked.push_back("level " + short_name(level));
    if (std::ranges::find(refused, level) != refused.end()) return std::unexpected("no " + short_name(level));
    return {};
  }
  void negotiated(const papr::NegotiationOutcome &outcome, const Bytes &granted) override {
    outcomes.push_back(outcome);
    vector5 = granted;
  }
};

/// A guest with kRamSize bytes of RAM.
class PaprTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kRamSize = 64 * 1024;

  std::span<std::byte> ram(std::uint64_t at) { return std::span(ram_).subspan(at); }
  void put(std::uint64_t at, ByteView bytes) { std::ranges::copy(bytes, ram(at).begin()); }
  void put_cells(std::uint64_t at, const std::vector<std::uint32_t> &cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) store_be(ram(at + 4 * i), cells[i]);
  }
  /// Writes the text and its NUL.
  void put_text(std::uint64_t at, const std::string &text) {
    put(at, std::as_bytes(std::span(text.c_str(), text.size() + 1)));
  }
  std::uint32_t cell(std::uint64_t at) { return load_be<std::uint32_t>(ram(at)); }
  std::vector<std::uint32_t> cells_at(std::uint64_t at, std::size_t count) {
    std::vector<std::uint32_t> cells;
    for (std::size_t i = 0; i < count; ++i) cells.push_back(cell(at + 4 * i));
    return cells;
  }
  std::string text_at(std::uint64_t at) { return {reinterpret_cast<const char *>(ram(at).data())}; }

  std::string output() { return vty().take_output(devices::Vty::kOutputLimit); }
  void fill_console() { ASSERT_TRUE(vty().write(std::string(devices::Vty::kOutputLimit, '-'))); }

  /// Returns the status of a call and stores its effect.
  papr::Status take(papr::Answer answer) {
    using Kind = papr::Effect::Kind;
    console_full_ = answer.effect.kind == Kind::kConsoleFull;
    stops_caller_ = answer.effect.kind == Kind::kStopCaller;
    unknown_calls_ += answer.effect.kind == Kind::kUnknownCall ? 1 : 0;
    if (answer.effect.kind == Kind::kShutdown) shutdown_ = std::move(*answer.effect.shutdown);
    return answer.status;
  }

  devices::Vty &vty() { return *devices_.terminal(0); }
  devices::Clock &clock() { return *devices_.clock(); }
  devices::Nvram &nvram() { return *devices_.nvram(); }

  Bytes ram_ = Bytes(kRamSize);
  devices::InterruptAllocator interrupts_;
  devices::Devices devices_ = devices::Devices::build(devices::usual_devices(1, interrupts_)).value();
  FakePartition partition_;
  std::vector<std::string> trace_;
  bool console_full_ = false;               ///< effect of the last call
  bool stops_caller_ = false;               ///< effect of the last call
  std::uint64_t unknown_calls_ = 0;         ///< so far
  std::optional<papr::Shutdown> shutdown_;  ///< the last one
  papr::Context context_{GuestMemory(ram_), devices_, partition_, real_environment(),
                         [this](const std::string &line) { trace_.push_back(line); }};
};

}  // namespace parley::testing
