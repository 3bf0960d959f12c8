// SPDX-License-Identifier: Apache-2.0
//
// Makes the user's terminal raw for the guest, and restores it. Raw means the same as in QEMU: every key goes to the
// guest, Ctrl-C included; a carriage return is not translated; only OPOST remains, so that our own messages still begin
// in the first column.
//
// The terminal outlives this process, so it is restored on every way out: by the destructor, and by handlers of the
// signals that kill a program at once. A process in the terminal's background must not read or set the terminal: it
// would be stopped by SIGTTIN or SIGTTOU, and the settings belong to the process in the foreground.
#pragma once

#include <termios.h>

#include <memory>
#include <optional>
#include <string_view>

#include "dispositions.hpp"

namespace parley::console {

class Terminal {
 public:
  /// nullptr when `fd` is not a terminal. The descriptor remains the caller's and must outlive the object.
  static std::unique_ptr<Terminal> of(int fd);
  ~Terminal();
  Terminal(const Terminal &) = delete;
  Terminal &operator=(const Terminal &) = delete;

  /// True also if it is not the controlling terminal: then no signal stops a process in the background.
  bool in_foreground() const;
  /// Returns false and does nothing in the background. A process can have one raw terminal at a time. To be called
  /// again after the process was stopped, because the shell changes the settings meanwhile.
  bool make_raw();
  /// Shows `text` to the user, between the guest's output; as much as the terminal takes at once.
  void say(std::string_view text) const;

 private:
  explicit Terminal(int fd) : fd_(fd) {}

  int fd_;
  std::optional<Dispositions> dispositions_;
  std::optional<termios> before_;
};

}  // namespace parley::console
