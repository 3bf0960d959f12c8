// SPDX-License-Identifier: Apache-2.0
#include "app/command_line/linux_command_line.hpp"

#include <algorithm>

#include "parley/base/text.hpp"

namespace parley::app {
namespace {

// COMMAND_LINE_SIZE without the NUL (arch/powerpc/include/uapi/asm/setup.h).
constexpr std::size_t kLinuxLimit = 2047;
constexpr std::size_t kQuoted = 40;
constexpr std::string_view kConsole = "hvc0";

// The devices of all "console=" words, without their options ("ttyS0,115200").
std::vector<std::string_view> consoles_in(std::string_view text) {
  constexpr std::string_view kKey = "console=";
  std::vector<std::string_view> devices;
  for (std::string_view word : split(text, ' ')) {
    if (!word.starts_with(kKey)) continue;
    word.remove_prefix(kKey.size());
    devices.push_back(word.substr(0, word.find(',')));
  }
  return devices;
}

}  // namespace

std::vector<std::string> doubts_about_linux_command_line(std::string_view text) {
  std::vector<std::string> doubts;
  if (text.size() > kLinuxLimit) {
    doubts.push_back("Linux reads " + std::to_string(kLinuxLimit) + " bytes of its command line, and this one has " +
                     std::to_string(text.size()) + ": it ignores \"" + printable(text.substr(kLinuxLimit, kQuoted)) +
                     (text.size() > kLinuxLimit + kQuoted ? "...\"" : "\""));
  }
  const auto devices = consoles_in(text.substr(0, kLinuxLimit));
  if (!devices.empty() && std::ranges::find(devices, kConsole) == devices.end()) {
    const std::string console(kConsole);
    doubts.push_back("console=" + printable(devices.back()) +
                     " names a device that the guest does not have: it falls silent once its kernel has started; its "
                     "console is " +
                     console + " (-append console=" + console + ")");
  }
  return doubts;
}

}  // namespace parley::app
