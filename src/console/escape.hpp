// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace parley::console {

/// Ctrl-a on a terminal, as QEMU's -nographic has it: the guest gets every other byte.
class Escape {
 public:
  struct Typed {
    std::string for_guest = {};
    bool help = false;
    bool quit = false;  ///< and nothing of what followed was looked at
  };
  static constexpr std::string_view kHelp =
      "\nCtrl-a h    this help\nCtrl-a x    end the guest\nCtrl-a Ctrl-a    send Ctrl-a to the guest\n";

  Typed take(std::string_view text);

 private:
  bool after_escape_ = false;
};

}  // namespace parley::console
