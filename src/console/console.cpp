// SPDX-License-Identifier: Apache-2.0
#include "parley/console/console.hpp"

#include "core.hpp"
#include "parley/base/try.hpp"

namespace parley::console {

std::expected<Console, Failure> Console::open(const Endpoint &endpoint, devices::Vty &vty, Events events,
                                              Standard standard) {
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
