// SPDX-License-Identifier: Apache-2.0
#include "parley/console/console.hpp"

#include "loop.hpp"
#include "parley/base/signal_mask.hpp"
#include "parley/base/try.hpp"

namespace parley::console {
namespace {

using Kind = Endpoint::Kind;

bool serves_one_line(Kind kind) { return kind == Kind::kStdio || kind == Kind::kFile || kind == Kind::kUnixServer; }

bool conflict(const Endpoint &a, const Endpoint &b) {
  return serves_one_line(a.kind) && a.kind == b.kind && a.path == b.path;
}

std::expected<void, Failure> check_conflicts(const std::vector<Line> &lines) {
  for (std::size_t second = 1; second < lines.size(); ++second) {
    const Endpoint &endpoint = lines[second].endpoint;
    for (std::size_t first = 0; first < second; ++first) {
      if (!conflict(lines[first].endpoint, endpoint)) continue;
      const bool stdio = endpoint.kind == Kind::kStdio;
      return std::unexpected(Failure{
          "cannot connect two of the guest's consoles to " + (stdio ? "standard input and output" : endpoint.path),
          "consoles " + std::to_string(first + 1) + " and " + std::to_string(second + 1) + " would mix their bytes",
          stdio ? "give one -serial stdio only; the other can be pty, file:PATH, unix:PATH or none"
                : "give each -serial a path of its own"});
    }
  }
  return {};
}

std::string name_of(std::size_t index, std::size_t count) {
  return count == 1 ? "the guest's console" : "the guest's console " + std::to_string(index + 1);
}

}  // namespace

std::expected<Console, Failure> Console::open(std::vector<Line> lines, Events events, Standard standard,
                                              MessageWriter *messages) {
  TRY(check_conflicts(lines));
  // A signal that arrived after a socket's file was made, and before the loop listens, would leave the file behind.
  const SignalMask signals(SIG_BLOCK, {SIGINT, SIGTERM, SIGHUP});
  std::vector<Channel> channels;
  for (const Line &line : lines) channels.push_back(TRY(open_channel(line.endpoint, standard)));
  try {
    auto loop = std::make_unique<Loop>(std::move(events), messages);
    for (std::size_t index = 0; index < lines.size(); ++index)
      loop->add(name_of(index, lines.size()), std::move(channels[index]), lines[index].vty);
    return Console(std::move(loop));
  } catch (const boost::system::system_error &error) {
    const std::string_view what = error.what();  // "call: message"
    return std::unexpected(
        Failure{"cannot make the console's event loop",
                std::string(what.substr(0, what.find(": "))) + ": " + errno_text(error.code().value()),
                "allow more open files (ulimit -n)"});
  }
}

Console::Console(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Console::~Console() = default;
Console::Console(Console &&) noexcept = default;
Console &Console::operator=(Console &&) noexcept = default;
void Console::run() { loop_->run(); }
void Console::finish() { loop_->finish(); }
void Console::abandon() { loop_->abandon(); }
std::uint64_t Console::dropped() const { return loop_->dropped(); }
std::uint64_t Console::dropped_input() const { return loop_->dropped_input(); }

}  // namespace parley::console
