// SPDX-License-Identifier: Apache-2.0
//
// A KVM without a kernel. It sets and judges arch_compat by Linux' rules, for every kind of host (fake_levels.cpp),
// plays scripted exits and checks that they are answered (fake_run.cpp), and fails any call on demand. It records the
// calls and the open descriptors and mappings.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "fake_host.hpp"
#include "fake_record.hpp"
#include "parley/kvm/kernel.hpp"
#include "played_exit.hpp"

namespace parley::testing {

class FakeKvm final : public kvm::Kernel, public FakeCalls, public FakeRecord {
 public:
  explicit FakeKvm(FakeHost host = {}) : host_(host) {}

  std::expected<int, int> open(const char *path) override;
  std::expected<int, int> ioctl(int fd, const kvm::IoctlInfo &call, unsigned long argument) override;
  int enter(int vcpu_fd, kvm::abi::Run &run) override;
  void complete(int vcpu_fd, const kvm::Completion &completion) override;
  /// A memfd of this machine, of normal pages; where the fake host has no huge pages, `huge` fails with ENOSYS.
  std::expected<int, int> create_memory_file(const char *name, bool huge) override;
  std::expected<void, int> resize_file(int fd, std::uint64_t length) override;
  /// Heap memory for kvm_run and for anonymous memory; real mappings of all other descriptors.
  std::expected<void *, int> mmap(std::size_t length, int fd) override;
  /// Copies the bytes that a private mapping would show.
  std::expected<void, int> mmap_file(void *at, std::size_t length, int fd, std::uint64_t offset) override;
  std::size_t page_size() const override { return 4096; }
  void munmap(void *address, std::size_t length) override;
  void close(int fd) override;

  /// Exits that KVM_RUN plays in this order once the vCPU may enter the guest. After the last one the guest powers off.
  void play(PlayedExit exit) { play_on(0, std::move(exit)); }
  /// The same for another vCPU, whose script begins when it is started. After its last exit it stays in the guest until
  /// it is kicked.
  void play_on(std::uint32_t vcpu, PlayedExit exit) { scripts_[vcpu].push_back(std::move(exit)); }
  /// An exit for play(): an RTAS call with room for `results` results. Its argument block is at `at`; two vCPUs need
  /// two blocks.
  PlayedExit rtas(std::string_view name, std::vector<std::uint32_t> arguments, std::uint32_t results,
                  std::uint64_t at = kRtasBlock);
  static constexpr std::uint64_t kRtasBlock = 0x8000;
  static constexpr std::uint64_t kSecondRtasBlock = 0x8100;

  /// As if the guest had reached another instruction.
  void move_to(std::uint64_t pc) { vcpu(0).regs.pc = pc; }
  /// As if the hypervisor had changed the register without KVM.
  void overwrite_arch_compat(std::uint32_t value) { vcpu(0).arch_compat = value; }

  std::uint64_t lpcr(std::uint32_t id) const { return vcpus_.at(id).lpcr; }
  std::uint32_t arch_compat(std::uint32_t id) const { return vcpus_.at(id).arch_compat; }
  const kvm::abi::Regs &regs(std::uint32_t id = 0) const { return vcpus_.at(id).regs; }
  /// The region of guest memory that was mapped last into that slot.
  std::span<std::byte> ram(std::uint32_t slot = 0) const { return ram_.at(slot); }
  std::size_t open_descriptors() const { return descriptors_.size(); }
  std::size_t open_mappings() const { return mappings_.size(); }

 private:
  using Result = std::expected<int, int>;
  enum class Kind { kSystem, kVm, kVcpu, kXics, kMemory };
  struct VcpuState {
    kvm::abi::Regs regs{};
    std::uint32_t arch_compat = 0;
    std::uint64_t lpcr = 0;
    bool papr = false;
    bool connected = false;
    std::optional<std::uint32_t> answer_due;  ///< exit_reason of an hcall or a load
    bool answered = false;                    ///< and complete() came
    std::int64_t status = 0;                  ///< with this status of an hcall
    bool level_was_set = false;
    bool ran = false;
    kvm::abi::Run *run = nullptr;
  };

  struct FakeMapping {
    std::vector<std::byte> memory;  ///< empty where the mapping is real
    std::size_t length;
  };

  Result new_descriptor(Kind kind);
  VcpuState &vcpu(std::uint32_t id) { return vcpus_.at(id); }
  // fake_ioctls.cpp
  Result system_ioctl(std::uint32_t request, unsigned long argument);
  Result create_vm(unsigned long type);
  int capability(kvm::abi::Cap cap) const;
  Result vm_ioctl(int vm, std::uint32_t request, unsigned long argument);
  Result set_memory_region(int vm, const kvm::abi::MemoryRegion &region);
  Result create_vcpu(std::uint32_t id);
  Result create_device(kvm::abi::CreateDevice &device);
  Result enable_vm_cap(const kvm::abi::EnableCap &cap);
  Result define_rtas_token(const kvm::abi::RtasToken &token);
  Result pulse(const kvm::abi::IrqLevel &irq);
  Result configure_mmu(const kvm::abi::MmuV3Config &config);
  Result allocate_hash_table(std::uint32_t order);
  Result hash_info(kvm::abi::SmmuInfo &info) const;
  Result compat_caps(kvm::abi::CompatCaps &caps) const;
  Result xics_ioctl(std::uint32_t request, unsigned long argument);
  Result vcpu_ioctl(VcpuState &vcpu, std::uint32_t request, unsigned long argument);
  Result enable_vcpu_cap(VcpuState &vcpu, const kvm::abi::EnableCap &cap);
  Result one_reg(VcpuState &vcpu, std::uint32_t request, const kvm::abi::OneReg &reg);
  // fake_levels.cpp
  std::uint32_t host_bit() const;
  std::optional<std::uint32_t> guest_bit(std::uint32_t value) const;
  bool granted(std::uint32_t bit) const;
  bool sane(const VcpuState &vcpu) const;
  Result set_arch_compat(VcpuState &vcpu, std::uint32_t value);
  std::uint32_t read_arch_compat(const VcpuState &vcpu) const;
  // fake_run.cpp
  PlayedExit next_exit(std::uint32_t id);
  void take_answer(VcpuState &vcpu);
  std::optional<int> before_entry(VcpuState &vcpu);

  FakeHost host_;
  mutable std::mutex mutex_;  // of the state below and the record: vCPUs have threads
  std::map<int, Kind> descriptors_;
  std::map<int, std::uint32_t> vcpu_of_;  // by descriptor
  std::map<void *, FakeMapping> mappings_;
  std::map<std::uint32_t, std::deque<PlayedExit>> scripts_;
  std::map<std::uint32_t, VcpuState> vcpus_;
  bool has_vcpu_ = false;  // the latest VM
  std::set<std::uint32_t> sources_;
  std::map<int, std::map<std::uint32_t, kvm::abi::MemoryRegion>> regions_;  // by VM, by slot
  std::map<std::uint32_t, std::span<std::byte>> ram_;                       // by slot
  int next_fd_ = 100'000;                                                   // beyond the real ones
};

}  // namespace parley::testing
