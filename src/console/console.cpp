// SPDX-License-Identifier: Apache-2.0
#include "parley/console/console.hpp"

#include <signal.h>

#include "core.hpp"
#include "parley/base/try.hpp"

namespace parley::console {
namespace {

// One that came when the socket's file is there, and nobody listens to signals yet, would leave the file behind.
class SignalsWait {
 public:
  SignalsWait() {
    sigset_t ending;
    ::sigemptyset(&ending);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&ending, signal);
    ::pthread_sigmask(SIG_BLOCK, &ending, &before_);
  }
  ~SignalsWait() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsWait(const SignalsWait &) = delete;
  SignalsWait &operator=(const SignalsWait &) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

std::expected<Console, Failure> Console::open(const Endpoint &endpoint, devices::Vty &vty, Events events,
                                              Standard standard) {
  const SignalsWait signals;
  Channel channel = TRY(open_channel(endpoint, standard));
  try {
    return Console(std::make_unique<Core>(std::move(channel), vty, std::move(events)));
  } catch (const boost::system::system_error &error) {
    const std::string_view what = error.what();  // the call, and in words what went wrong
    return std::unexpected(
        Failure{"cannot make the console's event loop",
                std::string(what.substr(0, what.find(": "))) + ": " + errno_text(error.code().value()),
                "allow more open files (ulimit -n)"});
  }
}

Console::Console(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Console::~Console() = default;
Console::Console(Console &&) noexcept = default;
Console &Console::operator=(Console &&) noexcept = default;
void Console::run() { core_->run(); }
void Console::finish() { core_->finish(); }
void Console::abandon() { core_->abandon(); }
std::uint64_t Console::dropped() const { return core_->dropped(); }
std::uint64_t Console::dropped_input() const { return core_->dropped_input(); }

}  // namespace parley::console
