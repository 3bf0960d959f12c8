// SPDX-License-Identifier: Apache-2.0
//
// A host whose level may change. A partition may be migrated to another machine while its guests run; host::LevelWatch
// reads the level again, and this class compares it with the level that was known before. KVM is not asked again: the
// processor and the granted levels that it reports are fixed when the host's kernel starts.
#pragma once

#include <expected>
#include <optional>

#include "parley/base/failure.hpp"
#include "parley/compat/decide.hpp"
#include "parley/host/level_watch.hpp"

namespace parley::session {

class HostWatch {
 public:
  /// None for a host whose level cannot be read again: its facts come from a file, or it has no cpu nodes.
  static std::expected<std::optional<HostWatch>, Failure> open(compat::AssessedHost host);

  /// The folder below which look_again() opens files.
  int folder() const { return watch_.folder(); }
  /// The host as it was assessed last.
  const compat::AssessedHost &host() const { return host_; }
  /// True if the host's level changed, or the evidence for it, since it was assessed last. host() then is the new one.
  std::expected<bool, Failure> look_again();

 private:
  HostWatch(host::LevelWatch watch, compat::AssessedHost host) : watch_(std::move(watch)), host_(std::move(host)) {}

  host::LevelWatch watch_;
  compat::AssessedHost host_;
};

}  // namespace parley::session
