// SPDX-License-Identifier: Apache-2.0
#include "app/commands/guest_request.hpp"

#include "parley/base/file.hpp"

namespace parley::app {
namespace {

constexpr std::size_t kMaxFileSize = std::size_t{1} << 32;

std::expected<SharedBytes, Failure> open_file(const char *what, const std::string &path) {
  auto file = SharedBytes::open(path, kMaxFileSize);
  if (file) return std::move(*file);
  return std::unexpected(Failure{"cannot read the " + std::string(what) + " " + path, errno_text(file.error().error),
                                 "name a file that exists and is readable"});
}

std::expected<guest::Payload, Failure> load_payload(const GuestOptions &options) {
  if (!options.kernel && !options.payload) return guest::builtin_payload();
  const std::string &path = options.kernel ? *options.kernel : *options.payload;
  auto file = open_file(options.kernel ? "kernel" : "payload", path);
  if (!file) return std::unexpected(file.error());
  return options.kernel ? guest::read_kernel(*file, path) : guest::read_payload(std::move(*file), path);
}

// A program that is linked at 0 does not know the client interface: it expects the tree's address in r3.
guest::BootKind boot_kind(const GuestOptions &options, const guest::Payload &payload) {
  if (!options.kernel) return guest::BootKind::kFlatTree;
  const auto suitable = payload.relocates_itself ? guest::BootKind::kFlatTree : guest::BootKind::kClientInterface;
  return options.boot.value_or(suitable);
}

}  // namespace

std::expected<guest::GuestRequest, Failure> make_request(const GuestOptions &options) {
  guest::GuestRequest request;
  request.memory_size = options.memory_size;
  request.processors = options.processors;
  request.threads = options.threads;
  request.nested = options.nested;
  request.terminals = options.terminals;
  if (options.memory_path == "hugetlb") {
    request.memory.huge = true;
  } else {
    request.memory.folder = options.memory_path;
  }
  request.command_line = options.command_line;
  auto payload = load_payload(options);
  if (!payload) return std::unexpected(payload.error());
  request.payload = std::move(*payload);
  request.boot = boot_kind(options, request.payload);
  if (options.initrd) {
    auto initrd = open_file("initrd", *options.initrd);
    if (!initrd) return std::unexpected(initrd.error());
    request.initrd = std::move(*initrd);
  }
  return request;
}

}  // namespace parley::app
