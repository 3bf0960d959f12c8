// SPDX-License-Identifier: Apache-2.0
#include "parley/guest/payload.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "builtin_image.hpp"
#include "kernel_format.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"

namespace parley::guest {
namespace {

Failure bad_payload(const std::string &name, std::string why) {
  return {"cannot load the payload " + name, std::move(why),
          "give a flat binary or an ELF64 executable for ppc64 or ppc64le"};
}

// A reader for the fields of one file, in the byte order that its ELF header announces.
class ElfFile {
 public:
  ElfFile(ByteView file, bool little_endian) : file_(file), little_endian_(little_endian) {}

  template <typename T>
  std::optional<T> structure(std::uint64_t at) const {
    if (!contains(at, sizeof(T))) return std::nullopt;
    T value;
    std::memcpy(&value, file_.data() + at, sizeof value);
    return value;
  }
  bool contains(std::uint64_t at, std::uint64_t length) const {
    return at <= file_.size() && length <= file_.size() - at;
  }
  template <std::unsigned_integral T>
  T field(T raw) const {
    const bool native_little = std::endian::native == std::endian::little;
    return little_endian_ == native_little ? raw : std::byteswap(raw);
  }

 private:
  ByteView file_;
  bool little_endian_;
};

std::expected<Segment, std::string> load_segment(const SharedBytes &source, const ElfFile &file,
                                                 const Elf64_Phdr &header) {
  const Segment segment{GuestAddress{file.field(header.p_paddr)}, source, file.field(header.p_offset),
                        file.field(header.p_filesz), file.field(header.p_memsz)};
  if (!file.contains(segment.offset, segment.length))
    return std::unexpected("a segment lies beyond the end of the file: it is truncated");
  if (segment.length > segment.size) return std::unexpected("a segment is larger in the file than in memory");
  if (segment.size > ~segment.at.value) return std::unexpected("a segment ends beyond the last address");
  return segment;
}

std::expected<Payload, std::string> read_elf(const SharedBytes &source, const std::string &name) {
  const ByteView bytes = source.view();
  if (bytes.size() < EI_NIDENT) return std::unexpected("its ELF header is truncated");
  const auto ident = static_cast<unsigned char>(bytes[EI_CLASS]);
  if (ident != ELFCLASS64) return std::unexpected("it is a 32-bit ELF file");
  const auto order = static_cast<unsigned char>(bytes[EI_DATA]);
  if (order != ELFDATA2LSB && order != ELFDATA2MSB) return std::unexpected("its ELF header gives no byte order");
  const ElfFile file(bytes, order == ELFDATA2LSB);
  const auto header = file.structure<Elf64_Ehdr>(0);
  if (!header) return std::unexpected("its ELF header is truncated");
  if (file.field(header->e_machine) != EM_PPC64)
    return std::unexpected("it is an ELF file for machine " + std::to_string(file.field(header->e_machine)) +
                           ", not for 64-bit PowerPC");
  if (file.field(header->e_phentsize) != sizeof(Elf64_Phdr))
    return std::unexpected("its program headers have an unknown size");

  Payload payload{name, {}, {}, order == ELFDATA2LSB};
  const std::uint64_t entry = file.field(header->e_entry);
  bool entry_found = false;
  for (unsigned i = 0; i < file.field(header->e_phnum); ++i) {
    const auto program = file.structure<Elf64_Phdr>(file.field(header->e_phoff) + i * sizeof(Elf64_Phdr));
    if (!program) return std::unexpected("its program headers are truncated");
    if (file.field(program->p_type) != PT_LOAD || file.field(program->p_memsz) == 0) continue;
    // The entry point is virtual; it moves with its segment.
    const std::uint64_t offset = entry - file.field(program->p_vaddr);
    if (entry >= file.field(program->p_vaddr) && offset < file.field(program->p_memsz)) {
      payload.entry = GuestAddress{file.field(program->p_paddr) + offset};
      entry_found = true;
    }
    payload.segments.push_back(TRY(load_segment(source, file, *program)));
  }
  if (payload.segments.empty()) return std::unexpected("it has nothing to load");
  if (!entry_found) return std::unexpected("its entry point " + hex64(entry) + " lies in no segment");
  return payload;
}

bool is_elf(ByteView bytes) { return bytes.size() >= EI_NIDENT && std::memcmp(bytes.data(), ELFMAG, SELFMAG) == 0; }

Payload flat(SharedBytes content, std::string name) {
  return {std::move(name), {whole(std::move(content), GuestAddress{0})}, GuestAddress{0}, true};
}

}  // namespace

bool operator==(const Segment &a, const Segment &b) {
  return a.at == b.at && a.size == b.size && std::ranges::equal(a.content(), b.content());
}

Segment whole(SharedBytes source, GuestAddress at) {
  const std::uint64_t length = source.view().size();
  return {at, std::move(source), 0, length, length};
}

std::uint64_t Payload::end() const {
  std::uint64_t highest = 0;
  for (const Segment &segment : segments) highest = std::max(highest, segment.end());
  return highest;
}

Payload builtin_payload() {
  const auto image = std::as_bytes(std::span(kBuiltinImage));
  return flat(SharedBytes(Bytes(image.begin(), image.end())), "built-in guest");
}

std::expected<Payload, Failure> read_payload(SharedBytes file, const std::string &name) {
  if (file.view().empty()) return std::unexpected(bad_payload(name, "the file is empty"));
  if (!is_elf(file.view())) return flat(std::move(file), name);
  auto payload = read_elf(file, name);
  if (!payload) return std::unexpected(bad_payload(name, payload.error()));
  return std::move(*payload);
}

std::expected<Payload, Failure> read_kernel(const SharedBytes &file, const std::string &name) {
  const auto refuse = [&](std::string why) {
    return std::unexpected(Failure{"cannot load the kernel " + name, std::move(why),
                                   "give a vmlinux for ppc64 or ppc64le: an ELF file, not compressed (Debian has it as "
                                   "/boot/vmlinux-VERSION or, from Linux 7 on, as /boot/vmlinuz-VERSION)"});
  };
  if (const auto foreign = foreign_format(file.view()); !foreign.empty())
    return refuse("it is " + std::string(foreign));
  auto payload = read_elf(file, name);
  if (!payload) return refuse(payload.error());
  return std::move(*payload);
}

}  // namespace parley::guest
