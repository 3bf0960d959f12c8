// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <initializer_list>
#include <utility>
#include <vector>

namespace parley::console {

/// Restores the actions of some signals when destroyed.
class Dispositions {
 public:
  explicit Dispositions(std::initializer_list<int> signals) {
    for (const int signal : signals) {
      struct sigaction action {};
      ::sigaction(signal, nullptr, &action);
      before_.emplace_back(signal, action);
    }
  }
  ~Dispositions() {
    for (const auto &[signal, action] : before_) ::sigaction(signal, &action, nullptr);
  }
  Dispositions(const Dispositions &) = delete;
  Dispositions &operator=(const Dispositions &) = delete;

 private:
  std::vector<std::pair<int, struct sigaction>> before_;
};

}  // namespace parley::console
