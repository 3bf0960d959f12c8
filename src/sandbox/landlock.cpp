// SPDX-License-Identifier: Apache-2.0
//
// Landlock (Documentation/userspace-api/landlock.rst). The structures and the rights are defined here, because the
// headers of a distribution are older than the kernels that it can run on.
#include "landlock.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "parley/base/file_descriptor.hpp"
#include "parley/base/try.hpp"

namespace parley::sandbox {
namespace {

struct RulesetAttributes {  // struct landlock_ruleset_attr
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;  // ABI 4
  std::uint64_t scoped;              // ABI 6
};
struct [[gnu::packed]] PathBeneath {  // struct landlock_path_beneath_attr
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};
static_assert(sizeof(PathBeneath) == 12);

constexpr unsigned kAskVersion = 1;
constexpr int kRulePathBeneath = 1;
constexpr std::uint64_t kReadFile = 1 << 2;
constexpr std::uint64_t kRemoveFile = 1 << 5;

// LANDLOCK_ACCESS_FS_*: 13 rights in ABI 1, REFER in 2, TRUNCATE in 3, IOCTL_DEV in 5.
std::uint64_t all_file_rights(long abi) {
  const int count = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
  return (std::uint64_t{1} << count) - 1;
}

long create_ruleset(const RulesetAttributes *attributes, std::size_t size, unsigned flags) {
  return ::syscall(SYS_landlock_create_ruleset, attributes, size, flags);
}

std::unexpected<kvm::CallError> failed(const char *call) { return std::unexpected(kvm::CallError{call, errno}); }

std::expected<void, kvm::CallError> allow(std::uint64_t right, int folder, int ruleset) {
  const PathBeneath rule{right, folder};
  if (::syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &rule, 0) != 0) return failed("landlock_add_rule");
  return {};
}

std::expected<void, kvm::CallError> allow_removal(int ruleset, const std::filesystem::path &folder) {
  const FileDescriptor opened(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return failed("open");
  return allow(kRemoveFile, opened.get(), ruleset);
}

}  // namespace

std::expected<long, kvm::CallError> landlock_abi() {
  const long abi = create_ruleset(nullptr, 0, kAskVersion);
  if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) return 0;
  if (abi < 0) return failed("landlock_create_ruleset");
  return abi;
}

std::expected<void, kvm::CallError> close_files(const Openings &openings) {
  const long abi = TRY(landlock_abi());
  if (abi == 0) return {};
  RulesetAttributes attributes{all_file_rights(abi), 0, 0};
  if (abi >= 4) attributes.handled_access_net = 3;  // bind and connect of TCP
  if (abi >= 6) attributes.scoped = 3;              // abstract sockets and signals of others
  const std::size_t size = abi >= 6 ? sizeof attributes : abi >= 4 ? 16 : 8;
  const FileDescriptor ruleset(static_cast<int>(create_ruleset(&attributes, size, 0)));
  if (!ruleset) return failed("landlock_create_ruleset");
  for (const auto &folder : openings.removable_in) TRY(allow_removal(ruleset.get(), folder.empty() ? "." : folder));
  if (openings.readable_below >= 0) TRY(allow(kReadFile, openings.readable_below, ruleset.get()));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return failed("landlock_restrict_self");
  return {};
}

}  // namespace parley::sandbox
