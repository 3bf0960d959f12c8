// SPDX-License-Identifier: Apache-2.0
#include "parley/guest/payload.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "builtin_image.hpp"
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
    if (at > file_.size() || file_.size() - at < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, file_.data() + at, sizeof value);
    return value;
  }
  std::optional<ByteView> range(std::uint64_t at, std::uint64_t length) const {
    if (at > file_.size() || length > file_.size() - at) return std::nullopt;
    return file_.subspan(at, length);
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

std::expected<Segment, std::string> load_segment(const ElfFile &file, const Elf64_Phdr &header) {
  const std::uint64_t file_size = file.field(header.p_filesz);
  Segment segment{GuestAddress{file.field(header.p_paddr)}, {}, file.field(header.p_memsz)};
  const auto content = file.range(file.field(header.p_offset), file_size);
  if (!content) return std::unexpected("a segment lies beyond the end of the file: it is truncated");
  if (file_size > segment.size) return std::unexpected("a segment is larger in the file than in memory");
  if (segment.size > ~segment.at.value) return std::unexpected("a segment ends beyond the last address");
  segment.content.assign(content->begin(), content->end());
  return segment;
}

std::expected<Payload, std::string> read_elf(ByteView bytes, const std::string &name) {
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
    payload.segments.push_back(TRY(load_segment(file, *program)));
  }
  if (payload.segments.empty()) return std::unexpected("it has nothing to load");
  if (!entry_found) return std::unexpected("its entry point " + hex64(entry) + " lies in no segment");
  return payload;
}

Payload flat(Bytes content, std::string name) {
  Payload payload{std::move(name), {}, GuestAddress{0}, true};
  const std::uint64_t size = content.size();
  payload.segments.push_back({GuestAddress{0}, std::move(content), size});
  return payload;
}

}  // namespace

std::uint64_t Payload::end() const {
  std::uint64_t highest = 0;
  for (const Segment &segment : segments) highest = std::max(highest, segment.at.value + segment.size);
  return highest;
}

Payload builtin_payload() {
  const auto *bytes = reinterpret_cast<const std::byte *>(kBuiltinImage);
  return flat(Bytes(bytes, bytes + sizeof kBuiltinImage), "built-in guest");
}

std::expected<Payload, Failure> read_payload(Bytes file, const std::string &name) {
  if (file.empty()) return std::unexpected(bad_payload(name, "the file is empty"));
  const bool is_elf = file.size() >= EI_NIDENT && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0;
  if (!is_elf) return flat(std::move(file), name);
  auto payload = read_elf(file, name);
  if (!payload) return std::unexpected(bad_payload(name, payload.error()));
  return std::move(*payload);
}

}  // namespace parley::guest
