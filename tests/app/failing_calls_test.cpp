// SPDX-License-Identifier: Apache-2.0
//
// Fault injection for KVM: each call of a whole run fails once, one at a time, with each errno in turn. In every case
// the program must
//
//   * end with a documented exit code,
//   * print one message, with the name of the call and of the errno,
//   * close all descriptors and mappings, and
//   * enter no guest at a level that it did not announce.
//
// The run is a guest with two vCPUs that makes every call that KVM knows, reboots, and makes them again. A few calls
// may fail without an end of the guest: the table says which, and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>

#include "app/run_parley.hpp"

namespace parley::app {
namespace {

namespace abi = kvm::abi;
using parley::testing::FakeKvm;
using parley::testing::hcall;
using parley::testing::says;
using ::testing::Each;
using ::testing::HasSubstr;

// This guest causes each kind of call to KVM, and again after a reboot.
void play_two_starts(FakeKvm &fake) {
  for (int start = 0; start < 2; ++start) {
    fake.play(says("hello\n"));
    fake.play(hcall(0x31c, {1, 4, 0, 0}));           // H_SET_MODE: little-endian interrupts
    fake.play(hcall(0x37c, {0x1d, 0x10000, 0, 4}));  // H_REGISTER_PROC_TBL: a new one, radix, GTSE
    fake.play(hcall(0x1c8, {}));                     // H_GET_CPU_CHARACTERISTICS
    fake.play(fake.rtas("start-cpu", {1, 0x2000, 0}, 1));
    fake.play(says("bye\n"));
    if (start == 0) fake.play(fake.rtas("system-reboot", {}, 1));
  }
}

/// With two vCPUs; with one if KVM_RUN fails, because with two it would be random whose call fails.
Outcome run(FakeKvm &fake, std::uint32_t failing = 0) {
  return parley_on_power({"run", "--sandbox", "off", "-m", "1", "--smp", failing == abi::kRun ? "1" : "2"}, fake);
}

struct Expected {
  std::string name;  ///< the message must contain it
  /// True if the guest runs normally although the n-th of these calls fails.
  std::function<bool(int nth, int error)> harmless = [](int, int) { return false; };
};
bool tells_the_guest(int, int) { return true; }  // PAPR has a status for it

const std::map<std::uint32_t, Expected> kExpected{
    {FakeKvm::kOpen, {"open /dev/kvm"}},
    {FakeKvm::kMmap, {"mmap of "}},
    {FakeKvm::kGetLpcr, {"KVM_GET_ONE_REG LPCR", tells_the_guest}},
    {FakeKvm::kSetLpcr, {"KVM_SET_ONE_REG LPCR", tells_the_guest}},
    {abi::kGetApiVersion, {"KVM_GET_API_VERSION"}},
    {abi::kCheckExtension, {"KVM_CHECK_EXTENSION KVM_CAP_"}},
    {abi::kGetVcpuMmapSize, {"KVM_GET_VCPU_MMAP_SIZE"}},
    {abi::kCreateVm, {"KVM_CREATE_VM"}},
    {abi::kCreateVcpu, {"KVM_CREATE_VCPU"}},
    {abi::kSetUserMemoryRegion, {"KVM_SET_USER_MEMORY_REGION"}},
    // The first call is Parley's, the second one the guest's.
    {abi::kConfigureV3Mmu, {"KVM_PPC_CONFIGURE_V3_MMU", [](int nth, int) { return nth % 2 == 0; }}},
    {abi::kCreateDevice, {"KVM_CREATE_DEVICE"}},
    {abi::kSetDeviceAttr, {"KVM_SET_DEVICE_ATTR"}},
    {abi::kRtasDefineToken, {"KVM_PPC_RTAS_DEFINE_TOKEN"}},
    {abi::kEnableCap, {"KVM_ENABLE_CAP"}},
    // On each start: before and after the level is set, on both vCPUs, and at the end. The value from before is
    // optional.
    {abi::kGetOneReg, {"KVM_GET_ONE_REG arch_compat", [](int nth, int) { return nth % 6 == 1 || nth % 6 == 3; }}},
    {abi::kSetOneReg, {"KVM_SET_ONE_REG arch_compat"}},
    // The second call after each start is start-cpu's.
    {abi::kSetRegs, {"KVM_SET_REGS", [](int nth, int) { return nth % 2 == 0; }}},
    {abi::kGetSregs, {"KVM_GET_SREGS"}},
    {abi::kGetCpuChar, {"KVM_PPC_GET_CPU_CHAR", tells_the_guest}},
    // Any signal has that effect.
    {abi::kRun, {"KVM_RUN", [](int, int error) { return error == EINTR; }}},
};

class ARunWhoseCallFails : public ::testing::TestWithParam<std::uint32_t> {};

TEST(ARunWithAReboot, MakesEachOfTheseCallsAndSucceeds) {
  FakeKvm fake;
  play_two_starts(fake);
  const Outcome outcome = run(fake);
  EXPECT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_EQ(outcome.out, "hello\nbye\nhello\nbye\n");
  EXPECT_THAT(outcome.err, HasSubstr("guest level power10 (0x0f000006), set and read back\n"));
  EXPECT_THAT(outcome.err, HasSubstr("the guest reboots\n"));
  EXPECT_THAT(fake.answers(), Each(0));
  EXPECT_EQ(fake.calls().size(), kExpected.size());
  for (const auto &[request, times] : fake.calls()) EXPECT_TRUE(kExpected.contains(request)) << std::hex << request;
}

TEST_P(ARunWhoseCallFails, NamesTheCallAndTheErrorAndLeavesNothingOpen) {
  const Expected &expected = kExpected.at(GetParam());
  FakeKvm whole;
  play_two_starts(whole);
  run(whole, GetParam());
  for (int nth = 1; nth <= whole.times(GetParam()); ++nth) {
    for (const int error : kErrors) {
      SCOPED_TRACE(expected.name + ", number " + std::to_string(nth) + ": " + errno_name(error));
      FakeKvm fake;
      play_two_starts(fake);
      fake.fail(GetParam(), error, nth);
      const auto files = open_files();
      const Outcome outcome = run(fake, GetParam());
      EXPECT_EQ(fake.open_descriptors(), 0u);
      EXPECT_EQ(fake.open_mappings(), 0u);
      EXPECT_EQ(open_files(), files);
      EXPECT_THAT(fake.levels_entered(), Each(kPower10Pvr));
      if (expected.harmless(nth, error)) {
        EXPECT_EQ(outcome.code, kSuccess) << outcome.err;
        continue;
      }
      // With EINVAL the kernel refuses a level.
      const bool refused = GetParam() == abi::kSetOneReg && error == EINVAL;
      EXPECT_EQ(outcome.code, refused ? kRefused : kFailure);
      EXPECT_EQ(messages_with_a_reason(outcome.err), 1) << outcome.err;
      EXPECT_THAT(outcome.err, HasSubstr(expected.name));
      EXPECT_THAT(outcome.err, HasSubstr(errno_name(error)));
    }
  }
}

std::vector<std::uint32_t> requests() {
  std::vector<std::uint32_t> all;
  for (const auto &[request, expected] : kExpected) all.push_back(request);
  return all;
}
std::string name_of(const ::testing::TestParamInfo<std::uint32_t> &tested) {
  std::string name = kExpected.at(tested.param).name;
  std::ranges::replace_if(
      name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Each, ARunWhoseCallFails, ::testing::ValuesIn(requests()), name_of);

}  // namespace
}  // namespace parley::app
