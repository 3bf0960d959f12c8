// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cerrno>
#include <thread>

#include "parley/session/session.hpp"
#include "session/reference_host.hpp"

namespace parley::testing {

/// The plan of the built-in guest on a host.
inline guest::MachinePlan plan_for(const compat::AssessedHost &host) {
  guest::GuestRequest request;
  request.memory_size = guest::kMinMemory;
  request.payload = guest::builtin_payload();
  return guest::plan_machine(std::move(request), *compat::decide({}, host), host,
                             machine::papr_interface(host.facts.kvm))
      .value();
}

/// This guest runs until it is interrupted.
inline int runs_on(kvm::abi::Run &page) {
  while (std::atomic_ref(page.immediate_exit).load() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return EINTR;
}

/// True if a session was stopped for that reason.
template <typename Reason>
bool was_stopped_by(const session::Outcome &outcome) {
  const auto *stopped = std::get_if<session::Stopped>(&outcome);
  return stopped != nullptr && std::holds_alternative<Reason>(stopped->reason);
}

}  // namespace parley::testing
