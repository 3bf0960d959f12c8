// SPDX-License-Identifier: Apache-2.0
#include "input.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace parley::console {

Input::Input(asio::io_context &context, devices::Vty &vty, Hooks hooks)
    : vty_(vty), hooks_(std::move(hooks)), readable_(context) {}

void Input::attach(int fd, Terminal *terminal) {
  fd_ = fd;
  terminal_ = terminal;
  if (readable_.open(fd, EPOLLIN) == 0) return resume();
  detach();
  hooks_.ended();
}

void Input::detach() {
  readable_.close();
  waiting_ = false;
  fd_ = -1;
}

void Input::resume() {
  if (fd_ < 0 || waiting_) return;
  if (terminal_ != nullptr && !terminal_->make_raw()) return;
  wait();
}

void Input::wait() {
  if (terminal_ == nullptr && vty_.input_room() == 0) return;
  waiting_ = true;
  readable_.wait([this] { read_some(); });
}

void Input::read_some() {
  waiting_ = false;
  if (terminal_ != nullptr && !terminal_->in_foreground()) return;  // the keys are not ours; the next tick looks again
  std::array<char, devices::Vty::kInputLimit> buffer;
  const std::size_t limit = terminal_ != nullptr ? buffer.size() : std::min(buffer.size(), vty_.input_room());
  const ssize_t count = ::read(fd_, buffer.data(), limit);
  if (count > 0) {
    feed({buffer.data(), static_cast<std::size_t>(count)});
  } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
    detach();
    return hooks_.ended();
  }
  wait();
}

void Input::feed(std::string_view text) {
  if (terminal_ == nullptr) {
    vty_.feed(text);  // there is room, as no other thread feeds it
    return;
  }
  const Escape::Typed typed = escape_.take(text);
  dropped_ += typed.for_guest.size() - vty_.feed(typed.for_guest);
  if (typed.help) terminal_->say(Escape::kHelp);
  if (typed.quit) hooks_.quit();
}

}  // namespace parley::console
