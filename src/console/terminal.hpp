// SPDX-License-Identifier: Apache-2.0
//
// The user's terminal, made raw for the guest and given back. Raw as QEMU has it: every key goes to the guest (Ctrl-C
// too), a carriage return stays one, and only OPOST remains, so that our own messages still begin at the left.
//
// The terminal outlives us, so it must be given back on every way out: the destructor, and the signals that kill a
// program on the spot. A program that does not stand in the terminal's foreground must neither read nor set it (it
// would be stopped by SIGTTIN or SIGTTOU), and whoever stands there has settings of his own.
#pragma once

#include <termios.h>

#include <memory>
#include <optional>
#include <string_view>

#include "dispositions.hpp"

namespace parley::console {

class Terminal {
 public:
  /// nullptr when `fd` is no terminal. The descriptor stays the caller's and must outlive it.
  static std::unique_ptr<Terminal> of(int fd);
  ~Terminal();
  Terminal(const Terminal &) = delete;
  Terminal &operator=(const Terminal &) = delete;

  /// Also where it does not control us: then nobody is stopped.
  bool in_foreground() const;
  /// False, with nothing done, in the background. Of a process's terminals only one may be raw at a time. To be called
  /// again after the process was stopped, since the shell set it to its own taste meanwhile.
  bool make_raw();
  /// For the user, beside what the guest writes; as much as it takes at once.
  void say(std::string_view text) const;

 private:
  explicit Terminal(int fd) : fd_(fd) {}

  int fd_;
  std::optional<Dispositions> dispositions_;
  std::optional<termios> before_;
};

}  // namespace parley::console
