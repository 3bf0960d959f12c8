// SPDX-License-Identifier: Apache-2.0
#include "level_setter.hpp"

#include "parley/kvm/arch_compat.hpp"

namespace parley::machine {

std::expected<compat::Target, LevelRefused> LevelSetter::try_level(kvm::Vcpu &vcpu, compat::Target target) {
  current_ = target;
  const kvm::LevelSetting setting = kvm::set_level(vcpu, target.pvr);
  if (setting.outcome == kvm::SettingOutcome::kTaken) {
    observer_.notice(LevelTaken{target});
    return target;
  }
  // Any other refused level would leave the vCPU runnable at a level that nobody announced; this one cannot enter the
  // guest.
  if (plan_.forced && target == plan_.level && setting.outcome == kvm::SettingOutcome::kPoisoned) {
    observer_.notice(LevelForced{target, describe(setting)});
    return target;
  }
  return set_next(vcpu, describe(setting));
}

std::expected<compat::Target, LevelRefused> LevelSetter::set_next(kvm::Vcpu &vcpu, const std::string &evidence) {
  const std::string why = plan_.host + "; " + evidence;
  if (next_ == plan_.fallbacks.size()) {
    return std::unexpected(LevelRefused{{"the kernel refuses " + describe(current_), why,
                                         plan_.legal + "; ask for one of these, or add --on-refusal fallback"}});
  }
  const compat::Target next = plan_.fallbacks[next_++];
  observer_.notice(LevelReplaced{current_, why, next});
  return try_level(vcpu, next);
}

}  // namespace parley::machine
