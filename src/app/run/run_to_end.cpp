// SPDX-License-Identifier: Apache-2.0
#include "app/run/run_to_end.hpp"

#include <malloc.h>

#include <filesystem>

#include "parley/app/app.hpp"
#include "parley/base/try.hpp"

namespace parley::app {
namespace {

// The folders in which the console removes its sockets at the end.
std::vector<std::filesystem::path> folders_of_sockets(const std::vector<console::Endpoint> &endpoints) {
  std::vector<std::filesystem::path> folders;
  for (const console::Endpoint &endpoint : endpoints) {
    if (endpoint.kind == console::Endpoint::Kind::kUnixServer)
      folders.push_back(std::filesystem::path(endpoint.path).parent_path());
  }
  return folders;
}

// In the sandbox a file may be opened only if the kernel can restrict the process to one folder.
std::expected<std::optional<session::HostWatch>, Failure> watch_host(compat::AssessedHost host,
                                                                     const RunOptions &options,
                                                                     const Diagnostics &diagnostics) {
  if (host.capabilities.platform == host::Platform::kPowerNv) return std::nullopt;  // only partitions are migrated
  if (options.sandbox == sandbox::Mode::kOn && !TRY(sandbox::confines_files())) {
    diagnostics.debug(
        "the host's level is not read again when the guest reboots: this kernel has no Landlock, and without it the "
        "sandbox allows no file to be opened (--sandbox off)");
    return std::nullopt;
  }
  return session::HostWatch::open(std::move(host));
}

// One heap for all threads. By default the C library gives each thread a heap of its own: for the first allocation of a
// thread it reads the number of processors from /sys, and memory that one thread frees is not available to the others.
void share_one_heap() {
#ifdef M_ARENA_MAX
  ::mallopt(M_ARENA_MAX, 1);
#endif
}

}  // namespace

Ended run_to_end(guest::MachinePlan plan, compat::AssessedHost host, session::OpenedKvm kvm, const RunOptions &options,
                 kvm::Kernel &kernel, const Diagnostics &diagnostics) {
  if (options.guest.kernel && plan.boot == guest::BootKind::kFlatTree)
    diagnostics.info(
        "with a flat device tree nothing is negotiated: the guest runs at the level that is set, and must support it");
  share_one_heap();
  auto nvram = options.nvram ? devices::Nvram::open(*options.nvram) : devices::Nvram();
  if (!nvram) return {kFailure, nvram.error()};
  auto tree = options.dump_tree ? TreeFile::open(*options.dump_tree) : std::expected<TreeFile, Failure>();
  if (!tree) return {kFailure, tree.error()};
  auto watch = watch_host(std::move(host), options, diagnostics);
  if (!watch) return {kFailure, watch.error()};
  const sandbox::Openings openings{folders_of_sockets(options.serials), *watch ? (*watch)->folder() : -1};
  return GuestRun(options, openings, std::move(*tree), diagnostics)
      .run(kernel, {std::move(plan), std::move(kvm), std::move(*watch), std::move(*nvram)});
}

}  // namespace parley::app
