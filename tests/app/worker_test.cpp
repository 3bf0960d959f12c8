// SPDX-License-Identifier: Apache-2.0
//
// Cells on a host that is a fake, results in a folder that is real, and what comes of both when workers die, disks are
// full and files are broken.
#include "app/worker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "app/results.hpp"
#include "app/trial.hpp"
#include "host/hosts.hpp"
#include "kvm/fake_kvm.hpp"
#include "parley/app/app.hpp"
#include "parley/machine/probe.hpp"

namespace parley::app {
namespace {

namespace fs = std::filesystem;
using matrix::Verdict;
using parley::testing::FakeKvm;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What the built-in guest would say at power10.
void play_hello(FakeKvm &fake) {
  const std::string text = "physical PVR: 0x00821200\nlevel: power10 (cpu-version 0x0f000006)\n";
  for (std::size_t at = 0; at < text.size(); at += 16) fake.play(parley::testing::says(text.substr(at, 16)));
}

compat::Host known_host(FakeKvm &fake) {
  host::Facts facts = parley::testing::tree_only("power11-as-power10");
  facts.system.machine = "ppc64le";
  facts.system.kernel_release = "7.2.13";
  facts.kvm = machine::probe_kvm(fake);
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

matrix::CellId cell(const std::string &name) { return matrix::parse_cell(name).value(); }
const std::string kPower10 = "host.power11.compat.power10.guest.power10";
const std::string kPower11 = "host.power11.compat.power10.guest.power11.forced";

class AWorker : public ::testing::Test {
 protected:
  AWorker() {
    options_.memory_size = guest::kMinMemory;
    options_.cell_limit = std::chrono::seconds(60);
    folder_ = fs::temp_directory_path() / ("parley-worker-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
  }
  ~AWorker() override { fs::remove_all(folder_); }

  int work(const std::vector<matrix::CellId> &cells, FakeKvm &fake) {
    const auto host = known_host(fake);
    return Worker(host, options_, fake, diagnostics_).run_into(folder_, cells);
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

TEST_F(AWorker, LeavesAResultForEachCell) {
  EXPECT_EQ(work(kPower10), kSuccess);
  EXPECT_EQ(work(kPower11), kSuccess);
  EXPECT_THAT(files(), ElementsAre(kPower10 + ".json", kPower11 + ".json"));
  EXPECT_THAT(verdicts({kPower10, kPower11}), ElementsAre(Verdict::kWorks, Verdict::kRefused));
}

TEST_F(AWorker, DoesNothingForACellThatHasItsResult) {
  ASSERT_EQ(work(kPower10), kSuccess);
  FakeKvm untouched;
  const auto host = known_host(untouched);
  const int before = untouched.times(kvm::abi::kCreateVm);
  EXPECT_EQ(Worker(host, options_, untouched, diagnostics_).run_into(folder_, {cell(kPower10)}), kSuccess);
  EXPECT_EQ(untouched.times(kvm::abi::kCreateVm), before);
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
  char text[4096];
  const ssize_t length = ::read(master, text, sizeof text);
  for (const int fd : {master, terminal, saved}) ::close(fd);
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(std::max<ssize_t>(length, 0))),
            "\r\x1b[Kparley: cell 1 of 1: power10\r\x1b[K");

  fs::remove_all(folder_);
  ::testing::internal::CaptureStderr();
  work(kPower10);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(AWorker, ReadsAPlanLineByLine) {
  fs::create_directories(folder_);
  const fs::path plan = folder_ / "plan";
  std::ofstream(plan) << "# a comment\n\n  " << kPower10 << "  \n" << kPower11;
  EXPECT_THAT(read_plan(plan).value(), ElementsAre(cell(kPower10), cell(kPower11)));
  std::ofstream(plan) << kPower10 << "\nbanana\n";
  EXPECT_THAT(read_plan(plan).error().what, HasSubstr("'banana'"));
  EXPECT_THAT(read_plan(folder_ / "none").error().why, HasSubstr("ENOENT"));
}

TEST(Collecting, TakesNoHalfWrittenFileAndSaysWhatIsBroken) {
  const fs::path folder = fs::temp_directory_path() / ("parley-collect-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / ("." + kPower10 + ".json.Ab3dEf")) << "{";
  std::ofstream(folder / (kPower11 + ".json")) << "{";
  std::ofstream(folder / "host.power9.compat.power9.error") << "it died\nof this";
  std::ofstream(folder / "notes.txt") << "nobody's business";
  fs::create_directories(folder / (kPower10 + ".json"));
  const auto results = collect_results(folder).value();
  fs::remove_all(folder);
  EXPECT_THAT(results.reports, IsEmpty());
  ASSERT_EQ(results.errors.size(), 3u);
  EXPECT_THAT(results.errors.at(kPower10), HasSubstr("EISDIR"));
  EXPECT_THAT(results.errors.at(kPower11), HasSubstr("the result cannot be read: "));
  EXPECT_EQ(results.errors.at("host.power9.compat.power9"), "it died\nof this");
  EXPECT_THAT(collect_results(folder).error().why, HasSubstr("ENOENT"));
}

matrix::Cell try_it(const std::string &name, FakeKvm &fake, std::chrono::seconds limit = std::chrono::seconds(60)) {
  guest::GuestRequest request;
  request.memory_size = guest::kMinMemory;
  request.payload = guest::builtin_payload();
  const auto host = known_host(fake);
  return try_cell(cell(name), host, {std::move(request), limit}, fake);
}

TEST(ACell, HoldsEveryFactOfAGuestThatRan) {
  FakeKvm fake;
  play_hello(fake);
  const auto done = try_it(kPower10, fake);
  EXPECT_EQ(done.judgement.verdict, Verdict::kWorks) << done.judgement.reason;
  ASSERT_TRUE(done.observed && done.observed->set && done.observed->run && done.observed->seen);
  EXPECT_EQ(done.observed->set->readback, LogicalPvr{0x0f000006});
  EXPECT_EQ(done.observed->run->outcome, matrix::RunOutcome::kEnded);
  EXPECT_EQ(done.observed->seen->cpu_version, 0x0f000006u);
  EXPECT_EQ(fake.open_descriptors(), 0u);
}

TEST(ACell, DoesNotAskTheKernelForWhatThePolicyRefusesUnlessItIsForced) {
  FakeKvm fake;
  const auto refused = try_it("host.power11.compat.power10.guest.power11", fake);
  EXPECT_EQ(refused.judgement.verdict, Verdict::kRefused);
  EXPECT_FALSE(refused.observed->set);
  EXPECT_THAT(fake.levels_asked(), IsEmpty());
  const auto forced = try_it(kPower11, fake);
  EXPECT_EQ(forced.observed->set->outcome, host::TrialOutcome::kPoisoned);
  EXPECT_EQ(forced.observed->run->failure, "level-invalid");
}

TEST(ACell, IsASurpriseWhenItsGuestPanicsFailsOrTakesTooLong) {
  FakeKvm panics;
  panics.play(panics.rtas("ibm,os-term", {0}, 1));
  EXPECT_THAT(try_it(kPower10, panics).observed->run->evidence, HasSubstr("panicked"));

  FakeKvm fails;
  fails.play(parley::testing::fails(EFAULT));
  const auto failed = try_it(kPower10, fails);
  EXPECT_EQ(failed.judgement.disagrees, matrix::Fact::kRun);
  EXPECT_THAT(failed.judgement.reason, HasSubstr("EFAULT"));

  FakeKvm slow;
  const auto late = try_it(kPower10, slow, std::chrono::seconds(0));
  EXPECT_EQ(late.judgement.verdict, Verdict::kSurprise);

  FakeKvm poor;
  known_host(poor);
  poor.fail(kvm::abi::kCreateVm, ENOMEM, 3);  // the first two are for the facts
  EXPECT_THAT(try_it(kPower10, poor).judgement.reason, HasSubstr("ENOMEM"));
}

}  // namespace
}  // namespace parley::app
