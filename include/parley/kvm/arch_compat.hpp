// SPDX-License-Identifier: Apache-2.0
//
// Setting a vCPU's level.
//
// KVM_SET_ONE_REG of arch_compat answers EINVAL in four different situations, and one of them has stored the value all
// the same. Only reading the register back tells them apart; so one function sets the level, and nothing else writes
// that register.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "parley/base/level.hpp"
#include "parley/kvm/handle.hpp"

namespace parley::kvm {

class Vcpu;

enum class SettingOutcome : std::uint8_t {
  kTaken,              ///< and read back
  kStoredWithoutPapr,  ///< the value is there, but without KVM_CAP_PPC_PAPR the vCPU cannot run
  kPoisoned,           ///< reads back 0xffffffff: Linux from 7.2 on marks a level above the host's as invalid
  kRefused,            ///< and unchanged
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

/// Enables PAPR, sets arch_compat (0 means raw), reads it back and says what became of it. A legal level heals a vCPU
/// that an illegal one has poisoned. Call it on a vCPU that is not running.
LevelSetting set_level(Vcpu &vcpu, LogicalPvr asked);

/// arch_compat as it is now. Under nested API v2 a vCPU that ran raw reads back its physical PVR.
std::expected<LogicalPvr, CallError> read_level(const Vcpu &vcpu);

/// "asked 0x0f000007: KVM_SET_ONE_REG arch_compat EINVAL (Invalid argument), arch_compat reads back 0xffffffff"
std::string describe(const LevelSetting &setting);

}  // namespace parley::kvm
