// SPDX-License-Identifier: Apache-2.0
//
// Cells on a host that is a fake, results in a folder that is real, and what comes of both when workers die, disks are
// full and files are broken.
#include "app/worker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "app/host_source.hpp"
#include "app/results.hpp"
#include "fake_guest.hpp"
#include "parley/app/app.hpp"

namespace parley::app {
namespace {

namespace fs = std::filesystem;
using matrix::Verdict;
using parley::testing::FakeKvm;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AWorker : public ::testing::Test {
 protected:
  AWorker() {
    options_.memory_size = guest::kMinMemory;
    options_.cell_limit = std::chrono::seconds(60);
    folder_ = fs::temp_directory_path() / ("parley-worker-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
  }
  ~AWorker() override { fs::remove_all(folder_); }

  // The folder of a device tree with one cpu node of that level, in which the node stands for all of the host.
  host::TreeFacts tree_at(char level) const {
    const fs::path node = folder_.string() + "-tree";
    fs::create_directories(node / "cpus" / "PowerPC,POWER11@0");
    fs::create_directories(node / "rtas");
    std::ofstream(node / "cpus" / "PowerPC,POWER11@0" / "device_type").write("cpu", 4);
    std::ofstream(node / "cpus" / "PowerPC,POWER11@0" / "cpu-version").write("\x0f\0\0", 3).put(level);
    return host::load_tree_folder(node).value();
  }

  // As the program does: what has a result is left alone.
  int work(const std::vector<matrix::CellId> &cells, FakeKvm &fake) {
    const auto host = known_host(fake);
    return Worker(host, options_, fake, diagnostics_).run_into(folder_, without_result(folder_, cells));
  }
  int work(const std::string &name) {
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

  Options options_;
  Diagnostics diagnostics_{LogLevel::kWarning};
  fs::path folder_;
};

// What it would say of the cell it would say of the host that was there before.
TEST_F(AWorker, StopsWhereTheHostIsMovedAndLeavesWordOfThisCellAndTheNext) {
  FakeKvm fake;
  auto host = known_host(fake);
  host.facts.tree = tree_at(6);
  host = assess_host(std::move(host.facts));
  fake.play([&](kvm::abi::Run &page) {
    tree_at(5);
    return parley::testing::says("x")(page);
  });
  const std::vector cells{cell(kPower10), cell("host.power11.compat.power10.guest.power9")};
  EXPECT_EQ(Worker(host, options_, fake, diagnostics_).run_into(folder_, cells), kNotApplicable);
  EXPECT_THAT(files(), ElementsAre(kPower10 + ".error", "host.power11.compat.power10.guest.power9.error"));
  fs::remove_all(folder_.string() + "-tree");
}

TEST_F(AWorker, LeavesAResultForEachCell) {
  EXPECT_EQ(work(kPower10), kSuccess);
  EXPECT_EQ(work(kPower11), kSuccess);
  EXPECT_THAT(files(), ElementsAre(kPower10 + ".json", kPower11 + ".json"));
  EXPECT_THAT(verdicts({kPower10, kPower11}), ElementsAre(Verdict::kWorks, Verdict::kRefused));
}

TEST_F(AWorker, HasNothingToDoForACellThatHasItsResult) {
  ASSERT_EQ(work(kPower10), kSuccess);
  EXPECT_THAT(without_result(folder_, {cell(kPower10), cell(kPower11)}), ElementsAre(cell(kPower11)));
}

TEST_F(AWorker, ThatIsKilledLosesItsCellOnlyUntilItIsStartedAgain) {
  ASSERT_EQ(work(kPower11), kSuccess);
  const pid_t child = ::fork();
  if (child == 0) {
    FakeKvm fake;
    fake.play([](kvm::abi::Run &) { return ::raise(SIGKILL); });
    ::_exit(work({cell(kPower10)}, fake));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_THAT(verdicts({kPower10, kPower11}), ElementsAre(Verdict::kLost, Verdict::kRefused));
  EXPECT_EQ(work(kPower10), kSuccess);
  EXPECT_THAT(verdicts({kPower10, kPower11}), ElementsAre(Verdict::kWorks, Verdict::kRefused));
}

TEST_F(AWorker, LeavesNothingHalfWrittenOnAFullDisk) {
  fs::create_directories(folder_);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{4096, before.rlim_max};  // a result is larger, a message is not
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  ::testing::internal::CaptureStderr();
  const int code = work(kPower10);
  const std::string said = ::testing::internal::GetCapturedStderr();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(code, kFailure);
  EXPECT_THAT(said, HasSubstr("cannot leave the result in"));
  EXPECT_THAT(said, HasSubstr("EFBIG"));
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_EQ(work(kPower10), kSuccess);
  EXPECT_THAT(verdicts({kPower10}), ElementsAre(Verdict::kWorks));
}

TEST_F(AWorker, TriesACellAgainWhoseResultCannotBeRead) {
  ASSERT_EQ(work(kPower10), kSuccess);
  const fs::path result = folder_ / (kPower10 + ".json");
  fs::resize_file(result, fs::file_size(result) / 2);
  EXPECT_THAT(verdicts({kPower10}), ElementsAre(Verdict::kError));
  EXPECT_EQ(work(kPower10), kSuccess);
  EXPECT_THAT(verdicts({kPower10}), ElementsAre(Verdict::kWorks));
}

TEST_F(AWorker, MayShareACellWithAnother) {
  for (int round = 0; round < 20; ++round) {
    fs::remove_all(folder_);
    int first = -1;
    int second = -1;
    {
      const std::jthread one([&] { first = work(kPower10); });
      const std::jthread other([&] { second = work(kPower10); });
    }
    EXPECT_EQ(first, kSuccess);
    EXPECT_EQ(second, kSuccess);
    ASSERT_THAT(files(), ElementsAre(kPower10 + ".json"));
    ASSERT_THAT(verdicts({kPower10}), ElementsAre(Verdict::kWorks));
  }
}

TEST_F(AWorker, OnAnotherHostLeavesWordOfIt) {
  const std::string elsewhere = "host.power9.compat.power9.guest.power9";
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(work(elsewhere), kNotApplicable);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("this host is power10 on power11"));
  EXPECT_THAT(files(), ElementsAre(elsewhere + ".error"));
  EXPECT_THAT(verdicts({elsewhere}), ElementsAre(Verdict::kError));
}

TEST_F(AWorker, WantsALinuxForALinuxCell) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(work(kPower10 + ".linux"), kUsage);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("wants --kernel"));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(AWorker, ShowsItsProgressOnATerminalAndNowhereElse) {
  int master = -1;
  int terminal = -1;
  ASSERT_EQ(::openpty(&master, &terminal, nullptr, nullptr, nullptr), 0);
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(terminal, STDERR_FILENO);
  options_.log_level = LogLevel::kInfo;
  work(kPower10);
  ::dup2(saved, STDERR_FILENO);
  std::string text(4096, '\0');
  std::size_t length = 0;
  // One write may be one read.
  for (pollfd ready{master, POLLIN, 0}; ::poll(&ready, 1, 100) == 1;)
    length += static_cast<std::size_t>(::read(master, text.data() + length, text.size() - length));
  text.resize(length);
  for (const int fd : {master, terminal, saved}) ::close(fd);
  EXPECT_EQ(text, "\r\x1b[Kparley: cell 1 of 1: power10\r\x1b[K");

  fs::remove_all(folder_);
  ::testing::internal::CaptureStderr();
  work(kPower10);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace parley::app
