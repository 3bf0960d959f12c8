// SPDX-License-Identifier: Apache-2.0
//
// The commands of the matrix that need no KVM, as a user calls them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "app/run_parley.hpp"

namespace parley::app {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kHost = "host.power11.compat.power10";

class MatrixCommands : public ::testing::Test {
 protected:
  MatrixCommands() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~MatrixCommands() override { fs::remove_all(folder_); }

  std::string file(const std::string &name, const std::string &text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  // A report of one cell.
  static std::string report(const std::string &verdict) {
    return R"({"schema": "parley-matrix/2", "hosts": [{"id": ")" + kHost +
           R"(", "notes": [], "host": null, "cells": [{"id": ")" + kHost +
           R"(.guest.power9", "asked": "power9", "guest": "builtin", "forced": false, )"
           R"("policy": {"legal": true, "rule": "", "evidence": ""}, "set": null, "negotiated": null, "run": null, )"
           R"("seen": null, "expected": "", "verdict": ")" +
           verdict + R"(", "reason": "", "disagrees": null, "log": []}]}]})";
  }

  const fs::path folder_ = fs::temp_directory_path() / ("parley-matrix-" + std::to_string(::getpid()));
};

TEST_F(MatrixCommands, PlanForOtherHosts) {
  const Outcome plan = parley_with(
      {"matrix", "plan", "--hosts", "power9,power11.compat.power10.api.v2", "--levels", "power9,raw", "--force"});
  EXPECT_EQ(plan.code, 0);
  EXPECT_EQ(plan.out,
            "host.power9.compat.power9.guest.power9.forced\nhost.power9.compat.power9.guest.raw.forced\n"
            "host.power11.compat.power10.api.v2.guest.power9.forced\n"
            "host.power11.compat.power10.api.v2.guest.raw.forced\n");
}

TEST_F(MatrixCommands, MergeTheResultsAndReportTheMissingCells) {
  file("a.json", report("works"));
  EXPECT_EQ(parley_with({"matrix", "merge", folder_.c_str()}).code, 0);
  file("plan", kHost + ".guest.power9\n" + kHost + ".guest.power10\n");
  const Outcome merged = parley_with({"matrix", "merge", folder_.c_str(), "--format", "tap13"});
  EXPECT_EQ(merged.code, 1);
  EXPECT_THAT(merged.out, HasSubstr("\nok 1 - " + kHost + ".guest.power9\n"));
  EXPECT_THAT(merged.out, HasSubstr("\nnot ok 2 - " + kHost + ".guest.power10\n"));
}

TEST_F(MatrixCommands, MergeAndWarnOfUnplannedResults) {
  file("a.json", report("works"));
  file("plan", kHost + ".guest.power10\n");
  const Outcome merged = parley_with({"matrix", "merge", folder_.c_str()});
  EXPECT_THAT(merged.err, HasSubstr(kHost + ".guest.power9 is not a cell of the plan; its result is left out"));
}

TEST_F(MatrixCommands, MergeNoFailureAwaySilently) {
  file("a.json", report("works"));
  for (const auto &[name, text] : {std::pair{"host.power9.compat.power9.error", "it died"}, {"other.json", "{"}}) {
    file(name, text);
    const Outcome merged = parley_with({"matrix", "merge", folder_.c_str()});
    EXPECT_EQ(merged.code, 1) << name;
    EXPECT_THAT(merged.err, HasSubstr(fs::path(name).stem().string()));
    EXPECT_THAT(merged.err, ::testing::AnyOf(HasSubstr("it died"), HasSubstr("the result cannot be read")));
    fs::remove(folder_ / name);
  }
}

TEST_F(MatrixCommands, MergeNothingWithAMessage) {
  const Outcome empty = parley_with({"matrix", "merge", folder_.c_str()});
  EXPECT_EQ(empty.code, 1);
  EXPECT_THAT(empty.err, HasSubstr("there is nothing to merge"));
  EXPECT_THAT(parley_with({"matrix", "merge", "/nonexistent"}).err, HasSubstr("ENOENT"));
}

TEST_F(MatrixCommands, MergeAgainstAnEarlierReport) {
  file("a.json", report("works"));
  const std::string earlier = file("earlier", report("surprise"));
  const Outcome merged = parley_with({"matrix", "merge", folder_.c_str(), "--against", earlier.c_str()});
  EXPECT_THAT(merged.out, HasSubstr(kHost + ".guest.power9: verdict: surprise -> works\n1 change since " + earlier));
}

TEST_F(MatrixCommands, ExitLikeDiffOnDifferences) {
  const std::string good = file("good", report("works"));
  const std::string bad = file("bad", report("surprise"));
  EXPECT_EQ(parley_with({"diff", good.c_str(), good.c_str()}).code, 0);
  const Outcome different = parley_with({"diff", good.c_str(), bad.c_str()});
  EXPECT_EQ(different.code, 1);
  EXPECT_EQ(different.out, kHost + ".guest.power9: verdict: works -> surprise\n1 change since " + good + "\n");
  EXPECT_EQ(parley_with({"diff", good.c_str(), "/nonexistent"}).code, 2);
  EXPECT_EQ(parley_with({"diff", good.c_str(), file("none", "text").c_str()}).code, 2);
}

TEST_F(MatrixCommands, CheckTheirFilesBeforeTheyBegin) {
  file("a.json", report("works"));
  EXPECT_THAT(parley_with({"matrix", "merge", folder_.c_str(), "--against", "/nonexistent"}).err, HasSubstr("ENOENT"));
  EXPECT_THAT(parley_with({"matrix", "merge", folder_.c_str(), "--out", "/nonexistent/report"}).err,
              HasSubstr("cannot write the report to /nonexistent/report"));
}

TEST_F(MatrixCommands, ReplaceAReportInOneStep) {
  file("a.json", report("works"));
  const std::string out = file("report", "old");
  EXPECT_EQ(parley_with({"matrix", "merge", folder_.c_str(), "--out", out.c_str()}).code, 0);
  EXPECT_EQ(fs::file_size(out), parley_with({"matrix", "merge", folder_.c_str()}).out.size());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 2);
}

TEST_F(MatrixCommands, EndWith2OnBadUsage) {
  const std::string good = file("good", report("works"));
  const std::string plan = file("plan", kHost + ".guest.power9\n");
  const std::string cell = kHost + ".guest.power9";
  for (const std::vector<const char *> &bad : std::vector<std::vector<const char *>>{
           {"matrix", "plan", "--hosts", "banana"},
           {"matrix", "plan", "--hosts", "power9", "--levels", "auto"},
           {"matrix", "merge"},
           {"matrix", "merge", folder_.c_str(), "--force"},
           {"matrix", "merge", folder_.c_str(), "--format", "json", "--against", good.c_str()},
           {"matrix", "run"},
           {"matrix", "run", "--cell", "banana"},
           {"matrix", "run", "--index", "0"},
           {"matrix", "run", "--plan", plan.c_str(), "--index", "1"},
           {"matrix", "run", "--cell", cell.c_str(), "--results", folder_.c_str(), "--format", "text"},
           {"matrix", "--guest", "linux"},
           {"matrix", "--kernel", "vmlinux"},
           {"matrix", "--limit", "0"},
           {"matrix", "--format", "yaml"},
           {"diff", good.c_str()}}) {
    const Outcome outcome = parley_with(bad);
    EXPECT_EQ(outcome.code, 2) << bad.at(1) << ": " << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("why:"));
  }
}

}  // namespace
}  // namespace parley::app
