// SPDX-License-Identifier: Apache-2.0
#include "escape.hpp"

#include <utility>

namespace parley::console {
namespace {

constexpr char kCtrlA = 1;

}  // namespace

Escape::Typed Escape::take(std::string_view text) {
  Typed typed;
  for (const char c : text) {
    const bool escaped = std::exchange(after_escape_, !after_escape_ && c == kCtrlA);
    if (escaped && c == 'x') {
      typed.quit = true;
      break;
    }
    if (escaped && c == 'h') typed.help = true;
    if (escaped ? c == kCtrlA : c != kCtrlA) typed.for_guest += c;
  }
  return typed;
}

}  // namespace parley::console
