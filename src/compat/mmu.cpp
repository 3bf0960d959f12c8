// SPDX-License-Identifier: Apache-2.0
#include "parley/compat/mmu.hpp"

namespace parley::compat {

bool has_radix(Target target) {
  const auto level = target.level();
  return !level || level->info().mmu != Mmu::kHashOnly;
}

Platform platform_for(Target target, const AssessedHost &host) {
  Platform platform;
  platform.hash = host.mmu == MmuWish::kHash || (host.mmu == MmuWish::kAuto && offers_hash(host));
  platform.radix =
      host.mmu == MmuWish::kRadix || (host.mmu == MmuWish::kAuto && has_radix(target) && offers_radix(host));
  platform.radix |= !platform.hash;
  return platform;
}

Translation first_translation(const Platform &platform, Target target) {
  const bool radix = platform.radix && (has_radix(target) || !platform.hash);
  return radix ? Translation::kRadix : Translation::kHash;
}

std::string_view hash_remark(Translation translation) {
  return translation == Translation::kHash ? " with the hash MMU" : "";
}

}  // namespace parley::compat
