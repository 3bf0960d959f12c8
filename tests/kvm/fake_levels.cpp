// SPDX-License-Identifier: Apache-2.0
//
// The rules by which Linux sets and judges arch_compat: arch/powerpc/kvm/book3s_hv.c (kvmppc_set_arch_compat) and
// powerpc.c (kvmppc_sanity_check), before and after the fix of Linux 7.2.
//
// The kernel maps a logical PVR to a bit of the PCR and compares bits, so POWER10 and POWER11 look alike to it. The
// unfixed kernel therefore takes power11 on a POWER10 host. The fixed one stores kInvalidLogicalPvr for it, and refuses
// every later use of the vCPU until a legal level is set. Under nested API v2 the hypervisor must also grant the level.
#include <cerrno>

#include "fake_kvm.hpp"

namespace parley::testing {
namespace {

constexpr std::uint32_t kInvalid = kInvalidLogicalPvr.value;

// The PCR bits that the kernel compares (asm/reg.h, PCR_ARCH_*).
constexpr std::uint32_t kArch205 = 0x02;
constexpr std::uint32_t kArch206 = 0x04;
constexpr std::uint32_t kArch207 = 0x08;
constexpr std::uint32_t kArch300 = 0x10;
constexpr std::uint32_t kArch31 = 0x20;

std::unexpected<int> error(int number) { return std::unexpected(number); }

}  // namespace

std::uint32_t FakeKvm::host_bit() const {
  if (host_.level >= level("power10")) return kArch31;
  if (host_.level >= level("power9")) return kArch300;
  return host_.level >= level("power8") ? kArch207 : kArch206;
}

std::optional<std::uint32_t> FakeKvm::guest_bit(std::uint32_t value) const {
  switch (value) {
    case 0:
      return host_bit();
    case 0x0f000002:
      return kArch205;
    case 0x0f000003:
    case 0x0f100003:
      return kArch206;
    case 0x0f000004:
      return kArch207;
    case 0x0f000005:
      return kArch300;
    case 0x0f000006:
    case 0x0f000007:
      return kArch31;
    default:
      return std::nullopt;
  }
}

// Under v2 the hypervisor has a capability bit for power9 and above, none for older levels (map_pcr_to_cap).
bool FakeKvm::granted(std::uint32_t bit) const {
  if (host_.api != Api::kNestedV2) return true;
  return bit == kArch31 || (bit == kArch300 && host_.grants_power9);
}

bool FakeKvm::sane(const VcpuState &vcpu) const {
  return (vcpu.papr || host_.backend == Backend::kPr) && vcpu.arch_compat != kInvalid;
}

std::expected<int, int> FakeKvm::set_arch_compat(VcpuState &vcpu, std::uint32_t value) {
  levels_asked_.push_back(value);
  const auto bit = guest_bit(value);
  if (!bit) return error(EINVAL);
  const bool invalid = host_.fixed && value == 0x0f000007 && host_.level < level("power11");
  if (!invalid && (*bit > host_bit() || !granted(*bit))) return error(EINVAL);
  vcpu.arch_compat = invalid ? kInvalid : value;
  vcpu.level_was_set = true;
  if (host_.fixed && !sane(vcpu)) return error(EINVAL);
  return 0;
}

std::uint32_t FakeKvm::read_arch_compat(const VcpuState &vcpu) const {
  if (host_.api != Api::kNestedV2 || !vcpu.ran || vcpu.arch_compat != 0) return vcpu.arch_compat;
  // After a run the register is read from the hypervisor. KVM gave it the host's level if one was ever set, else none.
  return vcpu.level_was_set ? host_.level.pvr().value : host_.pvr.value;
}

}  // namespace parley::testing
