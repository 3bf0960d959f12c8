// SPDX-License-Identifier: Apache-2.0
//
// Fault injection for the other system calls of a run: each one fails once, one at a time, with each errno in turn. The
// kernel makes them fail (tests/app/saboteur.hpp), so that the C library and Boost.Asio react as they do in production.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "app/run_parley.hpp"
#include "app/saboteur.hpp"

namespace parley::app {
namespace {

using parley::testing::FakeKvm;
using parley::testing::reference_facts;
using parley::testing::says;
using ::testing::Each;
using ::testing::HasSubstr;

struct Sabotaged {
  const char *name;
  long number;
  const char *said;                ///< the message must contain it
  const char *harmless = nullptr;  ///< why the run may succeed nevertheless
  const char *sandbox = "off";
};
const Sabotaged kCalls[] = {
    {"openat", SYS_openat, "open: "},
    {"eventfd2", SYS_eventfd2, "eventfd", "Asio takes a pipe instead"},
    {"pipe2", SYS_pipe2, "pipe"},
    {"epoll_create1", SYS_epoll_create1, "epoll", "Asio tries the older call"},
    {"timerfd_create", SYS_timerfd_create, "timerfd", "Asio waits with epoll's own time limit"},
    {"clone3", SYS_clone3, "pthread_create"},
    {"getrandom", SYS_getrandom, "getrandom", "an interrupted call is repeated"},
    {"fcntl", SYS_fcntl, "fcntl", "a stream of unknown state counts as open; Asio works without the flags of its pipe"},
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // the sanitizers' threads make forbidden calls
    {"prctl", SYS_prctl, "prctl", nullptr, "on"},
    {"seccomp", SYS_seccomp, "seccomp", nullptr, "on"},
    {"landlock_create_ruleset", SYS_landlock_create_ruleset, "landlock_create_ruleset", nullptr, "on"},
    {"landlock_restrict_self", SYS_landlock_restrict_self, "landlock_restrict_self", nullptr, "on"},
#endif
};

class ARunWhoseSystemCallFails : public ::testing::TestWithParam<Sabotaged> {
 protected:
  ARunWhoseSystemCallFails() { std::filesystem::create_directories(folder_); }
  ~ARunWhoseSystemCallFails() override { std::filesystem::remove_all(folder_); }
  // Returns the number of such calls.
  int run(int nth, int error, Outcome &outcome) const {
    const std::string nvram = folder_ / "nvram";
    const std::string tree = folder_ / "tree";
    FakeKvm fake;
    fake.play(says("hello\n"));
    int calls = 0;
    // The facts are computed before: the thread is in the sandbox at the end, and may not open files.
    outcome = parley_with(
        {"run", "-m", "1", "--sandbox", GetParam().sandbox, "--nvram", nvram.c_str(), "--dump-dtb", tree.c_str()},
        {fake, [facts = reference_facts()] { return facts; }},
        [&](const auto &program) { calls = sabotage(GetParam().number, nth, error, program); });
    EXPECT_EQ(fake.open_descriptors(), 0u);
    EXPECT_EQ(fake.open_mappings(), 0u);
    EXPECT_THAT(fake.levels_entered(), Each(kPower10Pvr));
    return calls;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("parley-sabotage-" + std::to_string(::getpid()));
};

TEST_P(ARunWhoseSystemCallFails, NamesTheCallAndTheErrorUnlessItHasAnAlternative) {
  Outcome whole;
  const int calls = run(0, 0, whole);
  ASSERT_EQ(whole.code, kSuccess) << whole.err;
  ASSERT_GT(calls, 0) << "it is not called at all";
  for (int nth = 1; nth <= calls; ++nth) {
    for (const int error : kErrors) {
      Outcome outcome;
      const auto files = open_files();
      run(nth, error, outcome);
      EXPECT_EQ(open_files(), files);
      const std::string what = std::to_string(nth) + " of " + std::to_string(calls) + ", " + errno_name(error) +
                               ": ends with " + std::to_string(outcome.code) + "\n" + outcome.err;
      if (outcome.code == kSuccess) {
        EXPECT_NE(GetParam().harmless, nullptr) << what;
        EXPECT_EQ(outcome.out, whole.out) << what;
        continue;
      }
      EXPECT_EQ(outcome.code, kFailure) << what;
      EXPECT_EQ(messages_with_a_reason(outcome.err), 1) << what;
      EXPECT_THAT(outcome.err, HasSubstr(GetParam().said)) << what;
      const bool translated = GetParam().number == SYS_clone3 && error == ENOMEM;  // by pthread_create
      EXPECT_THAT(outcome.err, HasSubstr(errno_name(translated ? EAGAIN : error))) << what;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, ARunWhoseSystemCallFails, ::testing::ValuesIn(kCalls),
                         [](const auto &tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace parley::app
