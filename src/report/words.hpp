// SPDX-License-Identifier: Apache-2.0
//
// The words for enumerated values, for tables and for JSON.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "parley/host/capabilities.hpp"

namespace parley::report {

template <typename Value>
struct Word {
  Value value;
  std::string_view word;
};

inline constexpr Word<host::KvmAccess> kAccessWords[] = {
    {host::KvmAccess::kNotAsked, "not asked"},
    {host::KvmAccess::kAbsent, "absent"},
    {host::KvmAccess::kNoPermission, "no permission"},
    {host::KvmAccess::kUnusable, "unusable"},
    {host::KvmAccess::kWrongApi, "wrong api"},
    {host::KvmAccess::kLacking, "lacking"},
    {host::KvmAccess::kNoHv, "no hv"},
    {host::KvmAccess::kVmRefused, "vm refused"},
    {host::KvmAccess::kPr, "pr"},
    {host::KvmAccess::kHv, "hv"},
};

inline constexpr Word<host::TrialOutcome> kOutcomeWords[] = {
    {host::TrialOutcome::kTaken, "taken"},
    {host::TrialOutcome::kStoredWithoutPapr, "stored without papr"},
    {host::TrialOutcome::kPoisoned, "poisoned"},
    {host::TrialOutcome::kRefused, "refused"},
    {host::TrialOutcome::kNoRegister, "no register"},
    {host::TrialOutcome::kOther, "other"},
};

inline constexpr Word<host::KvmKind> kKindWords[] = {
    {host::KvmKind::kNone, "none"},
    {host::KvmKind::kNotAsked, "not asked"},
    {host::KvmKind::kPr, "pr"},
    {host::KvmKind::kPowerNvHv, "powernv"},
    {host::KvmKind::kNestedV1, "nested v1"},
    {host::KvmKind::kNestedV2, "nested v2"},
};

inline constexpr Word<host::Trust> kTrustWords[] = {
    {host::Trust::kAuthoritative, "decides"},
    {host::Trust::kCorroborating, "corroborates"},
    {host::Trust::kHint, "hint"},
    {host::Trust::kSiliconOnly, "silicon only"},
};

inline constexpr Word<host::Agreement> kAgreementWords[] = {
    {host::Agreement::kAgrees, "yes"},
    {host::Agreement::kDisagrees, "NO"},
    {host::Agreement::kSilent, "-"},
};

template <typename Value, std::size_t kCount>
std::string_view word_for(const Word<Value> (&words)[kCount], Value value) {
  return std::ranges::find(words, value, &Word<Value>::value)->word;
}

template <typename Value, std::size_t kCount>
std::optional<Value> value_of(const Word<Value> (&words)[kCount], std::string_view word) {
  const auto found = std::ranges::find(words, word, &Word<Value>::word);
  if (found == std::end(words)) return std::nullopt;
  return found->value;
}

}  // namespace parley::report
