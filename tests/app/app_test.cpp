// SPDX-License-Identifier: Apache-2.0
//
// The whole program, on a host from a file. The lab tests what needs a real KVM.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/run_parley.hpp"
#include "host/hosts.hpp"

namespace parley::app {
namespace {

using parley::testing::blob_path;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(App, PrintsItsHelpOnStandardOutput) {
  const Outcome help = parley_with({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("Exit codes: 0 success"));
  EXPECT_EQ(help.err, "");
  EXPECT_THAT(parley_with({"run", "--help"}).out, HasSubstr("--on-refusal"));
  EXPECT_THAT(parley_with({"--version"}).out, StartsWith("parley "));
}

TEST(App, EndsWith2OnBadUsage) {
  for (const std::vector<const char *> &bad : std::vector<std::vector<const char *>>{{},
                                                                                     {"dance"},
                                                                                     {"check"},
                                                                                     {"check", "banana"},
                                                                                     {"run", "--compat", ""},
                                                                                     {"run", "-m", "0"},
                                                                                     {"run", "--on-refusal", "cry"},
                                                                                     {"inspect", "--log-level", "loud"},
                                                                                     {"run", "--log-level", "error"}}) {
    const Outcome outcome = parley_with(bad);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("why:"));
    EXPECT_LE(std::ranges::count(outcome.err, '\n'), 3);
  }
}

bool is_power() {
  utsname name{};
  uname(&name);
  return std::string_view(name.machine).starts_with("ppc64");
}

// On POWER the fake kernel replaces KVM, and the results depend on the machine.
TEST(App, EndsWith4OnlyOnAMachineThatIsNotPower) {
  for (const std::vector<const char *> &command :
       std::vector<std::vector<const char *>>{{"inspect"},
                                              {"check", "power10"},
                                              // The sandbox could not be left again.
                                              {"run", "--sandbox", "off"},
                                              {"run", "--sandbox", "off", "--force"}}) {
    EXPECT_EQ(parley_with(command).code == 4, !is_power()) << command.front();
  }
}

TEST(App, EndsWith0AndTheTrailForALegalLevel) {
  const Outcome outcome = parley_with({"check", "power10", "--host", blob_path("host-power11-as-power10").c_str()});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("power10 (0x0f000006): legal"));
  EXPECT_EQ(outcome.err, "");
}

TEST(App, EndsWith3AndThreeLinesForAnIllegalLevel) {
  const Outcome outcome = parley_with({"check", "power11", "--host", blob_path("host-power11-as-power10").c_str()});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, HasSubstr("refused by not-above-host"));
  EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 3);
}

TEST(App, ReportsAHostFileThatCannotBeRead) {
  const Outcome outcome = parley_with({"inspect", "--host", "/nonexistent"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("ENOENT"));
}

TEST(App, PrintsTheSameForASavedReportAsForItsHost) {
  const auto tree = blob_path("host-power10-as-power9");
  const Outcome report = parley_with({"inspect", "--json", "--host", tree.c_str()});
  ASSERT_EQ(report.code, 0);
  const auto path = std::filesystem::temp_directory_path() / ("parley-report-" + std::to_string(::getpid()) + ".json");
  std::ofstream(path) << report.out;
  EXPECT_EQ(parley_with({"inspect", "--host", path.c_str()}).out, parley_with({"inspect", "--host", tree.c_str()}).out);
  EXPECT_EQ(parley_with({"inspect", "--json", "--host", path.c_str()}).out, report.out);
  std::filesystem::remove(path);
}

TEST(App, PrintsADoubtOnStandardErrorEvenWithQuiet) {
  const auto path = std::filesystem::temp_directory_path() / ("parley-host-" + std::to_string(::getpid()));
  std::filesystem::create_directories(path / "rtas");
  std::filesystem::create_directories(path / "cpus" / "cpu@0");
  std::ofstream(path / "cpus" / "cpu@0" / "device_type") << "cpu";
  std::ofstream(path / "cpus" / "cpu@0" / "cpu-version") << std::string("\x0f\0\0\x08", 4);
  const Outcome outcome = parley_with({"-q", "check", "power11", "--host", path.c_str()});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("newer than all levels that this program knows"));
  std::filesystem::remove_all(path);
}

}  // namespace
}  // namespace parley::app
