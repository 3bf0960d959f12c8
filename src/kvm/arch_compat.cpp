// SPDX-License-Identifier: Apache-2.0
#include "parley/kvm/arch_compat.hpp"

#include <cerrno>

#include "parley/base/failure.hpp"
#include "parley/base/text.hpp"
#include "parley/kvm/system.hpp"

namespace parley::kvm {
namespace {

constexpr OneReg<LogicalPvr> kArchCompat{abi::kRegArchCompat, "arch_compat"};

int errno_of(const std::expected<int, CallError> &result) { return result ? 0 : result.error().error; }

SettingOutcome classify(const LevelSetting &setting) {
  if (setting.get_error != 0) {
    const bool unknown = setting.get_error == EINVAL && setting.set_error == EINVAL;
    return unknown ? SettingOutcome::kNoRegister : SettingOutcome::kOther;
  }
  if (setting.readback == kInvalidLogicalPvr) return SettingOutcome::kPoisoned;
  // Kernels before 7.2 report success also without PAPR, but the vCPU cannot run.
  if (setting.readback == setting.asked && setting.papr_error != 0) return SettingOutcome::kStoredWithoutPapr;
  if (setting.readback == setting.asked && setting.set_error == 0) return SettingOutcome::kTaken;
  const bool unchanged = setting.readback == setting.before;
  return setting.set_error == EINVAL && unchanged ? SettingOutcome::kRefused : SettingOutcome::kOther;
}

}  // namespace

std::expected<LogicalPvr, CallError> read_level(const Vcpu &vcpu) { return vcpu.get(kArchCompat); }

LevelSetting set_level(Vcpu &vcpu, LogicalPvr asked) {
  LevelSetting setting;
  setting.asked = asked;
  setting.before = read_level(vcpu).value_or(kNoLogicalPvr);
  // On a poisoned vCPU this returns EINVAL because of the level (kvmppc_sanity_check), but enables PAPR nevertheless.
  const bool poisoned = setting.before == kInvalidLogicalPvr;
  const int papr_error = errno_of(vcpu.enable_papr());
  setting.papr_error = poisoned ? 0 : papr_error;
  setting.set_error = errno_of(vcpu.set(kArchCompat, asked));
  const auto readback = read_level(vcpu);
  setting.get_error = readback ? 0 : readback.error().error;
  setting.readback = readback.value_or(kNoLogicalPvr);
  setting.outcome = classify(setting);
  return setting;
}

std::string describe(const LevelSetting &setting) {
  std::string text = "asked " + hex32(setting.asked.value) + ": ";
  if (setting.papr_error != 0) text += "KVM_ENABLE_CAP KVM_CAP_PPC_PAPR " + errno_name(setting.papr_error) + ", ";
  text += "KVM_SET_ONE_REG arch_compat " +
          (setting.set_error != 0 ? errno_text(setting.set_error) : std::string("succeeded"));
  if (setting.get_error != 0) return text + ", KVM_GET_ONE_REG arch_compat " + errno_name(setting.get_error);
  return text + ", arch_compat reads back " + hex32(setting.readback.value);
}

}  // namespace parley::kvm
