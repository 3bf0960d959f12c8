// SPDX-License-Identifier: Apache-2.0
//
// Sets the level of a vCPU.
//
// The level of a guest is the logical PVR in KVM's register arch_compat (KVM_REG_PPC_ARCH_COMPAT); 0 means raw. Writing
// it (KVM_SET_ONE_REG) returns EINVAL in four situations, and in two of them it changes the register nevertheless:
//  - the kernel or the hypervisor refuses the level: the register is unchanged;
//  - the level is above the host's, and the kernel has the arch_compat fix (Linux 7.2): the register becomes
//  0xffffffff,
//    and KVM refuses to run the vCPU until a legal level is set ("poisoned");
//  - the vCPU is no PAPR vCPU: the level is stored, but the vCPU cannot run;
//  - the register does not exist (KVM PR).
// Older kernels return success without PAPR. So the errno alone proves nothing. set_level() writes the register, reads
// it back, and classifies the result from both; no other code writes the register.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "parley/base/level.hpp"
#include "parley/kvm/handle.hpp"

namespace parley::kvm {

class Vcpu;

enum class SettingOutcome : std::uint8_t {
  kTaken,              ///< the register reads back as asked
  kStoredWithoutPapr,  ///< the level is stored, but the vCPU lacks KVM_CAP_PPC_PAPR and cannot run
  kPoisoned,           ///< reads back 0xffffffff (Linux 7.2 or later)
  kRefused,            ///< the register is unchanged
  kNoRegister,         ///< KVM-PR, or no PowerPC KVM
  kOther,
};

struct LevelSetting {
  LogicalPvr asked;
  SettingOutcome outcome = SettingOutcome::kOther;
  int papr_error = 0;  ///< errno of KVM_ENABLE_CAP, 0 when it succeeded
  int set_error = 0;   ///< errno of KVM_SET_ONE_REG
  int get_error = 0;   ///< errno of KVM_GET_ONE_REG
  LogicalPvr before;
  LogicalPvr readback;
};

/// Enables PAPR, sets arch_compat, reads it back and classifies the result. A legal level repairs a poisoned vCPU. The
/// vCPU must not be running.
LevelSetting set_level(Vcpu &vcpu, LogicalPvr asked);

/// The current arch_compat. Under nested API v2 a vCPU that has run raw returns its physical PVR.
std::expected<LogicalPvr, CallError> read_level(const Vcpu &vcpu);

/// "asked 0x0f000007: KVM_SET_ONE_REG arch_compat EINVAL (Invalid argument), arch_compat reads back 0xffffffff"
std::string describe(const LevelSetting &setting);

}  // namespace parley::kvm
