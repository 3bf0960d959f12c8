// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace parley::console {

/// Finds the Ctrl-a commands in the bytes typed at a terminal, as QEMU's -nographic does. All other bytes are for the
/// guest.
class Escape {
 public:
  struct Typed {
    std::string for_guest = {};
    bool help = false;
    bool quit = false;  ///< the bytes after the command were ignored
  };
  static constexpr std::string_view kHelp =
      "\nCtrl-a h    this help\nCtrl-a x    end the guest\nCtrl-a Ctrl-a    send Ctrl-a to the guest\n";

  Typed take(std::string_view text);

 private:
  bool after_escape_ = false;
};

}  // namespace parley::console
