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

/// Of a saved report, in bytes.
inline constexpr std::size_t kMaxReportSize = std::size_t{64} << 20;

/// The host that --host names: a folder, a .dtb, or a saved JSON report, told apart by what they are.
std::expected<host::Facts, Failure> load_host(const std::string &path);

compat::AssessedHost assess_host(host::Facts facts);

/// How a command ended that has no result to show.
struct Stopped {
  int code;
  Failure failure;
};

/// For look_again(); none where the host has nothing to look at again.
std::expected<std::optional<host::LevelWatch>, Failure> watch_level(const compat::AssessedHost &host);

/// The host as it is now, where its level is another one, or is known by something else, than when it was assessed;
/// none where it is not. What KVM said of it is not asked again.
std::expected<std::optional<compat::AssessedHost>, Failure> look_again(const host::LevelWatch &watch,
                                                                       const compat::AssessedHost &host);

void warn_of_doubts(const compat::AssessedHost &host, const Diagnostics &diagnostics);

/// The machine of those facts, where KVM can run guests; what is doubtful about it is told.
std::expected<compat::AssessedHost, Stopped> usable_host(host::Facts facts, const Diagnostics &diagnostics);

/// This machine likewise.
std::expected<compat::AssessedHost, Stopped> host_with_kvm(const World &world, const Diagnostics &diagnostics);

}  // namespace parley::app
