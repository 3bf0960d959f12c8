// SPDX-License-Identifier: Apache-2.0
//
// The smallest decorator over the seam (kernel.hpp). It shows that the seam is complete: each call has a name, each
// exit of the guest and each answer to it passes, and none of this needs a line above the seam. A recorder has the same
// shape, with a file in the place of the counters.
//
// `parley run -vv` puts it between itself and Linux, and prints the summary when the guest has ended. Otherwise Parley
// calls Linux directly.
#include "parley/kvm/counting_kernel.hpp"

#include <algorithm>

#include "parley/base/failure.hpp"

namespace parley::kvm {
namespace {

constexpr const char *kCallNames[] = {"open", "memfd_create", "ftruncate", "mmap", "mmap of a file", "munmap", "close"};
constexpr const char *kAnswerNames[] = {"answer to an hcall", "answer to a load"};

struct ReasonName {
  std::uint32_t reason;
  const char *name;
};
constexpr ReasonName kReasonNames[] = {
    {abi::kExitUnknown, "KVM_EXIT_UNKNOWN"},
    {abi::kExitDebug, "KVM_EXIT_DEBUG"},
    {abi::kExitMmio, "KVM_EXIT_MMIO"},
    {abi::kExitFailEntry, "KVM_EXIT_FAIL_ENTRY"},
    {abi::kExitIntr, "KVM_EXIT_INTR"},
    {abi::kExitNmi, "KVM_EXIT_NMI"},
    {abi::kExitInternalError, "KVM_EXIT_INTERNAL_ERROR"},
    {abi::kExitPaprHcall, "KVM_EXIT_PAPR_HCALL"},
    {abi::kExitSystemEvent, "KVM_EXIT_SYSTEM_EVENT"},
};

std::string name_of_reason(std::size_t reason) {
  const auto found = std::ranges::find(kReasonNames, reason, &ReasonName::reason);
  return found != std::end(kReasonNames) ? found->name : "reason " + std::to_string(reason);
}

void count(std::atomic<std::uint64_t> &counter) { counter.fetch_add(1, std::memory_order_relaxed); }

// A line for each counter that is not zero.
template <typename Counters, typename Name>
void add_lines(std::vector<std::string> &lines, const Counters &counters, Name name) {
  for (std::size_t i = 0; i < counters.size(); ++i) {
    const std::uint64_t times = counters[i].load(std::memory_order_relaxed);
    if (times != 0) lines.push_back(name(i) + " " + std::to_string(times));
  }
}

}  // namespace

std::vector<std::string> CountingKernel::summary() const {
  static_assert(std::size(kCallNames) == kCalls && std::size(kAnswerNames) == std::variant_size_v<Completion>);
  std::vector<std::string> lines;
  add_lines(lines, calls_, [](std::size_t call) { return std::string(kCallNames[call]); });
  add_lines(lines, ioctls_, [](std::size_t row) { return std::string(kIoctls[row].name); });
  add_lines(lines, exits_, [](std::size_t reason) {
    return "exit " + (reason < kReasons ? name_of_reason(reason) : "without a known reason");
  });
  add_lines(lines, errors_, [](std::size_t error) { return "exit " + errno_name(static_cast<int>(error)); });
  add_lines(lines, answers_, [](std::size_t kind) { return std::string(kAnswerNames[kind]); });
  return lines;
}

std::expected<int, int> CountingKernel::open(const char *path) {
  count(calls_[kOpen]);
  return below_.open(path);
}

std::expected<int, int> CountingKernel::ioctl(int fd, const IoctlInfo &call, unsigned long argument) {
  count(ioctls_[static_cast<std::size_t>(&call - kIoctls.data())]);
  return below_.ioctl(fd, call, argument);
}

int CountingKernel::enter(int vcpu_fd, abi::Run &run) {
  count(ioctls_[index_of_ioctl(abi::kRun)]);
  const int error = below_.enter(vcpu_fd, run);
  if (error == 0)
    count(exits_[std::min<std::size_t>(run.exit_reason, kReasons)]);
  else
    count(errors_[std::min(static_cast<std::size_t>(error), kErrors - 1)]);
  return error;
}

void CountingKernel::complete(int vcpu_fd, const Completion &completion) {
  count(answers_[completion.index()]);
  below_.complete(vcpu_fd, completion);
}

std::expected<int, int> CountingKernel::create_memory_file(const char *name, bool huge) {
  count(calls_[kCreateMemoryFile]);
  return below_.create_memory_file(name, huge);
}

std::expected<void, int> CountingKernel::resize_file(int fd, std::uint64_t length) {
  count(calls_[kResizeFile]);
  return below_.resize_file(fd, length);
}

std::expected<void *, int> CountingKernel::mmap(std::size_t length, int fd) {
  count(calls_[kMmap]);
  return below_.mmap(length, fd);
}

std::expected<void, int> CountingKernel::mmap_file(void *at, std::size_t length, int fd, std::uint64_t offset) {
  count(calls_[kMmapFile]);
  return below_.mmap_file(at, length, fd, offset);
}

void CountingKernel::munmap(void *address, std::size_t length) {
  count(calls_[kMunmap]);
  below_.munmap(address, length);
}

void CountingKernel::close(int fd) {
  count(calls_[kClose]);
  below_.close(fd);
}

}  // namespace parley::kvm
