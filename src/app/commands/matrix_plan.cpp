// SPDX-License-Identifier: Apache-2.0
#include "app/commands/matrix_plan.hpp"

#include "app/command_line/option_registry.hpp"
#include "app/commands/matrix_output.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"

namespace parley::app {

void add_options(OptionRegistry &registry, MatrixPlanOptions &options) {
  registry.option("--hosts", options.texts.hosts, "The hosts, with commas (default: this one)").type("HOST[,HOST...]");
  add_options(registry, options.levels);
  registry.option("--out", options.out, "Write to FILE instead of to standard output").type("FILE");
}

std::expected<void, Failure> finish(MatrixPlanOptions &options) {
  TRY(finish(options.levels));
  for (const auto word : split(options.texts.hosts, ',')) options.hosts.push_back(TRY(matrix::parse_host(trim(word))));
  return {};
}

int execute(const MatrixPlanOptions &options, const World &world, const Diagnostics &diagnostics) {
  auto hosts = options.hosts;
  if (hosts.empty()) {
    const auto host = host_with_kvm(world, diagnostics);
    if (!host) return fail(host.error(), diagnostics);
    hosts.push_back(matrix::host_id(*host));
  }
  const LevelOptions &levels = options.levels;
  std::string text;
  for (const auto &cell : matrix::plan(hosts, levels.levels, levels.guest, levels.force))
    text += matrix::name(cell) + "\n";
  return deliver_text(text, options.out, kSuccess, diagnostics);
}

}  // namespace parley::app
