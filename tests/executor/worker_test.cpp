// SPDX-License-Identifier: Apache-2.0
//
// Cells on a fake host, with results in a real folder; workers that die, full disks and broken files.
#include "parley/executor/worker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <expected>
#include <filesystem>
#include <fstream>
#include <thread>

#include "executor/cells.hpp"
#include "parley/executor/results.hpp"
#include "session/reference_host.hpp"

namespace parley::executor {
namespace {

namespace fs = std::filesystem;
using matrix::Verdict;
using parley::testing::cell;
using parley::testing::FakeKvm;
using parley::testing::kPower10;
using parley::testing::kPower11;
using parley::testing::play_hello;
using parley::testing::reference_host;
using Cause = NoResult::Cause;
using Outcome = std::expected<void, Cause>;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AWorker : public ::testing::Test {
 protected:
  AWorker() {
    settings_.guest.request.memory_size = guest::kMinMemory;
    settings_.guest.request.payload = guest::builtin_payload();
    settings_.on_failure = [this](const Failure &failure) { said_ += failure.what + ": " + failure.why + "\n"; };
    folder_ = fs::temp_directory_path() / ("parley-worker-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
  }
  ~AWorker() override { fs::remove_all(folder_); }

  // A device tree with one cpu node of that level.
  host::TreeFacts tree_at(char level) const {
    const fs::path node = folder_.string() + "-tree";
    fs::create_directories(node / "cpus" / "PowerPC,POWER11@0");
    fs::create_directories(node / "rtas");
    std::ofstream(node / "cpus" / "PowerPC,POWER11@0" / "device_type").write("cpu", 4);
    std::ofstream(node / "cpus" / "PowerPC,POWER11@0" / "cpu-version").write("\x0f\0\0", 3).put(level);
    return host::load_tree_folder(node).value();
  }

  // Like the program, it skips cells that have a result.
  Outcome work(const std::vector<matrix::CellId> &cells, FakeKvm &fake) {
    const auto host = reference_host(fake);
    return Worker(host, settings_, fake).run_into(folder_, without_result(folder_, cells));
  }
  Outcome work(const std::string &name) {
    FakeKvm fake;
    play_hello(fake);
    return work({cell(name)}, fake);
  }
  // The verdicts that merging finds, in the order of the plan.
  std::vector<Verdict> verdicts(const std::vector<std::string> &plan) const {
    std::vector<matrix::CellId> cells;
    for (const auto &name : plan) cells.push_back(cell(name));
    const auto results = collect_results(folder_).value();
    std::vector<Verdict> found;
    for (const auto &host : matrix::merge(cells, results.reports, results.errors).report.hosts) {
      for (const auto &done : host.cells) found.push_back(done.judgement.verdict);
    }
    return found;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto &entry : fs::directory_iterator(folder_, error)) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }

  WorkerSettings settings_;
  std::string said_;
  fs::path folder_;
};

// The cell's result would be about the host as it was before.
TEST_F(AWorker, StopsWhenTheHostIsMigratedAndWritesTheReasonForEachCellLeft) {
  FakeKvm fake;
  auto host = reference_host(fake);
  host.facts.tree = tree_at(6);
  host.capabilities = host::assess(host.facts);
  fake.play([&](kvm::abi::Run &page) {
    tree_at(5);
    return parley::testing::says("x")(page);
  });
  const std::vector cells{cell(kPower10), cell("host.power11.compat.power10.guest.power9")};
  EXPECT_EQ(Worker(host, settings_, fake).run_into(folder_, cells), std::unexpected(Cause::kOtherHost));
  EXPECT_THAT(files(), ElementsAre(kPower10 + ".error", "host.power11.compat.power10.guest.power9.error"));
  fs::remove_all(folder_.string() + "-tree");
}

TEST_F(AWorker, WritesAResultForEachCell) {
  EXPECT_TRUE(work(kPower10));
  EXPECT_TRUE(work(kPower11));
  EXPECT_THAT(files(), ElementsAre(kPower10 + ".json", kPower11 + ".json"));
  EXPECT_THAT(verdicts({kPower10, kPower11}), ElementsAre(Verdict::kWorks, Verdict::kRefused));
}

TEST_F(AWorker, SkipsACellWithAResult) {
  ASSERT_TRUE(work(kPower10));
  EXPECT_THAT(without_result(folder_, {cell(kPower10), cell(kPower11)}), ElementsAre(cell(kPower11)));
}

TEST_F(AWorker, ThatIsKilledLosesItsCellUntilItIsStartedAgain) {
  ASSERT_TRUE(work(kPower11));
  const pid_t child = ::fork();
  if (child == 0) {
    FakeKvm fake;
    fake.play([](kvm::abi::Run &) { return ::raise(SIGKILL); });
    ::_exit(work({cell(kPower10)}, fake) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_THAT(verdicts({kPower10, kPower11}), ElementsAre(Verdict::kLost, Verdict::kRefused));
  EXPECT_TRUE(work(kPower10));
  EXPECT_THAT(verdicts({kPower10, kPower11}), ElementsAre(Verdict::kWorks, Verdict::kRefused));
}

TEST_F(AWorker, WritesNoPartialResultOnAFullDisk) {
  fs::create_directories(folder_);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{4096, before.rlim_max};  // a result is larger, a message is not
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Outcome done = work(kPower10);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(done, std::unexpected(Cause::kFailure));
  EXPECT_THAT(said_, HasSubstr("cannot write the result to"));
  EXPECT_THAT(said_, HasSubstr("EFBIG"));
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_TRUE(work(kPower10));
  EXPECT_THAT(verdicts({kPower10}), ElementsAre(Verdict::kWorks));
}

TEST_F(AWorker, TriesACellWithAnUnreadableResultAgain) {
  ASSERT_TRUE(work(kPower10));
  const fs::path result = folder_ / (kPower10 + ".json");
  fs::resize_file(result, fs::file_size(result) / 2);
  EXPECT_THAT(verdicts({kPower10}), ElementsAre(Verdict::kError));
  EXPECT_TRUE(work(kPower10));
  EXPECT_THAT(verdicts({kPower10}), ElementsAre(Verdict::kWorks));
}

TEST_F(AWorker, MayTryTheSameCellAsAnotherWorker) {
  for (int round = 0; round < 20; ++round) {
    fs::remove_all(folder_);
    Outcome first;
    Outcome second;
    {
      const std::jthread one([&] { first = work(kPower10); });
      const std::jthread other([&] { second = work(kPower10); });
    }
    EXPECT_TRUE(first);
    EXPECT_TRUE(second);
    ASSERT_THAT(files(), ElementsAre(kPower10 + ".json"));
    ASSERT_THAT(verdicts({kPower10}), ElementsAre(Verdict::kWorks));
  }
}

TEST_F(AWorker, OnAnotherHostWritesTheReason) {
  const std::string elsewhere = "host.power9.compat.power9.guest.power9";
  EXPECT_EQ(work(elsewhere), std::unexpected(Cause::kOtherHost));
  EXPECT_THAT(said_, HasSubstr("this host is power10 on power11"));
  EXPECT_THAT(files(), ElementsAre(elsewhere + ".error"));
  EXPECT_THAT(verdicts({elsewhere}), ElementsAre(Verdict::kError));
}

TEST_F(AWorker, NeedsALinuxForALinuxCell) {
  EXPECT_EQ(work(kPower10 + ".linux"), std::unexpected(Cause::kWrongGuest));
  EXPECT_THAT(said_, HasSubstr("needs --kernel"));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(AWorker, AnnouncesEachCell) {
  std::vector<std::string> announced;
  settings_.on_cell = [&](const matrix::CellId &id, std::size_t number, std::size_t total) {
    announced.push_back(matrix::name(id) + " " + std::to_string(number) + "/" + std::to_string(total));
  };
  FakeKvm fake;
  play_hello(fake);
  EXPECT_TRUE(work({cell(kPower10), cell(kPower11)}, fake));
  EXPECT_THAT(announced, ElementsAre(kPower10 + " 1/2", kPower11 + " 2/2"));
}

}  // namespace
}  // namespace parley::executor
