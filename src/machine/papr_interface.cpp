// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "parley/machine/machine.hpp"
#include "parley/papr/hcall.hpp"
#include "parley/papr/option_vectors.hpp"
#include "parley/papr/rtas.hpp"

namespace parley::machine {

guest::PaprInterface papr_interface(const host::KvmFacts &kvm, const compat::Platform &platform) {
  guest::PaprInterface interface;
  for (const papr::RtasEntry &call : papr::rtas_calls())
    interface.rtas.push_back({std::string(call.name), call.token, call.device});
  const bool enables = kvm.capability("KVM_CAP_PPC_ENABLE_HCALL") != 0;
  for (const papr::HcallEntry &call : papr::hcalls()) {
    if (call.hash && !platform.hash) continue;
    if (call.enable && enables) interface.enabled_hcalls.push_back(call.number);
    const bool listed =
        std::ranges::find(interface.hypertas, call.hypertas, &guest::FunctionSet::name) != interface.hypertas.end();
    if (!call.hypertas.empty() && !listed)
      interface.hypertas.push_back({std::string(call.hypertas), call.device, call.hash});
  }
  interface.platform = platform;
  interface.platform_support = papr::platform_support(platform);
  interface.granted = papr::grant_all(platform);
  if (platform.hash) {
    compat::Platform hash_only = platform;
    hash_only.radix = false;
    interface.hash_support = papr::platform_support(hash_only);
    interface.hash_granted = papr::grant_all(hash_only);
  }
  return interface;
}

}  // namespace parley::machine
