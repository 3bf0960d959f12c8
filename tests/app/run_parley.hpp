// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "parley/app/app.hpp"
#include "session/reference_host.hpp"

namespace parley::app {

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

/// Runs the program with that command line, inside of `around`.
inline Outcome parley_with(
    std::vector<const char *> arguments, const World &world,
    const std::function<void(const std::function<void()> &)> &around = [](const auto &program) { program(); }) {
  arguments.insert(arguments.begin(), "parley");
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  int code = 0;
  around([&] { code = run(static_cast<int>(arguments.size()), arguments.data(), world); });
  Outcome outcome{code, ::testing::internal::GetCapturedStdout(), ::testing::internal::GetCapturedStderr()};
  return outcome;
}
/// The same on this machine, with a fake KVM.
inline Outcome parley_with(std::vector<const char *> arguments) {
  parley::testing::FakeKvm fake;
  return parley_with(std::move(arguments), {fake});
}
/// The same on the reference host.
inline Outcome parley_on_power(std::vector<const char *> arguments, parley::testing::FakeKvm &fake) {
  return parley_with(std::move(arguments), {fake, parley::testing::reference_facts});
}

/// The errors of fault injection.
inline constexpr int kErrors[] = {EINVAL, ENOMEM, EFAULT, EINTR, EBUSY, EPERM, ENOTTY, EIO};
inline constexpr std::uint32_t kPower10Pvr = 0x0f000006;

inline std::size_t open_files() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

/// The number of failures in the output: each has one reason.
inline long messages_with_a_reason(const std::string &text) {
  long count = 0;
  for (std::size_t at = text.find("\n  why: "); at != std::string::npos; at = text.find("\n  why: ", at + 1)) ++count;
  return count;
}

}  // namespace parley::app
