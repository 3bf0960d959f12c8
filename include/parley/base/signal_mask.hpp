// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <initializer_list>

namespace parley {

/// Blocks or unblocks signals for the calling thread; the destructor restores the mask, on the same thread.
class SignalMask {
 public:
  /// `how` is SIG_BLOCK or SIG_UNBLOCK.
  SignalMask(int how, std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals) sigaddset(&set, signal);
    pthread_sigmask(how, &set, &before_);
  }
  ~SignalMask() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalMask(const SignalMask &) = delete;
  SignalMask &operator=(const SignalMask &) = delete;

 private:
  sigset_t before_{};
};

}  // namespace parley
