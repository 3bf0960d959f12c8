// SPDX-License-Identifier: Apache-2.0
#include "parley/devices/vty.hpp"

#include <algorithm>

namespace parley::devices {

void Vty::on_input(std::function<void()> input_ready) {
  const std::lock_guard lock(mutex_);
  input_ready_ = std::move(input_ready);
  if (input_ready_ && !input_.empty()) input_ready_();  // input that arrived before
}

bool Vty::write(std::string_view text) {
  if (text.empty()) return true;
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (text.size() > kOutputLimit - output_.size()) return false;
    was_empty = output_.empty();
    output_ += text;
  }
  if (was_empty && outside_.output_ready) outside_.output_ready();
  return true;
}

std::size_t Vty::read(std::span<char> into) {
  std::size_t count = 0;
  bool was_full = false;
  {
    const std::lock_guard lock(mutex_);
    was_full = input_.size() == kInputLimit;
    std::size_t used = 0;
    for (; used < input_.size() && count < into.size(); ++used) {
      const char c = input_[used];
      if (!(after_carriage_return_ && c == '\0')) into[count++] = c;
      after_carriage_return_ = c == '\r';
    }
    was_full = was_full && used > 0;
    input_.erase(0, used);
  }
  if (was_full && outside_.input_room) outside_.input_room();
  return count;
}

void Vty::wait_for_room(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  room_.wait_for(lock, limit, [this] { return output_.size() <= kOutputLimit / 2; });
}

std::string Vty::take_output(std::size_t limit) {
  std::string taken;
  {
    const std::lock_guard lock(mutex_);
    taken = output_.substr(0, limit);
    output_.erase(0, taken.size());
  }
  if (!taken.empty()) room_.notify_all();
  return taken;
}

std::size_t Vty::feed(std::string_view text) {
  const std::lock_guard lock(mutex_);
  const std::size_t taken = std::min(text.size(), kInputLimit - input_.size());
  input_ += text.substr(0, taken);
  // Under the mutex, so that on_input(nullptr) waits for the end of this call.
  if (taken != 0 && input_ready_) input_ready_();
  return taken;
}

std::size_t Vty::input_room() const {
  const std::lock_guard lock(mutex_);
  return kInputLimit - input_.size();
}

}  // namespace parley::devices
