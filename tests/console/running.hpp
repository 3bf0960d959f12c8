// SPDX-License-Identifier: Apache-2.0
//
// A console whose loop runs on a thread of its own, while the test plays the guest.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "parley/base/file_descriptor.hpp"
#include "parley/console/console.hpp"

namespace parley::console {

using Kind = Endpoint::Kind;

constexpr std::chrono::seconds kDeadline{20};

inline bool eventually(const std::function<bool()> &condition) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// Writes as a vCPU does: sixteen bytes at a time, and again when they were refused.
inline bool write_as_guest(devices::Vty &vty, std::string_view text) {
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 16)))
    if (!eventually([&] {
          if (vty.write(text.substr(0, 16))) return true;
          vty.wait_for_room(std::chrono::milliseconds(100));
          return false;
        }))
      return false;
  return true;
}

/// Reads as the guest until it has `size` bytes.
inline std::string read_as_guest(devices::Vty &vty, std::size_t size) {
  std::string text;
  eventually([&] {
    char buffer[16];
    text.append(buffer, vty.read(buffer));
    return text.size() >= size;
  });
  return text;
}

/// Reads `size` bytes from a descriptor, or fewer if it ends or stays silent until the deadline.
inline std::string read_from(int fd, std::size_t size) {
  std::string text;
  while (text.size() < size) {
    pollfd readable{fd, POLLIN, 0};
    if (::poll(&readable, 1, std::chrono::milliseconds(kDeadline).count()) <= 0) break;
    char buffer[4096];
    const ssize_t count = ::read(fd, buffer, std::min(sizeof buffer, size - text.size()));
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

inline void write_to(int fd, std::string_view text) {
  ASSERT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

inline std::string content_of(const std::string &path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Bytes whose content shows their position.
inline std::string numbered_lines(std::size_t size) {
  std::string text;
  for (int line = 0; text.size() < size; ++line) text += std::to_string(line) + "\n";
  text.resize(size);
  return text;
}

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    out = FileDescriptor(ends[0]);
    in = FileDescriptor(ends[1]);
  }
  FileDescriptor out;  ///< to read from
  FileDescriptor in;   ///< to write to
};

/// A user at a terminal: keys are written to `user`, and the terminal's output is read from it.
struct UserTerminal {
  UserTerminal() {
    int ends[2];
    EXPECT_EQ(::openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr), 0);
    user = FileDescriptor(ends[0]);
    terminal = FileDescriptor(ends[1]);
  }
  termios settings() const {
    termios now{};
    EXPECT_EQ(::tcgetattr(terminal.get(), &now), 0);
    return now;
  }
  bool is_raw() const { return (settings().c_lflag & (ECHO | ICANON | ISIG | IEXTEN)) == 0; }

  FileDescriptor user;
  FileDescriptor terminal;
};

struct Folder {
  Folder() {
    char name[] = "/tmp/parley-console-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string &name) const { return path + "/" + name; }
  std::string path;
};

class Running {
 public:
  /// on_lost, on_news and on_quit are recorded here; the other `events` are passed on.
  explicit Running(const Endpoint &endpoint, Standard standard = {-1, -1}, const Events &events = {})
      : Running(std::vector{endpoint}, standard, events) {}
  explicit Running(const std::vector<Endpoint> &endpoints, Standard standard = {-1, -1}, const Events &events = {})
      : vtys(endpoints.size()) {
    Events noting = events;
    noting.on_lost = [this](const Failure &failure) { note(lost_, failure); };
    noting.on_news = [this](const std::string &line) { note(news_, line); };
    noting.on_quit = [this] { note(quits_, 1); };
    std::vector<Line> lines;
    for (std::size_t index = 0; index < endpoints.size(); ++index) lines.push_back({endpoints[index], vtys[index]});
    auto opened = Console::open(std::move(lines), std::move(noting), standard);
    if (!opened) {
      ADD_FAILURE() << opened.error().what << ": " << opened.error().why;
      std::abort();
    }
    console.emplace(std::move(*opened));
    loop_ = std::thread([this] { console->run(); });
  }
  ~Running() { stop(); }

  /// Returns when all output that has a reader is written.
  void finish() {
    console->finish();
    if (loop_.joinable()) loop_.join();
  }
  void stop() {
    if (console) console->abandon();
    if (loop_.joinable()) loop_.join();
  }
  std::thread::native_handle_type thread() { return loop_.native_handle(); }

  std::vector<Failure> lost() const { return noted(lost_); }
  std::vector<std::string> news() const { return noted(news_); }
  std::size_t quits() const { return noted(quits_).size(); }
  /// How often this line was reported.
  long heard(const std::string &line) const {
    const auto all = news();
    return std::count(all.begin(), all.end(), line);
  }

  std::vector<devices::Vty> vtys;
  devices::Vty &vty = vtys.front();
  std::optional<Console> console;

 private:
  template <typename T>
  void note(std::vector<T> &list, const T &entry) {
    const std::lock_guard lock(mutex_);
    list.push_back(entry);
  }
  template <typename T>
  std::vector<T> noted(const std::vector<T> &list) const {
    const std::lock_guard lock(mutex_);
    return list;
  }

  mutable std::mutex mutex_;
  std::vector<Failure> lost_;
  std::vector<std::string> news_;
  std::vector<int> quits_;
  std::thread loop_;
};

/// The processor time that the loop's thread used during 300 ms without work.
inline std::chrono::milliseconds idle_cost(Running &running) {
  clockid_t clock{};
  EXPECT_EQ(::pthread_getcpuclockid(running.thread(), &clock), 0);
  const auto now = [&] {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const auto before = now();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  return std::chrono::duration_cast<std::chrono::milliseconds>(now() - before);
}
constexpr std::chrono::milliseconds kBusy{100};

/// Finishes the console while a reader that starts late takes `size` bytes from `fd`; returns those.
inline std::string finish_with_a_late_reader(Running &running, int fd, std::size_t size) {
  std::string read;
  std::thread reader([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    read = read_from(fd, size);
  });
  running.finish();
  reader.join();
  return read;
}

}  // namespace parley::console
