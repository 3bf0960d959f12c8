// SPDX-License-Identifier: Apache-2.0
#include "parley/machine/ram_files.hpp"

#include <stdlib.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>

#include "parley/base/try.hpp"

namespace parley::machine {
namespace {

Failure cannot_use(const std::string &folder, std::string why, std::string what_to_do) {
  return {"cannot take the guest's memory from " + folder, std::move(why), std::move(what_to_do)};
}

// hugetlbfs has no O_TMPFILE, so the file has a name for a moment.
std::expected<FileDescriptor, Failure> create_unnamed(const std::string &folder) {
  std::string name = folder + "/parley.XXXXXX";
  FileDescriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file)
    return std::unexpected(cannot_use(folder, "mkostemp: " + errno_text(errno),
                                      "give a folder on tmpfs or hugetlbfs in which files may be created"));
  ::unlink(name.c_str());
  return file;
}

// If the folder runs out of pages later, SIGBUS ends the process.
std::expected<void, Failure> check_room(int fd, const std::string &folder, const guest::MachinePlan &plan) {
  struct statfs place {};
  if (::fstatfs(fd, &place) != 0)
    return std::unexpected(cannot_use(folder, "fstatfs: " + errno_text(errno), "give another folder"));
  const auto page = static_cast<std::uint64_t>(place.f_bsize);
  const std::uint64_t free = place.f_bavail * page;
  for (const guest::MemoryRegion &region : plan.regions)
    if (page != 0 && region.size % page != 0)
      return std::unexpected(cannot_use(folder, "its pages have " + std::to_string(page >> 10) + " KiB",
                                        "give the guest a memory size (-m) that is a multiple of the page size"));
  if (place.f_blocks != 0 && free < plan.memory_size)
    return std::unexpected(cannot_use(folder,
                                      "the guest has " + std::to_string(plan.memory_size >> 20) + " MiB, and " +
                                          std::to_string(free >> 20) + " MiB are free there",
                                      "give the guest less memory (-m), or the folder more: its size option, or for "
                                      "hugetlbfs more pages (/proc/sys/vm/nr_hugepages)"));
  return {};
}

std::expected<kvm::Descriptor, Failure> create_memfd(kvm::Kernel &kernel, bool huge) {
  auto file = kvm::create_memory_file(kernel, "guest RAM", 0, huge);
  if (file) return std::move(*file);
  return std::unexpected(
      Failure{"cannot create a file for the guest's memory", describe(file.error()),
              huge ? "see that the kernel has huge pages (CONFIG_HUGETLBFS); EMFILE: allow more files (ulimit -n)"
                   : "EMFILE: allow more files (ulimit -n)"});
}

}  // namespace

const RamFiles &RamFiles::none() {
  static const RamFiles none;
  return none;
}

std::expected<RamFiles, Failure> RamFiles::open(kvm::Kernel &kernel, const guest::MachinePlan &plan) {
  RamFiles files;
  if (!plan.memory.is_shared()) return files;
  const std::string source = plan.memory.folder.value_or("the host's huge pages");
  for (std::size_t i = 0; i < plan.regions.size(); ++i) {
    if (plan.memory.folder) {
      files.files_.emplace_back(TRY(create_unnamed(*plan.memory.folder)));
    } else {
      files.files_.emplace_back(TRY(create_memfd(kernel, plan.memory.huge)));
    }
  }
  if (plan.memory.folder || plan.memory.huge) TRY(check_room(files.fd(0), source, plan));
  return files;
}

int RamFiles::fd(std::size_t region) const {
  const auto &file = files_[region];
  if (const auto *own = std::get_if<FileDescriptor>(&file)) return own->get();
  return std::get<kvm::Descriptor>(file).fd();
}

}  // namespace parley::machine
