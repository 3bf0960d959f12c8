// SPDX-License-Identifier: Apache-2.0
#include "level_setter.hpp"

namespace parley::machine {

using kvm::SettingOutcome;

std::expected<compat::Target, End> LevelSetter::try_level(compat::Target target) {
  current_ = target;
  const kvm::LevelSetting setting = set_all_(target.pvr);
  if (observer_.setting) observer_.setting(setting);
  const std::string evidence = describe(setting);
  switch (setting.outcome) {
    case SettingOutcome::kTaken:
      observer_.notice(LevelTaken{target, compat::first_translation(plan_.papr.platform, target)});
      return target;
    case SettingOutcome::kPoisoned:
      // A vCPU with a level marked invalid cannot enter the guest, so running it is safe. After any other refusal the
      // vCPU would run at a level that was not announced.
      if (plan_.forced && target == plan_.level) {
        observer_.notice(LevelForced{target, evidence});
        return target;
      }
      return set_next(evidence);
    case SettingOutcome::kRefused:
    case SettingOutcome::kNoRegister:
      return set_next(evidence);
    case SettingOutcome::kStoredWithoutPapr:
    case SettingOutcome::kOther:
      break;
  }
  // This is not a refusal of the level, so another level would fail in the same way.
  return std::unexpected(
      RunFailed{{"cannot set the guest's level", evidence, "see dmesg; please report the problem if it persists"}});
}

std::expected<compat::Target, End> LevelSetter::set_next(const std::string &evidence) {
  const std::string why = plan_.host + "; " + evidence;
  if (next_ == plan_.fallbacks.size()) {
    const std::string what_to_do =
        plan_.may_change ? ", and no other level is left to try" : "; or add --on-refusal fallback";
    return std::unexpected(LevelRefused{
        {"the kernel refuses " + describe(current_), why, plan_.legal + " by Parley's rules" + what_to_do}});
  }
  const compat::Target next = plan_.fallbacks[next_++];
  observer_.notice(LevelReplaced{current_, why, next});
  return try_level(next);
}

}  // namespace parley::machine
