// SPDX-License-Identifier: Apache-2.0
//
// A KVM without a kernel. It follows the rules by which Linux sets and judges arch_compat
// (arch/powerpc/kvm/book3s_hv.c, kvmppc_set_arch_compat; powerpc.c, kvmppc_sanity_check), before and after the
// arch_compat fix of Linux 7.2, for every kind of host; it plays exits, fails where it is told to, and remembers what
// it was asked and what it still has open.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "parley/base/level.hpp"
#include "parley/kvm/abi.hpp"
#include "parley/kvm/kernel.hpp"

namespace parley::testing {

enum class Backend { kHv, kPr, kNone };
enum class Api { kBareMetal, kNestedV1, kNestedV2 };

struct FakeHost {
  Backend backend = Backend::kHv;
  Api api = Api::kNestedV2;
  Level level = parley::level("power10");  ///< what the host kernel takes itself for
  PhysicalPvr pvr{0x00821200};
  bool fixed = true;               ///< Linux 7.2 or later
  bool grants_power9 = true;       ///< under v2; PowerVM does not
  bool hypervisor_checks = false;  ///< under v2, the hypervisor refuses a level above the host's at entry (PowerVM)
  int api_version = 12;
  std::optional<kvm::abi::Cap> lacks = std::nullopt;
  std::optional<std::uint64_t> compat_caps = std::nullopt;  ///< KVM_PPC_GET_COMPAT_CAPS, where the kernel has it
};

/// One KVM_RUN: fills in kvm_run and returns an errno, 0 for success.
using PlayedExit = std::function<int(kvm::abi::Run &)>;

class FakeKvm final : public kvm::Kernel {
 public:
  explicit FakeKvm(FakeHost host = {}) : host_(host) {}

  std::expected<int, int> open(const char *path) override;
  std::expected<int, int> ioctl(int fd, std::uint32_t request, unsigned long argument) override;
  std::expected<void *, int> mmap(std::size_t length, int fd) override;
  /// Copies what a private mapping would show.
  std::expected<void, int> mmap_file(void *at, std::size_t length, int fd, std::uint64_t offset) override;
  std::size_t page_size() const override { return 4096; }
  void munmap(void *address, std::size_t length) override;
  void close(int fd) override;

  /// The n-th call (from 1) of that request fails with `error`. The first three stand for calls that are no ioctls;
  /// kGetOneReg and kSetOneReg are those of arch_compat.
  static constexpr std::uint32_t kOpen = 1;
  static constexpr std::uint32_t kMmap = 2;
  static constexpr std::uint32_t kMmapFile = 3;
  static constexpr std::uint32_t kGetLpcr = 4;
  static constexpr std::uint32_t kSetLpcr = 5;
  void fail(std::uint32_t request, int error, int nth = 1) { failures_[{request, nth}] = error; }
  /// Exits that KVM_RUN plays in this order once the vCPU may enter the guest. After the last one the guest powers off.
  void play(PlayedExit exit) { play_on(0, std::move(exit)); }
  /// The same for another vCPU, whose script begins when it is started; after its last exit it stays in the guest until
  /// it is kicked.
  void play_on(std::uint32_t vcpu, PlayedExit exit) { scripts_[vcpu].push_back(std::move(exit)); }

  /// An exit for play(): an RTAS call, with room for that many results. Its argument block is at `at`, where no other
  /// vCPU's may be.
  PlayedExit rtas(std::string_view name, std::vector<std::uint32_t> arguments, std::uint32_t results,
                  std::uint64_t at = kRtasBlock);
  static constexpr std::uint64_t kRtasBlock = 0x8000;
  static constexpr std::uint64_t kSecondRtasBlock = 0x8100;

  /// As if the guest had come to another instruction.
  void move_to(std::uint64_t pc) { vcpu(0).regs.pc = pc; }
  /// As if the hypervisor had changed it behind KVM's back.
  void overwrite_arch_compat(std::uint32_t value) { vcpu(0).arch_compat = value; }

