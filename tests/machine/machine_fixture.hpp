// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kvm/fake_kvm.hpp"
#include "parley/kvm/abi.hpp"
#include "parley/machine/machine.hpp"

namespace parley::machine {

using compat::Target;
using parley::testing::Api;
using parley::testing::fails;
using parley::testing::FakeHost;
using parley::testing::FakeKvm;
using parley::testing::hcall;
using parley::testing::says;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace abi = kvm::abi;

inline constexpr std::uint32_t kPower9 = 0x0f000005;
inline constexpr std::uint32_t kPower10 = 0x0f000006;
inline constexpr std::uint32_t kPower11 = 0x0f000007;

// A machine on a fake host, and its reports.
class MachineTest : public ::testing::Test {
 protected:
  guest::MachinePlan plan(const char *name) {
    guest::MachinePlan plan;
    plan.host = "host power10 (0x0f000006) by cpu-version 0x0f000006";
    plan.legal = "legal here: power9 to power10";
    plan.host_level = level("power10");
    plan.memory_size = guest::kMinMemory;
    plan.regions = {{GuestAddress{0}, guest::kMinMemory}};
    plan.level = Target::of(level(name));
    plan.tree_at = GuestAddress{guest::kMinMemory - guest::kTreeRoom};
    plan.firmware_at = GuestAddress{guest::kPageSize};
    plan.offer.targets = {plan.level};
    plan.payload = guest::builtin_payload();
    plan.papr = papr_interface({});
    plan.devices = devices::usual_devices(1, plan.interrupts);
    return plan;
  }
  Observer observer() {
    Observer watching;
    watching.notice = [this](const Notice &notice) { notices_.push_back(notice); };
    return watching;
  }
  devices::Devices &devices() { return devices_; }
  devices::Vty &vty() { return *devices_.terminal(0); }
  std::string console() { return vty().take_output(devices::Vty::kOutputLimit); }
  End run(FakeKvm &fake, guest::MachinePlan plan) {
    auto machine = Machine::build({fake, devices()}, std::move(plan), observer());
    if (!machine) return RunFailed{machine.error()};
    return machine->run();
  }
  // The cpu-version in the guest's device tree.
  static std::uint32_t cpu_version_in_tree(const FakeKvm &fake) {
    const auto tree = fdt::parse_blob(fake.ram().subspan(guest::kMinMemory - guest::kTreeRoom)).value();
    return load_be<std::uint32_t>(tree.child("cpus")->children.front().property("cpu-version")->value);
  }
  static const Failure &failure(const End &end) {
    if (const auto *refused = std::get_if<LevelRefused>(&end)) return refused->failure;
    return std::get<RunFailed>(end).failure;
  }

  devices::InterruptAllocator interrupts_;
  devices::Devices devices_ = devices::Devices::build(devices::usual_devices(1, interrupts_)).value();
  std::vector<Notice> notices_;
};

}  // namespace parley::machine
