// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>

#include "diagnostics.hpp"
#include "parley/app/app.hpp"
#include "parley/base/failure.hpp"
#include "parley/compat/decide.hpp"
#include "parley/host/level_watch.hpp"

namespace parley::app {

/// The largest accepted report, in bytes.
inline constexpr std::size_t kMaxReportSize = std::size_t{64} << 20;

/// Loads the host of --host: a folder, a .dtb or a saved JSON report. The content decides which of them it is.
std::expected<host::Facts, Failure> load_host(const std::string &path);

compat::AssessedHost assess_host(host::Facts facts);

/// The end of a command without a result.
struct Stopped {
  int code;
  Failure failure;
};

/// The watch for look_again(); none when the host has no folder of cpu nodes.
std::expected<std::optional<host::LevelWatch>, Failure> watch_level(const compat::AssessedHost &host);

/// Assesses the host again, with its current cpu-versions and the earlier answers of KVM. Gives none if neither the
/// level nor its source has changed.
std::expected<std::optional<compat::AssessedHost>, Failure> look_again(const host::LevelWatch &watch,
                                                                       const compat::AssessedHost &host);

void warn_of_doubts(const compat::AssessedHost &host, const Diagnostics &diagnostics);

/// Assesses these facts, and prints the doubts. Stops where KVM cannot run guests.
std::expected<compat::AssessedHost, Stopped> usable_host(host::Facts facts, const Diagnostics &diagnostics);

/// The same for this machine.
std::expected<compat::AssessedHost, Stopped> host_with_kvm(const World &world, const Diagnostics &diagnostics);

}  // namespace parley::app
