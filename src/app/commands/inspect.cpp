// SPDX-License-Identifier: Apache-2.0
#include "app/commands/inspect.hpp"

#include <vector>

#include "app/command_line/option_registry.hpp"
#include "app/commands/output.hpp"
#include "app/host_source.hpp"
#include "parley/machine/probe.hpp"
#include "parley/report/json.hpp"
#include "parley/report/text.hpp"

namespace parley::app {
namespace {

// The levels that a guest on current hosts can request.
std::vector<LogicalPvr> levels_to_try() {
  std::vector<LogicalPvr> levels;
  for (const Level candidate : Level::all()) {
    if (candidate >= level("power8")) levels.push_back(candidate.pvr());
  }
  return levels;
}

}  // namespace

void add_options(OptionRegistry &registry, InspectOptions &options) {
  registry.flag("--json", options.json, "Print JSON (docs/inspect.schema.json)");
  registry.option("--host", options.host, kHostHelp).type("PATH");
}

int execute(const InspectOptions &options, const World &world, const Diagnostics &diagnostics) {
  host::Facts facts;
  if (options.host) {
    auto loaded = load_host(*options.host);
    if (!loaded) {
      diagnostics.failure(loaded.error());
      return kFailure;
    }
    facts = std::move(*loaded);
  } else {
    facts = machine::gather_facts(world.live_facts(), world.kernel, levels_to_try());
  }
  const compat::AssessedHost host = assess_host(std::move(facts));
  const bool power = host.capabilities.platform != host::Platform::kNotPower;
  return print_result(options.json ? report::inspect_json(host) : report::inspect_text(host),
                      power ? kSuccess : kNotApplicable, diagnostics);
}

}  // namespace parley::app
