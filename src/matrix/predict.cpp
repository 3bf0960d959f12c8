// SPDX-License-Identifier: Apache-2.0
//
// The expected answer of a kernel to a request for a level: kvmppc_set_arch_compat in arch/powerpc/kvm/book3s_hv.c, and
// its history. The table describes the kernel, not the policy: a kernel without the arch_compat check (before
// Linux 7.2) accepts power11 on a host of level power10, where Parley's policy refuses it.
#include <algorithm>
#include <charconv>

#include "parley/matrix/cell.hpp"

namespace parley::matrix {
namespace {

using host::KvmKind;
using host::TrialOutcome;

struct Question {
  compat::Target target;
  std::optional<Level> level;
  std::optional<Level> host_level;
  KvmKind kvm;
  bool checks_arch_compat;  // certain only for Linux 7.2 and later

  bool above_host() const { return level && host_level && *level > *host_level; }
  bool power11_above_host() const { return above_host() && *level == parley::level("power11"); }
};

// "7.2.13+deb14-powerpc64le"
bool is_7_2_or_later(const std::string &release) {
  unsigned major = 0;
  unsigned minor = 0;
  const char *end = release.data() + release.size();
  const auto [dot, error] = std::from_chars(release.data(), end, major);
  if (error != std::errc() || dot == end || *dot != '.') return false;
  std::from_chars(dot + 1, end, minor);
  return major > 7 || (major == 7 && minor >= 2);
}

struct Row {
  std::string_view sentence;
  bool (*applies)(const Question &);
  std::vector<TrialOutcome> outcomes;
};

// The first row that applies counts.
const std::vector<Row> &rows() {
  static const std::vector<Row> table{
      {"KVM-PR has no such register",
       [](const Question &asked) { return asked.kvm == KvmKind::kPr; },
       {TrialOutcome::kNoRegister}},
      {"0, for no level, is always accepted",
       [](const Question &asked) { return asked.target.is_raw(); },
       {TrialOutcome::kTaken}},
      {"KVM knows no such level", [](const Question &asked) { return !asked.level; }, {TrialOutcome::kRefused}},
      {"nested API v2 supports no guests below power9",
       [](const Question &asked) { return *asked.level < level("power9") && asked.kvm == KvmKind::kNestedV2; },
       {TrialOutcome::kRefused}},
      {"from Linux 7.2 on, power11 on a lower host is marked as invalid",
       [](const Question &asked) { return asked.power11_above_host() && asked.checks_arch_compat; },
       {TrialOutcome::kPoisoned}},
      {"before Linux 7.2 most kernels accept power11 on a power10 host; some do not know it, some have the check of "
       "7.2",
       [](const Question &asked) { return asked.power11_above_host() && asked.host_level == level("power10"); },
       {TrialOutcome::kTaken, TrialOutcome::kRefused, TrialOutcome::kPoisoned}},
      {"power11 is above the host's ISA",
       [](const Question &asked) { return asked.power11_above_host(); },
       {TrialOutcome::kRefused, TrialOutcome::kPoisoned}},
      {"the level is above the host's ISA",
       [](const Question &asked) { return asked.above_host(); },
       {TrialOutcome::kRefused}},
      {"a hypervisor may refuse power9 guests on a later host (PowerVM does)",
       [](const Question &asked) {
         return asked.level == level("power9") && asked.host_level > level("power9") && asked.kvm == KvmKind::kNestedV2;
       },
       {TrialOutcome::kTaken, TrialOutcome::kRefused}},
      {"the level is not above the host's", [](const Question &) { return true; }, {TrialOutcome::kTaken}},
  };
  return table;
}

}  // namespace

Prediction predict(compat::Target asked, const compat::AssessedHost &host) {
  const Question question{asked, asked.level(), host.capabilities.level, host.capabilities.kvm,
                          is_7_2_or_later(host.facts.system.kernel_release)};
  const Row &row = *std::ranges::find_if(rows(), [&](const Row &candidate) { return candidate.applies(question); });
  return {row.outcomes, row.sentence};
}

}  // namespace parley::matrix