  /// What was written to arch_compat, in order.
  const std::vector<std::uint32_t> &levels_asked() const { return levels_asked_; }
  /// The arch_compat with which each entry into the guest was made.
  const std::vector<std::uint32_t> &levels_entered() const { return levels_entered_; }
  int times(std::uint32_t request) const;
  /// How often each request came.
  const std::map<std::uint32_t, int> &calls() const { return calls_; }
  /// What hcalls were answered with, in order: r3, as the next KVM_RUN takes it over.
  const std::vector<std::int64_t> &answers() const { return answers_; }
  /// The interrupt sources that were pulsed, in order.
  const std::vector<std::uint32_t> &pulses() const { return pulses_; }
  const std::set<std::uint64_t> &enabled_hcalls() const { return enabled_hcalls_; }
  const std::map<std::string, std::uint64_t> &rtas_tokens() const { return rtas_tokens_; }
  std::uint64_t process_table() const { return process_table_; }
  std::uint64_t lpcr(std::uint32_t id) const { return vcpus_.at(id).lpcr; }
  std::uint32_t arch_compat(std::uint32_t id) const { return vcpus_.at(id).arch_compat; }
  std::size_t mapped_from_files() const { return mapped_from_files_; }
  std::size_t open_descriptors() const { return descriptors_.size(); }
  std::size_t open_mappings() const { return mappings_.size(); }
  const kvm::abi::Regs &regs(std::uint32_t id = 0) const { return vcpus_.at(id).regs; }
  /// Guest memory as the VM has it mapped.
  std::span<std::byte> ram() const { return ram_; }

 private:
  enum class Kind { kSystem, kVm, kVcpu, kXics };
  struct VcpuState {
    kvm::abi::Regs regs{};
    std::uint32_t arch_compat = 0;
    std::uint64_t lpcr = 0;
    bool papr = false;
    bool connected = false;
    bool answer_due = false;
    bool level_was_set = false;
    bool ran = false;
    kvm::abi::Run *run = nullptr;
  };

  std::expected<int, int> new_descriptor(Kind kind);
  std::expected<int, int> system_ioctl(std::uint32_t request, unsigned long argument);
  std::expected<int, int> vm_ioctl(std::uint32_t request, unsigned long argument);
  std::expected<int, int> xics_ioctl(std::uint32_t request, unsigned long argument);
  std::expected<int, int> vcpu_ioctl(VcpuState &vcpu, std::uint32_t request, unsigned long argument);
  std::expected<int, int> enable_vcpu_cap(VcpuState &vcpu, const kvm::abi::EnableCap &cap);
  std::expected<int, int> one_reg(VcpuState &vcpu, std::uint32_t request, const kvm::abi::OneReg &reg);
  VcpuState &vcpu(std::uint32_t id) { return vcpus_.at(id); }
  std::expected<int, int> create_vm(unsigned long type);
  std::expected<int, int> compat_caps(kvm::abi::CompatCaps &caps) const;
  std::expected<int, int> set_arch_compat(VcpuState &vcpu, std::uint32_t value);
  std::uint32_t read_arch_compat(const VcpuState &vcpu) const;
  std::expected<int, int> run(std::uint32_t id);
  std::optional<std::expected<int, int>> before_entry(VcpuState &vcpu);
  int capability(kvm::abi::Cap cap) const;
  std::uint32_t host_bit() const;
  std::optional<std::uint32_t> guest_bit(std::uint32_t value) const;
  bool granted(std::uint32_t bit) const;
  bool sane(const VcpuState &vcpu) const;
  std::optional<int> planned_failure(std::uint32_t request);

  FakeHost host_;
  std::map<int, Kind> descriptors_;
  std::map<void *, std::vector<std::byte>> mappings_;
  std::map<std::uint32_t, int> calls_;
  std::map<std::pair<std::uint32_t, int>, int> failures_;
  std::map<std::uint32_t, std::deque<PlayedExit>> scripts_;
  std::map<int, std::uint32_t> vcpu_of_;  // by descriptor
  mutable std::mutex mutex_;              // vCPUs have threads
  std::vector<std::uint32_t> levels_asked_;
  std::vector<std::uint32_t> levels_entered_;
  std::map<std::uint32_t, VcpuState> vcpus_;
  std::vector<std::int64_t> answers_;
  std::vector<std::uint32_t> pulses_;
  std::set<std::uint32_t> sources_;
  std::set<std::uint64_t> enabled_hcalls_;
  std::map<std::string, std::uint64_t> rtas_tokens_;
  std::uint64_t process_table_ = 0;
  std::size_t mapped_from_files_ = 0;
  std::span<std::byte> ram_;
  int next_fd_ = 100;
};

/// Exits for play().
PlayedExit hcall(std::uint64_t number, std::vector<std::uint64_t> arguments);
/// H_PUT_TERM_CHAR with up to 16 characters.
PlayedExit says(std::string text);
/// An exit with that errno and exit_reason; `hardware_reason` is for UNKNOWN and its like.
PlayedExit fails(int error, std::optional<std::uint32_t> exit_reason = {}, std::uint64_t hardware_reason = 0);

}  // namespace parley::testing
