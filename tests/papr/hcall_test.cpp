// SPDX-License-Identifier: Apache-2.0
//
// The table of hypercalls and the dispatch of a call.
#include "parley/papr/hcall.hpp"

#include <cstdlib>
#include <fstream>
#include <map>

#include "guests.hpp"
#include "hcall_caller.hpp"
#include "parley/base/text.hpp"
#include "parley/papr/open_firmware.hpp"
#include "parley/papr/rtas.hpp"

namespace parley::papr {
namespace {

using ::testing::ElementsAreArray;
using ::testing::Pair;

// --- The table

TEST(Hcalls, HaveTheNumbersOfPapr) {
  std::vector<std::pair<std::string_view, std::uint64_t>> numbers;
  for (const HcallEntry &entry : hcalls()) {
    numbers.emplace_back(entry.name, entry.number);
    EXPECT_EQ(find_hcall(entry.number), &entry);
  }
  EXPECT_THAT(
      numbers,
      ElementsAre(Pair("H_REMOVE", 0x4), Pair("H_ENTER", 0x8), Pair("H_READ", 0xc), Pair("H_CLEAR_MOD", 0x10),
                  Pair("H_CLEAR_REF", 0x14), Pair("H_PROTECT", 0x18), Pair("H_SET_SPRG0", 0x24),
                  Pair("H_PAGE_INIT", 0x2c), Pair("H_LOGICAL_CI_LOAD", 0x3c), Pair("H_LOGICAL_CI_STORE", 0x40),
                  Pair("H_LOGICAL_CACHE_LOAD", 0x44), Pair("H_LOGICAL_CACHE_STORE", 0x48), Pair("H_LOGICAL_ICBI", 0x4c),
                  Pair("H_LOGICAL_DCBF", 0x50), Pair("H_GET_TERM_CHAR", 0x54), Pair("H_PUT_TERM_CHAR", 0x58),
                  Pair("H_EOI", 0x64), Pair("H_CPPR", 0x68), Pair("H_IPI", 0x6c), Pair("H_IPOLL", 0x70),
                  Pair("H_XIRR", 0x74), Pair("H_REGISTER_VPA", 0xdc), Pair("H_CEDE", 0xe0), Pair("H_CONFER", 0xe4),
                  Pair("H_PROD", 0xe8), Pair("H_VIO_SIGNAL", 0x104), Pair("H_BULK_REMOVE", 0x124),
                  Pair("H_GET_CPU_CHARACTERISTICS", 0x1c8), Pair("H_XIRR_X", 0x2fc), Pair("H_RANDOM", 0x300),
                  Pair("H_SET_MODE", 0x31c), Pair("H_REGISTER_PROC_TBL", 0x37c), Pair("H_RTAS", kHcallRtas),
                  Pair("H_OPEN_FIRMWARE", kHcallClientInterface)));
}

// docs/hcalls.md has a row for each number in any source. Its rows marked as answered must be those of the table.
TEST(Hcalls, AreDocumentedExactlyAsTheyAreAnswered) {
  std::ifstream file(std::string(std::getenv("PARLEY_DOCS")) + "/hcalls.md");
  std::map<std::string, std::string> documented;
  std::size_t rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| 0x")) continue;
    const auto columns = split(line, '|');
    ASSERT_EQ(columns.size(), 7u) << line;
    ++rows;
    const std::string here(trim(columns[6]));
    ASSERT_TRUE(here.starts_with("Parley") || here.starts_with("the kernel") || here.starts_with("no: ")) << line;
    if (!here.starts_with("no: "))
      documented[std::string(trim(columns[1])) + " " + std::string(trim(columns[2]))] = here;
  }
  EXPECT_GT(rows, 200u);
  for (const HcallEntry &entry : hcalls()) {
    std::string number = hex32(static_cast<std::uint32_t>(entry.number)).substr(2);
    number = "0x" + number.substr(number.find_first_not_of('0'));
    const auto found = documented.find(number + " " + std::string(entry.name));
    ASSERT_NE(found, documented.end()) << number << " " << entry.name << " is answered and not documented";
    EXPECT_EQ(found->second.starts_with("Parley"), entry.handle != nullptr) << entry.name;
    documented.erase(found);
  }
  for (const auto &[call, here] : documented) EXPECT_FALSE(here.starts_with("Parley")) << call << " is not answered";
}

TEST(Hcalls, AreIndependentOnlyIfTheyShareNoStateWithOthers) {
  std::vector<std::string_view> independent;
  for (const HcallEntry &entry : hcalls())
    if (entry.independent) independent.push_back(entry.name);
  EXPECT_THAT(independent, ElementsAre("H_PAGE_INIT", "H_LOGICAL_CI_LOAD", "H_LOGICAL_CI_STORE", "H_LOGICAL_CACHE_LOAD",
                                       "H_LOGICAL_CACHE_STORE", "H_LOGICAL_ICBI", "H_LOGICAL_DCBF", "H_GET_TERM_CHAR",
                                       "H_PUT_TERM_CHAR", "H_VIO_SIGNAL", "H_RANDOM"));
}

TEST(Hcalls, AreAnnouncedByTheirFunctionSetsInTheGuestsTree) {
  EXPECT_THAT(parley::testing::reference_tree().child("rtas")->texts("ibm,hypertas-functions"),
              ElementsAre("hcall-sprg0", "hcall-copy", "hcall-debug", "hcall-term", "hcall-interrupt", "hcall-splpar",
                          "hcall-set-mode"));
}

TEST(Hcalls, AreEnabledInKvmIfItSupportsThat) {
  host::KvmFacts kvm;
  EXPECT_THAT(machine::papr_interface(kvm).enabled_hcalls, IsEmpty());
  kvm.capabilities["KVM_CAP_PPC_ENABLE_HCALL"] = 1;
  EXPECT_THAT(machine::papr_interface(kvm).enabled_hcalls, ElementsAre(0x31c));
}

TEST(Hcalls, OfTheHashMmuAreAnnouncedAndEnabledOnlyWhereAGuestMayHaveIt) {
  host::KvmFacts kvm;
  kvm.capabilities["KVM_CAP_PPC_ENABLE_HCALL"] = 1;
  const auto announces = [](const guest::PaprInterface &interface, std::string_view set) {
    return std::ranges::find(interface.hypertas, set, &guest::FunctionSet::name) != interface.hypertas.end();
  };
  const auto hash = machine::papr_interface(kvm, {.hash = true});
  EXPECT_THAT(hash.enabled_hcalls, ElementsAre(0x10, 0x14, 0x31c));
  for (const char *set : {"hcall-pft", "hcall-bulk"}) {
    EXPECT_TRUE(announces(hash, set)) << set;
    EXPECT_FALSE(announces(machine::papr_interface(kvm), set)) << set;
  }
}

// --- The dispatch

TEST_F(HcallTest, AnUnknownNumberGetsHFunctionAndIsCountedAndTraced) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{0x59}, std::uint64_t{0xf004}, kAllOnes}) {
    EXPECT_EQ(take(dispatch_hcall(context_, number, find_hcall(number), registers_)), Status::kFunction) << number;
    EXPECT_EQ(find_hcall(number), nullptr);
  }
  EXPECT_EQ(unknown_calls_, 4u);
  EXPECT_EQ(trace_.back(), "unknown hcall 0xffffffffffffffff: -2");
}

