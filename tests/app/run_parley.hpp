// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kvm/fake_kvm.hpp"
#include "parley/app/app.hpp"

namespace parley::app {

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

/// The program with that command line, on a fake KVM.
inline Outcome parley_with(std::vector<const char *> arguments) {
  parley::testing::FakeKvm fake;
  arguments.insert(arguments.begin(), "parley");
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code = run(static_cast<int>(arguments.size()), arguments.data(), fake);
  Outcome outcome{code, ::testing::internal::GetCapturedStdout(), ::testing::internal::GetCapturedStderr()};
  return outcome;
}

}  // namespace parley::app
