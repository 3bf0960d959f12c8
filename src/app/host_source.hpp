// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>

#include "app/diagnostics.hpp"
#include "parley/app/app.hpp"
#include "parley/base/failure.hpp"
#include "parley/compat/decide.hpp"

namespace parley::app {

/// Loads the host of --host: a folder, a .dtb or a saved JSON report. The content decides which of them it is.
std::expected<host::Facts, Failure> load_host(const std::string &path);

compat::AssessedHost assess_host(host::Facts facts);

/// The end of a command without a result.
struct Stopped {
  int code;
  Failure failure;
};

void warn_of_doubts(const compat::AssessedHost &host, const Diagnostics &diagnostics);

/// The end of a command where KVM cannot run guests: a failure, or not applicable to this machine.
Stopped stopped_by(const host::KvmFacts &kvm);

/// Assesses these facts, and prints the doubts. Stops where KVM cannot run guests.
std::expected<compat::AssessedHost, Stopped> usable_host(host::Facts facts, const Diagnostics &diagnostics);

/// The same for this machine.
std::expected<compat::AssessedHost, Stopped> host_with_kvm(const World &world, const Diagnostics &diagnostics);

}  // namespace parley::app
