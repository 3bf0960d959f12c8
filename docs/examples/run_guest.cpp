// SPDX-License-Identifier: Apache-2.0
//
// Another program runs a guest to its end with libparley: the host, the level, the plan, the session. Its console is
// standard output; SIGINT, SIGTERM and SIGHUP stop it.
//
//   g++ -std=c++23 run_guest.cpp $(pkg-config --cflags --libs parley) -o run_guest
//   ./run_guest [KERNEL]
#include <parley/compat/decide.hpp>
#include <parley/guest/plan.hpp>
#include <parley/machine/probe.hpp>
#include <parley/report/text.hpp>
#include <parley/session/end_on_signals.hpp>
#include <parley/session/session.hpp>

#include <cstdio>

using namespace parley;

namespace {

int fail(int code, const Failure &failure) {
  std::fputs(report::failure_text(failure).c_str(), stderr);
  return code;
}

std::expected<guest::Payload, Failure> load(const char *path) {
  const auto file = SharedBytes::open(path, std::size_t{1} << 32);
  if (file) return guest::read_kernel(*file, path);
  return std::unexpected(Failure{"cannot read the kernel", errno_text(file.error().error), ""});
}

}  // namespace

int main(int argc, char **argv) {
  // 1. The host, and the highest level that a guest may have on it.
  kvm::Kernel &kernel = kvm::linux_kernel();
  compat::AssessedHost host{machine::gather_facts(host::read_live_facts(), kernel), {}};
  host.capabilities = host::assess(host.facts);
  if (host.facts.kvm.access != host::KvmAccess::kHv) return fail(4, machine::explain_access(host.facts.kvm));
  const auto decision = compat::decide({}, host);
  if (!decision) return fail(3, report::explain(decision.error(), host));

  // 2. The plan: every detail of the guest, as a value.
  auto payload = argc > 1 ? load(argv[1]) : guest::builtin_payload();
  if (!payload) return fail(1, payload.error());
  guest::GuestRequest request{.boot = argc > 1 ? guest::BootKind::kClientInterface : guest::BootKind::kFlatTree};
  request.payload = std::move(*payload);
  auto plan = guest::plan_machine(request, *decision, host, machine::papr_interface(host.facts.kvm));
  if (!plan) return fail(1, plan.error());

  // 3. The session: it builds the machine, runs it, and starts it again when the guest reboots.
  auto session = session::Session::open(kernel, {.plan = std::move(*plan)}, {.time_limit = std::chrono::minutes(5)});
  if (!session) return fail(1, session.error());
  devices::Vty &console = *session->devices().terminal(0);
  console.connect({[&] { std::fputs(console.take_output(devices::Vty::kOutputLimit).c_str(), stdout); }, {}});
  const auto signals = session::EndOnSignals::start(*session);
  if (!signals) return fail(1, signals.error());
  const session::Outcome outcome = session->run();
  std::fflush(stdout);
  const auto failure = session::failure_of(outcome);
  return failure ? fail(1, *failure) : 0;
}
