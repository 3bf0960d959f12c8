// SPDX-License-Identifier: Apache-2.0
#include "app/saboteur.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "parley/base/file_descriptor.hpp"

namespace parley::app {
namespace {

int listen_to(long number) {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(steps), steps};
  return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

// False if the caller no longer exists.
bool answer(int listener, const std::function<int()> &error_of_next) {
  seccomp_notif call{};
  if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) return false;
  const int error = error_of_next();
  const seccomp_notif_resp response{call.id, 0, -error,
                                    error == 0 ? std::uint32_t{SECCOMP_USER_NOTIF_FLAG_CONTINUE} : 0u};
  return ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0;
}

}  // namespace

int sabotage(long number, int nth, int error, const std::function<void()> &function) {
  constexpr int kNotYet = -2;
  std::atomic<int> handed_over = kNotYet;
  std::thread thread([&] {
    handed_over = listen_to(number);
    handed_over.notify_one();
    function();
  });
  handed_over.wait(kNotYet);
  FileDescriptor listener(handed_over);
  int calls = 0;
  if (listener) {
    // It reports a hang-up when the last observed thread has ended.
    for (pollfd waiting{listener.get(), POLLIN, 0};;) {
      if (::poll(&waiting, 1, -1) < 0 && errno == EINTR) continue;
      if ((waiting.revents & POLLIN) == 0) break;
      answer(listener.get(), [&] { return ++calls == nth ? error : 0; });
    }
  }
  const bool listened = static_cast<bool>(listener);
  listener.reset();  // calls that still wait for an answer get ENOSYS
  thread.join();
  if (!listened) throw std::runtime_error("seccomp has no user notification here");
  return calls;
}

}  // namespace parley::app
