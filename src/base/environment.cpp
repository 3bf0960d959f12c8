// SPDX-License-Identifier: Apache-2.0
#include "parley/base/environment.hpp"

#include <sys/random.h>
#include <time.h>

#include <cerrno>

namespace parley {
namespace {

class RealEnvironment final : public Environment {
 public:
  WallTime wall_time() override { return std::chrono::system_clock::now(); }
  SteadyTime steady_time() override { return std::chrono::steady_clock::now(); }

  std::chrono::nanoseconds thread_time() override {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }

  std::expected<void, int> random(std::span<std::byte> into) override {
    while (!into.empty()) {
      // More than 256 bytes may come in parts (getrandom(2)).
      const ssize_t count = ::getrandom(into.data(), into.size(), 0);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return std::unexpected(errno);
      into = into.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }
};

}  // namespace

Environment &real_environment() {
  static RealEnvironment environment;  // it has no state
  return environment;
}

}  // namespace parley
