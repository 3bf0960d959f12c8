// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace parley::testing {

/// The calls that a FakeKvm gets: how many, and which of them fail.
class FakeCalls {
 public:
  // Requests by which fail() and times() know calls that are no ioctls, and the one_regs of the LPCR. kGetOneReg and
  // kSetOneReg are those of arch_compat.
  static constexpr std::uint32_t kOpen = 1;
  static constexpr std::uint32_t kMmap = 2;
  static constexpr std::uint32_t kMmapFile = 3;
  static constexpr std::uint32_t kGetLpcr = 4;
  static constexpr std::uint32_t kSetLpcr = 5;
  static constexpr std::uint32_t kCreateMemoryFile = 6;
  static constexpr std::uint32_t kResizeFile = 7;

  /// The n-th call (from 1) of that request fails with `error`.
  void fail(std::uint32_t request, int error, int nth = 1) { failures_[{request, nth}] = error; }
  int times(std::uint32_t request) const {
    const auto found = calls_.find(request);
    return found == calls_.end() ? 0 : found->second;
  }
  const std::map<std::uint32_t, int> &calls() const { return calls_; }  ///< number of calls by request

 protected:
  /// Counts the call; an errno where it must fail.
  std::optional<int> planned_failure(std::uint32_t request) {
    const auto found = failures_.find({request, ++calls_[request]});
    return found == failures_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::map<std::uint32_t, int> calls_;
  std::map<std::pair<std::uint32_t, int>, int> failures_;
};

/// The requests that a FakeKvm granted, in their order.
class FakeRecord {
 public:
  /// Each value written to arch_compat.
  const std::vector<std::uint32_t> &levels_asked() const { return levels_asked_; }
  /// The arch_compat of each entry into the guest.
  const std::vector<std::uint32_t> &levels_entered() const { return levels_entered_; }
  /// The status of each answered hcall (r3), as KVM_RUN takes it at the next entry.
  const std::vector<std::int64_t> &answers() const { return answers_; }
  const std::vector<std::uint32_t> &pulses() const { return pulses_; }  ///< interrupt sources
  const std::set<std::uint64_t> &enabled_hcalls() const { return enabled_hcalls_; }
  const std::map<std::string, std::uint64_t> &rtas_tokens() const { return rtas_tokens_; }
  std::uint64_t threads_per_core() const { return threads_per_core_; }  ///< of the latest VM
  bool nested() const { return nested_; }                               ///< the latest VM may run guests of its own
  std::uint64_t process_table() const { return process_table_; }
  bool is_hash() const { return is_hash_; }  ///< the MMU of the last VM
  /// Each hash table, as the order of its size.
  const std::vector<std::uint32_t> &hash_tables() const { return hash_tables_; }
  std::size_t mapped_from_files() const { return mapped_from_files_; }  ///< bytes

 protected:
  std::vector<std::uint32_t> levels_asked_;
  std::vector<std::uint32_t> levels_entered_;
  std::vector<std::int64_t> answers_;
  std::vector<std::uint32_t> pulses_;
  std::set<std::uint64_t> enabled_hcalls_;
  std::map<std::string, std::uint64_t> rtas_tokens_;
  std::uint64_t threads_per_core_ = 1;
  bool nested_ = false;
  std::uint64_t process_table_ = 0;
  bool is_hash_ = false;
  std::vector<std::uint32_t> hash_tables_;
  std::size_t mapped_from_files_ = 0;
};

}  // namespace parley::testing
