// SPDX-License-Identifier: Apache-2.0
#include "watch.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>

namespace parley::console {

int Watch::open(int fd, std::uint32_t events) {
  close();
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return errno;
  error_code error;
  epoll_.assign(epoll, error);
  if (error) {
    ::close(epoll);
    return error.value();
  }
  epoll_event event{};
  event.events = events;
  always_ready_ = ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0;
  if (!always_ready_ || errno == EPERM) return 0;
  const int why = errno;
  close();
  return why;
}

void Watch::assume_ready() {
  close();
  always_ready_ = true;
}

void Watch::close() {
  ++generation_;
  error_code ignored;
  epoll_.close(ignored);
  timer_.cancel();
  always_ready_ = false;
}

auto Watch::once(std::function<void()> ready) {
  return [this, generation = generation_, ready = std::move(ready)](const error_code &error) {
    if (!error && generation == generation_) ready();
  };
}

void Watch::wait(std::function<void()> ready) {
  if (always_ready_) {
    asio::post(context_, [told = once(std::move(ready))] { told({}); });
  } else {
    epoll_.async_wait(asio::posix::stream_descriptor::wait_read, once(std::move(ready)));
  }
}

void Watch::pause(std::chrono::milliseconds delay, std::function<void()> ready) {
  timer_.expires_after(delay);
  timer_.async_wait(once(std::move(ready)));
}

}  // namespace parley::console
