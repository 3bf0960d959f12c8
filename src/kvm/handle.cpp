// SPDX-License-Identifier: Apache-2.0
#include "parley/kvm/handle.hpp"

#include "parley/base/failure.hpp"

namespace parley::kvm {
namespace {

std::string mebibytes(std::uint64_t length) { return std::to_string(length >> 20) + " MiB of guest memory"; }

}  // namespace

std::string describe(const CallError &error) { return error.call + ": " + errno_text(error.error); }

std::expected<int, CallError> Descriptor::make(const IoctlInfo &call, unsigned long argument,
                                               std::string_view detail) const {
  const auto result = kernel_->ioctl(fd_, call, argument);
  if (result) return *result;
  std::string name(call.name);
  if (!detail.empty()) name.append(" ").append(detail);
  return std::unexpected(CallError{std::move(name), result.error()});
}

std::expected<Descriptor, CallError> create_memory_file(Kernel &kernel, const char *name, std::uint64_t length,
                                                        bool huge) {
  const auto fd = kernel.create_memory_file(name, huge);
  if (!fd) return std::unexpected(CallError{huge ? "memfd_create of huge pages" : "memfd_create", fd.error()});
  Descriptor file(kernel, *fd);
  if (const auto resized = kernel.resize_file(*fd, length); !resized)
    return std::unexpected(CallError{"ftruncate to " + mebibytes(length), resized.error()});
  return file;
}

std::expected<Mapping, CallError> Mapping::anonymous(Kernel &kernel, std::size_t length) {
  const auto address = kernel.mmap(length, -1);
  if (!address) return std::unexpected(CallError{"mmap of " + mebibytes(length), address.error()});
  return Mapping(kernel, {static_cast<std::byte *>(*address), length}, false);
}

std::expected<Mapping, CallError> Mapping::shared(Kernel &kernel, int fd, std::size_t length) {
  const auto address = kernel.mmap(length, fd);
  if (!address) return std::unexpected(CallError{"mmap of " + mebibytes(length) + ", shared", address.error()});
  return Mapping(kernel, {static_cast<std::byte *>(*address), length}, true);
}

std::expected<Mapping, CallError> Mapping::of(const Descriptor &descriptor, std::size_t length) {
  const auto address = descriptor.kernel().mmap(length, descriptor.fd());
  if (!address) return std::unexpected(CallError{"mmap of kvm_run", address.error()});
  return Mapping(descriptor.kernel(), {static_cast<std::byte *>(*address), length}, true);
}

std::expected<std::size_t, CallError> Mapping::lay_file(std::size_t at, int fd, std::uint64_t file_offset,
                                                        std::size_t length) {
  if (is_shared_) return 0u;
  const std::size_t page = kernel_->page_size();
  const std::size_t whole_pages = length / page * page;
  if (at % page != 0 || file_offset % page != 0 || whole_pages == 0) return 0u;
  const auto mapped = kernel_->mmap_file(bytes_.subspan(at, whole_pages).data(), whole_pages, fd, file_offset);
  if (!mapped) return std::unexpected(CallError{"mmap of a file into guest memory", mapped.error()});
  return whole_pages;
}

}  // namespace parley::kvm
