// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include <algorithm>

#include "parley/base/text.hpp"

namespace parley::app {
namespace {

// COMMAND_LINE_SIZE less its NUL (arch/powerpc/include/uapi/asm/setup.h).
constexpr std::size_t kLinuxTakes = 2047;
constexpr std::string_view kConsole = "hvc0";

// The devices behind "console=", without their options ("ttyS0,115200").
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

std::vector<std::string> doubts_about_command_line(std::string_view text) {
  std::vector<std::string> doubts;
  if (text.size() > kLinuxTakes)
    doubts.push_back("Linux takes " + std::to_string(kLinuxTakes) + " bytes of its command line, and this one has " +
                     std::to_string(text.size()) + ": it will not see \"" + printable(text.substr(kLinuxTakes, 40)) +
                     (text.size() > kLinuxTakes + 40 ? "...\"" : "\""));
  const auto devices = consoles_in(text.substr(0, kLinuxTakes));
  if (!devices.empty() && std::ranges::find(devices, kConsole) == devices.end())
    doubts.push_back("console=" + printable(devices.back()) +
                     " names a device that the guest does not have: it falls silent when its kernel has started; its "
                     "console is " +
                     std::string(kConsole) + " (-append console=" + std::string(kConsole) + ")");
  return doubts;
}

}  // namespace parley::app
