// SPDX-License-Identifier: Apache-2.0
#include "app/command_line/linux_command_line.hpp"

#include <algorithm>

#include "parley/base/text.hpp"

namespace parley::app {
namespace {

// COMMAND_LINE_SIZE without the NUL (arch/powerpc/include/uapi/asm/setup.h).
constexpr std::size_t kLinuxLimit = 2047;
constexpr std::size_t kQuoted = 40;
constexpr std::string_view kConsole = "hvc";

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

bool is_terminal(std::string_view device, unsigned terminals) {
  std::uint64_t number = 0;
  return device.starts_with(kConsole) && parse_number(device.substr(kConsole.size()), number) && number < terminals;
}

std::string terminal_names(unsigned terminals) {
  const std::string first = std::string(kConsole) + "0";
  return terminals == 1 ? first : first + " to " + std::string(kConsole) + std::to_string(terminals - 1);
}

}  // namespace

std::vector<std::string> doubts_about_linux_command_line(std::string_view text, unsigned terminals) {
  std::vector<std::string> doubts;
  if (text.size() > kLinuxLimit) {
    doubts.push_back("Linux reads " + std::to_string(kLinuxLimit) + " bytes of its command line, and this one has " +
                     std::to_string(text.size()) + ": it ignores \"" + printable(text.substr(kLinuxLimit, kQuoted)) +
                     (text.size() > kLinuxLimit + kQuoted ? "...\"" : "\""));
  }
  const auto devices = consoles_in(text.substr(0, kLinuxLimit));
  const auto exists = [&](std::string_view device) { return is_terminal(device, terminals); };
  if (!devices.empty() && std::ranges::none_of(devices, exists)) {
    doubts.push_back("console=" + printable(devices.back()) +
                     " names a device that the guest does not have: it falls silent once its kernel has started; its "
                     "console is " +
                     terminal_names(terminals) + " (-append console=hvc0)");
  }
  return doubts;
}

}  // namespace parley::app
