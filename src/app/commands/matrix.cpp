// SPDX-License-Identifier: Apache-2.0
#include "app/commands/matrix.hpp"

#include "app/command_line/option_registry.hpp"
#include "app/commands/matrix_output.hpp"
#include "app/commands/progress.hpp"
#include "parley/base/try.hpp"

namespace parley::app {

void add_options(OptionRegistry &registry, MatrixOptions &options) {
  add_options(registry, options.levels);
  add_options(registry, options.trial);
  add_options(registry, options.report);
  add_against_option(registry, options.report);
}

std::expected<void, Failure> finish(MatrixOptions &options) {
  TRY(finish(options.report));
  TRY(finish(options.levels));
  const bool wants_linux = options.levels.guest == matrix::Guest::kLinux;
  if (wants_linux != options.trial.guest.kernel.has_value())
    return std::unexpected(Failure{wants_linux ? "--guest linux needs a Linux" : "--kernel needs --guest linux",
                                   "only one of --guest linux and --kernel is given",
                                   "parley matrix --guest linux --kernel vmlinux --initrd initrd.cpio.gz"});
  return finish(options.trial);
}

int execute(const MatrixOptions &options, const World &world, const Diagnostics &diagnostics) {
  const auto earlier = read_earlier(options.report);
  if (!earlier) return fail({kFailure, earlier.error()}, diagnostics);
  const auto host = host_with_kvm(world, diagnostics);
  if (!host) return fail(host.error(), diagnostics);
  auto settings = worker_settings(options.trial, diagnostics);
  if (!settings) return fail(settings.error(), diagnostics);
  const std::vector here{matrix::host_id(*host)};
  const auto cells = matrix::plan(here, options.levels.levels, options.levels.guest, options.levels.force);
  const auto report = [&] {
    const Progress progress(*settings, diagnostics);
    return executor::Worker(*host, *settings, world.kernel).run(cells);
  }();
  return report ? deliver_report(*report, options.report, *earlier, diagnostics)
                : fail(stopped_by(report.error()), diagnostics);
}

}  // namespace parley::app