TEST_F(HcallTest, ACallThatBelongsToKvmGetsHFunctionAndIsCounted) {
  std::vector<std::string> expected;
  for (const HcallEntry &entry : hcalls()) {
    if (entry.handle != nullptr) continue;
    EXPECT_EQ(call(entry.name, {}), Status::kFunction) << entry.name;
    expected.push_back(std::string(entry.name) + ": -2");
  }
  EXPECT_THAT(expected, SizeIs(17));
  EXPECT_EQ(unknown_calls_, expected.size());
  EXPECT_THAT(trace_, ElementsAreArray(expected));
}

TEST_F(HcallTest, EachCallIsTracedOnce) {
  put_cells(0x100, {4711, 0, 1, 0});
  call("H_PUT_TERM_CHAR", {0, 17});
  call("H_RANDOM", {});
  call("H_RTAS", {0x100});  // traces the RTAS call
  call("H_RTAS", {kAllOnes});
  call("H_OPEN_FIRMWARE", {});
  EXPECT_THAT(trace_, ElementsAre("H_PUT_TERM_CHAR: -4", "H_RANDOM: 0", "RTAS unknown token 4711: -3", "H_RTAS: -4",
                                  "H_OPEN_FIRMWARE: -2"));
}

TEST_F(HcallTest, NothingIsTracedWithoutATraceFunction) {
  context_.trace = nullptr;
  EXPECT_EQ(call("H_PUT_TERM_CHAR", {0, 5, kHello, 0}), Status::kSuccess);
  EXPECT_EQ(output(), "hello");
}

TEST_F(HcallTest, HRtasDispatchesToRtas) {
  const auto reboot = std::ranges::find(rtas_calls(), "system-reboot", &RtasEntry::name)->token;
  put_cells(0x100, {reboot, 0, 1, 0xffff});
  EXPECT_EQ(call("H_RTAS", {0x100}), Status::kSuccess);
  EXPECT_EQ(shutdown_->kind, Shutdown::Kind::kReboot);
}

TEST_F(HcallTest, HOpenFirmwareUsesTheLower32BitsOfTheAddress) {
  OpenFirmware firmware(fdt::LiveTree(fdt::Node{}), kRamSize, real_environment());
  context_.firmware = &firmware;
  put_text(0x200, "exit");
  put_cells(0x100, {0x200, 0, 0});
  EXPECT_EQ(call("H_OPEN_FIRMWARE", {0xc000000000000100}), Status::kSuccess);
  EXPECT_TRUE(shutdown_);
  EXPECT_EQ(call("H_OPEN_FIRMWARE", {0xfffffff0}), Status::kParameter);
}

}  // namespace
}  // namespace parley::papr
