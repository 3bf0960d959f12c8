// SPDX-License-Identifier: Apache-2.0
//
// Each attempt runs in a process of its own, which is restricted until its end. Runs natively, and in the lab on POWER.
#include "parley/sandbox/sandbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "parley/base/file_descriptor.hpp"
#include "parley/kvm/abi.hpp"
#include "sandbox/rules.hpp"

namespace parley::sandbox {
namespace {

constexpr int kCannotLock = 99;
constexpr Kind kAllKinds[] = {Kind::kConsole, Kind::kGuest, Kind::kVcpu};

// The wait status of a process that enters the sandbox and then ends with the result of `attempt`.
int fate(Mode mode, Kind kind, const std::function<int()> &attempt, const Openings &openings = {}) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::thread([] {}).join();  // the C library initialises itself with the first thread, in Parley the guest's
    const bool locked = lock_process(mode, openings) && lock_thread(mode, kind, openings);
    const int code = locked ? attempt() : kCannotLock;
    ::syscall(SYS_exit_group, code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

bool is_killed(Kind kind, const std::function<int()> &attempt) {
  const int status = fate(Mode::kOn, kind, attempt);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

struct Attempt {
  const char *name;
  std::function<int()> make;
};
const Attempt kBreakouts[] = {
    {"execve",
     [] {
       const char *arguments[] = {"/bin/true", nullptr};
       return ::execve(arguments[0], const_cast<char **>(arguments), nullptr);
     }},
    {"open", [] { return ::open("/etc/passwd", O_RDONLY); }},
    {"open for writing", [] { return ::open("/dev/null", O_WRONLY | O_CREAT, 0600); }},
    {"socket", [] { return ::socket(AF_INET, SOCK_STREAM, 0); }},
    {"fork", [] { return static_cast<int>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }},
    {"a process that shares the memory",
     [] { return static_cast<int>(::syscall(SYS_clone, CLONE_VM | SIGCHLD, 0, 0, 0, 0)); }},
    {"kill", [] { return ::kill(1, SIGTERM); }},
    {"a signal to another process",
     [] { return static_cast<int>(::syscall(SYS_tgkill, ::getppid(), ::getppid(), 0)); }},
    {"ptrace", [] { return static_cast<int>(::syscall(SYS_ptrace, 0, 0, 0, 0)); }},
    {"executable memory",
     [] { return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED; }},
    {"memory made executable",
     [] {
       static char memory[1 << 17];
       const auto page = (reinterpret_cast<std::uintptr_t>(memory) + 0xffff) & ~std::uintptr_t{0xffff};
       return ::mprotect(reinterpret_cast<void *>(page), 0x10000, PROT_READ | PROT_WRITE | PROT_EXEC);
     }},
    {"an ioctl that is not listed", [] { return ::ioctl(0, TIOCSTI, "x"); }},
    {"mount", [] { return static_cast<int>(::syscall(SYS_mount, "a", "/", "b", 0, 0)); }},
    {"io_uring", [] { return static_cast<int>(::syscall(SYS_io_uring_setup, 1, nullptr)); }},
    {"bpf", [] { return static_cast<int>(::syscall(SYS_bpf, 0, nullptr, 0)); }},
};

TEST(Sandbox, KillsAThreadOfAnyKindThatTriesToBreakOut) {
  for (const Kind kind : kAllKinds)
    for (const Attempt &attempt : kBreakouts)
      EXPECT_TRUE(is_killed(kind, attempt.make)) << attempt.name << ", kind " << static_cast<int>(kind);
}

TEST(Sandbox, AllowsEachKindTheCommonCalls) {
  for (const Kind kind : kAllKinds) {
    const auto ordinary = [] {
      const auto memory = std::make_unique<std::vector<char>>(1 << 20);
      return ::write(STDERR_FILENO, memory->data(), 0) == 0 && ::syscall(SYS_gettid) > 0 ? 7 : 8;
    };
    EXPECT_EQ(code_of(fate(Mode::kOn, kind, ordinary)), 7) << static_cast<int>(kind);
  }
}

TEST(Sandbox, AllowsKvmToTheGuestsThreadsOnly) {
  const auto run = [] { return ::ioctl(-1, kvm::abi::kRun, 0) == -1 && errno == EBADF ? 0 : 1; };
  const auto create = [] { return ::ioctl(-1, kvm::abi::kCreateVm, 0) == -1 && errno == EBADF ? 0 : 1; };
  EXPECT_EQ(code_of(fate(Mode::kOn, Kind::kVcpu, run)), 0);
  EXPECT_EQ(code_of(fate(Mode::kOn, Kind::kGuest, create)), 0);
  EXPECT_TRUE(is_killed(Kind::kConsole, run));
  EXPECT_TRUE(is_killed(Kind::kConsole, create));
  EXPECT_TRUE(is_killed(Kind::kVcpu, create)) << "only the guest's first thread creates a new machine";
}

// A folder with a file in it, and the fate of a guest's thread that opens a file relative to it.
class ReadableFolder : public ::testing::Test {
 protected:
  ReadableFolder() {
    std::filesystem::create_directories(path_ / "cpu");
    std::ofstream(path_ / "cpu" / "cpu-version") << "1234";
    std::ofstream(elsewhere_) << "1234";
    below_ = FileDescriptor(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~ReadableFolder() override {
    std::filesystem::remove_all(path_);
    std::filesystem::remove(elsewhere_);
  }

  static constexpr int kReading = O_RDONLY | O_CLOEXEC;
  static std::function<int()> opens(int folder, const char *path, int flags = kReading) {
    return [=] {
      char value[8];
      const int file = ::openat(folder, path, flags, 0600);
      return file < 0 ? errno : ::pread(file, value, sizeof value, 0) == 4 ? 0 : 1;
    };
  }
  int fate_of(const std::function<int()> &attempt, Kind kind = Kind::kGuest) const {
    return fate(Mode::kOn, kind, attempt, {{}, below_.get()});
  }
  static bool killed_by_the_filter(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS; }

  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("parley-below-" + std::to_string(::getpid()));
  const std::string elsewhere_ = path_.string() + "-elsewhere";
  FileDescriptor below_;
};

TEST_F(ReadableFolder, CanBeReadByTheGuestsThreadButNoFileOutsideIt) {
  if (!confines_files().value()) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(code_of(fate_of(opens(below_.get(), "cpu/cpu-version"))), 0);
  EXPECT_EQ(code_of(fate_of(opens(below_.get(), elsewhere_.c_str()))), EACCES);
  const std::string beside = "../" + std::filesystem::path(elsewhere_).filename().string();
  EXPECT_EQ(code_of(fate_of(opens(below_.get(), beside.c_str()))), EACCES);
}

TEST_F(ReadableFolder, AllowsNoOtherAccessAndNoOtherThread) {
  for (const int flags : {O_RDWR | O_CLOEXEC, O_WRONLY | O_CREAT | O_CLOEXEC, O_PATH | O_CLOEXEC, O_RDONLY})
    EXPECT_TRUE(killed_by_the_filter(fate_of(opens(below_.get(), "cpu/cpu-version", flags)))) << flags;
  for (const Kind kind : {Kind::kConsole, Kind::kVcpu})
    EXPECT_TRUE(killed_by_the_filter(fate_of(opens(below_.get(), "cpu/cpu-version"), kind)));
  EXPECT_TRUE(killed_by_the_filter(fate_of(opens(AT_FDCWD, elsewhere_.c_str()))));
}

// Also not for the placeholder of the folder's number in the filter.
TEST_F(ReadableFolder, IsForbiddenUnlessGiven) {
  for (const int folder : {below_.get(), static_cast<int>(kReadableFolder), -1, AT_FDCWD})
    EXPECT_TRUE(killed_by_the_filter(fate(Mode::kOn, Kind::kGuest, opens(folder, elsewhere_.c_str())))) << folder;
}

TEST(Sandbox, AllowsTheConsolesCallsToItsThreadOnly) {
  const auto take_peer = [] { return ::accept4(-1, nullptr, nullptr, 0) == -1 ? 0 : 1; };
  const auto read_typed = [] { return ::read(-1, nullptr, 0) == -1 ? 0 : 1; };
  EXPECT_EQ(code_of(fate(Mode::kOn, Kind::kConsole, take_peer)), 0);
  for (const Kind kind : {Kind::kGuest, Kind::kVcpu}) {
    EXPECT_TRUE(is_killed(kind, take_peer));
    EXPECT_TRUE(is_killed(kind, read_typed));
  }
}

#ifndef __SANITIZE_ADDRESS__  // ASan gives each thread a signal stack, and reads /proc
TEST(Sandbox, AllowsTheGuestsThreadToCreateOtherVcpusThreads) {
  const auto make_vcpu = [] {
    bool locked = false;
    std::thread([&] { locked = lock_thread(Mode::kOn, Kind::kVcpu, {}).has_value(); }).join();
    return locked ? 0 : 1;
  };
  EXPECT_EQ(code_of(fate(Mode::kOn, Kind::kGuest, make_vcpu)), 0);
  EXPECT_TRUE(is_killed(Kind::kVcpu, make_vcpu)) << "a vCPU's thread creates none";
}
#endif

TEST(Sandbox, RefusesNothingWhereItOnlyLogs) {
  const auto open = [] { return ::open("/dev/null", O_RDONLY) >= 0 ? 0 : 1; };
  EXPECT_EQ(code_of(fate(Mode::kLog, Kind::kGuest, open)), 0);
}

TEST(Sandbox, ChangesNothingWhenOff) {
  const auto privileges = [] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); };
  EXPECT_EQ(code_of(fate(Mode::kOff, Kind::kGuest, privileges)), 0);
  EXPECT_EQ(code_of(fate(Mode::kLog, Kind::kGuest, privileges)), 1);
}

TEST(Sandbox, AllowsTheRemovalOfFilesInTheGivenFoldersOnly) {
  constexpr long kVersion = 1;
  if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersion) < 1) GTEST_SKIP() << "this kernel has no Landlock";
  const auto base = std::filesystem::temp_directory_path() / ("parley-sandbox-" + std::to_string(::getpid()));
  for (const char *folder : {"mine", "also mine", "other"}) {
    std::filesystem::create_directories(base / folder);
    ::close(::open((base / folder / "file").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  }
  const std::string mine = base / "mine" / "file";
  const std::string also_mine = base / "also mine" / "file";
  const std::string other = base / "other" / "file";
  const auto remove = [&] {
    const bool refused = ::unlink(other.c_str()) == -1 && errno == EACCES;
    return refused && ::unlink(mine.c_str()) == 0 && ::unlink(also_mine.c_str()) == 0 ? 0 : 1;
  };
  EXPECT_EQ(code_of(fate(Mode::kOn, Kind::kConsole, remove, {{base / "mine", base / "also mine"}})), 0);
  EXPECT_TRUE(std::filesystem::exists(other));
  std::filesystem::remove_all(base);
}

}  // namespace
}  // namespace parley::sandbox
