// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fake_guest.hpp"
#include "parley/app/app.hpp"

namespace parley::app {

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

/// The program with that command line; `around` runs it.
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
  return parley_with(std::move(arguments), {fake, reference_facts});
}

}  // namespace parley::app
