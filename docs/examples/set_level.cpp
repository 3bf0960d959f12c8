// SPDX-License-Identifier: Apache-2.0
//
// What another VMM does with libparley: ask the host, decide, and set the level on a vCPU of its own. It runs no guest.
//
//   g++ -std=c++23 set_level.cpp $(pkg-config --cflags --libs parley) -o set_level
//   ./set_level power10
#include <parley/compat/decide.hpp>
#include <parley/host/capabilities.hpp>
#include <parley/kvm/arch_compat.hpp>
#include <parley/kvm/system.hpp>
#include <parley/machine/probe.hpp>
#include <parley/report/text.hpp>

#include <cstdio>
#include <string>

using namespace parley;

namespace {

int fail(int code, const Failure &failure) {
  std::fputs(report::failure_text(failure).c_str(), stderr);
  return code;
}

}  // namespace

int main(int argc, char **argv) {
  const auto wish = compat::parse_wish(argc > 1 ? argv[1] : "auto");
  if (!wish) return fail(2, wish.error());

  // 1. The facts, and what they mean.
  kvm::Kernel &kernel = kvm::linux_kernel();
  compat::AssessedHost host{machine::gather_facts(host::read_live_facts(), kernel), {}};
  host.capabilities = host::assess(host.facts);
  if (host.facts.kvm.access != host::KvmAccess::kHv) {
    return fail(machine::is_refusal(host.facts.kvm.access) ? 1 : 4, machine::explain_access(host.facts.kvm));
  }

  // 2. The decision, before any vCPU exists.
  const auto decision = compat::decide({*wish, false, false}, host);
  if (!decision) return fail(3, report::explain(decision.error(), host));

  // 3. The VMM's own machine; here the smallest one there is.
  const auto system = kvm::System::open(kernel);
  if (!system) return fail(1, {"cannot open KVM", describe(system.error().cause), ""});
  auto vm = system->create_vm(kvm::abi::kVmHv);
  if (!vm) return fail(1, {"cannot create a VM", describe(vm.error()), ""});
  auto vcpu = vm->create_vcpu(VcpuId{0});
  if (!vcpu) return fail(1, {"cannot create a vCPU", describe(vcpu.error()), ""});

  // 4. Set, read back, believed only then.
  const kvm::LevelSetting setting = kvm::set_level(*vcpu, decision->chosen.pvr);
  switch (setting.outcome) {
    case kvm::SettingOutcome::kTaken:
      break;
    case kvm::SettingOutcome::kPoisoned:
    case kvm::SettingOutcome::kRefused:
    case kvm::SettingOutcome::kNoRegister:
      return fail(3, {"the kernel refuses the level", describe(setting), ""});
    case kvm::SettingOutcome::kStoredWithoutPapr:
    case kvm::SettingOutcome::kOther:
      return fail(1, {"cannot set the level", describe(setting), ""});
  }
  std::printf("%s\n", describe(decision->chosen).c_str());
}
