// SPDX-License-Identifier: Apache-2.0
//
// Reads ELF files and refuses those that cannot start a machine.
//
// The loader uses only the ELF header and the program headers (System V ABI, 64-bit PowerPC). Every PT_LOAD header
// becomes a segment at its physical address (p_paddr). The entry point (e_entry) is a virtual address, so it is
// converted with the segment that contains it. All fields are read in the file's own byte order.
//
// A file may be a valid ELF file for PowerPC and still be the wrong kind of program. These signs tell:
//
//   ET_REL, ET_CORE         an object file (such as a kernel module), a core dump
//   PT_INTERP               a program that needs a dynamic loader
//   note "GNU", type 1      a static program for Linux: the C library adds this note to each program
//   ET_DYN linked at 0      a program that must relocate itself; without PT_DYNAMIC it cannot
//   entry in the ELF header a shared library without an entry point
//
// A position-independent Linux kernel is ET_DYN as well, but it is linked at 0xc000000000000000, not at 0.
//
// The file comes from the user and may be damaged. Every offset is checked against the size of the file before it is
// used.
#include "parley/guest/payload.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
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
          "give an ELF64 executable or a flat binary for ppc64 or ppc64le that needs no operating system"};
}

// Reads the structures and fields of one file, in the byte order of its ELF header.
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

// Linux on POWER supports 51 bits of physical address (MAX_PHYSMEM_BITS). A file with larger physical addresses has
// virtual addresses in their place.
constexpr std::uint64_t kAddressLimit = std::uint64_t{1} << 51;

std::expected<Segment, std::string> load_segment(const SharedBytes &source, const ElfFile &file,
                                                 const Elf64_Phdr &header) {
  const Segment segment{GuestAddress{file.field(header.p_paddr)}, source, file.field(header.p_offset),
                        file.field(header.p_filesz), file.field(header.p_memsz)};
  if (!file.contains(segment.offset, segment.length))
    return std::unexpected("a segment extends beyond the end of the file: the file is truncated");
  if (segment.length > segment.size) return std::unexpected("a segment is larger in the file than in memory");
  if (segment.size > ~segment.at.value) return std::unexpected("a segment ends beyond the last address");
  if (segment.end() > kAddressLimit)
    return std::unexpected("it must be loaded at " + hex64(segment.at.value) + ", where no machine has memory");
  return segment;
}

// A summary of the program headers.
struct Headers {
  std::vector<Elf64_Phdr> load;
  bool dynamic = false;
  std::string foreign;  ///< the reason why it cannot start a machine; "" for none
};

// The C library adds this note to each program for Linux (LSB core specification, "ABI note tag").
bool has_abi_note(const ElfFile &file, const Elf64_Phdr &notes) {
  constexpr std::uint64_t kWord = 4;
  constexpr std::uint64_t kAbiTag = 1;
  const auto padded = [](std::uint64_t length) { return (length + kWord - 1) / kWord * kWord; };
  std::uint64_t at = file.field(notes.p_offset);
  const std::uint64_t end = at + std::min<std::uint64_t>(file.field(notes.p_filesz), 4096);
  while (at + sizeof(Elf64_Nhdr) <= end) {
    const auto note = file.structure<Elf64_Nhdr>(at);
    const auto owner = file.structure<std::array<char, 4>>(at + sizeof(Elf64_Nhdr));
    if (!note || !owner) return false;
    if (file.field(note->n_type) == kAbiTag && file.field(note->n_namesz) == owner->size() &&
        std::string_view(owner->data(), owner->size()) == std::string_view("GNU\0", 4))
      return true;
    at += sizeof(Elf64_Nhdr) + padded(file.field(note->n_namesz)) + padded(file.field(note->n_descsz));
  }
  return false;
}

std::string foreign_part(const ElfFile &file, const Elf64_Phdr &program) {
  switch (file.field(program.p_type)) {
    case PT_INTERP:
      return "it is a program for an operating system: it needs a dynamic loader";
    case PT_NOTE:
      return has_abi_note(file, program) ? "it is a program that runs in Linux, not a kernel" : "";
    default:
      return "";
  }
}

std::expected<Headers, std::string> read_headers(const ElfFile &file, const Elf64_Ehdr &header) {
  Headers headers;
  for (unsigned i = 0; i < file.field(header.e_phnum); ++i) {
    const auto program = file.structure<Elf64_Phdr>(file.field(header.e_phoff) + i * sizeof(Elf64_Phdr));
    if (!program) return std::unexpected("its program headers are truncated");
    if (headers.foreign.empty()) headers.foreign = foreign_part(file, *program);
    headers.dynamic |= file.field(program->p_type) == PT_DYNAMIC;
    if (file.field(program->p_type) == PT_LOAD && file.field(program->p_memsz) != 0) headers.load.push_back(*program);
  }
  return headers;
}

std::expected<Elf64_Ehdr, std::string> read_header(ByteView bytes, const ElfFile &file) {
  const auto ident = static_cast<unsigned char>(bytes[EI_CLASS]);
  if (ident != ELFCLASS64) return std::unexpected("it is a 32-bit ELF file");
  const auto order = static_cast<unsigned char>(bytes[EI_DATA]);
  if (order != ELFDATA2LSB && order != ELFDATA2MSB) return std::unexpected("its ELF header gives no byte order");
  const auto header = file.structure<Elf64_Ehdr>(0);
  if (!header) return std::unexpected("its ELF header is truncated");
  if (file.field(header->e_machine) != EM_PPC64)
    return std::unexpected("it is an ELF file for machine " + std::to_string(file.field(header->e_machine)) +
                           ", not for 64-bit PowerPC");
  const unsigned type = file.field(header->e_type);
  if (type == ET_REL) return std::unexpected("it is an object file that is not linked (a kernel module?)");
  if (type == ET_CORE) return std::unexpected("it is a core dump");
  if (type != ET_EXEC && type != ET_DYN)
    return std::unexpected("it is an ELF file of the unknown type " + std::to_string(type));
  if (file.field(header->e_phentsize) != sizeof(Elf64_Phdr))
    return std::unexpected("its program headers have an unknown size");
  return *header;
}

// The reason why a file of type DYN that is linked at 0 cannot be entered; "" if it can.
std::string not_relocatable(const ElfFile &file, const Headers &headers, std::uint64_t entry) {
  if (!headers.dynamic)
    return "it is linked at 0 like a position-independent program, but it has no dynamic section to relocate itself";
  for (const Elf64_Phdr &program : headers.load) {
    const std::uint64_t in_file = file.field(program.p_offset) + (entry - file.field(program.p_vaddr));
    if (entry >= file.field(program.p_vaddr) && in_file < sizeof(Elf64_Ehdr))
      return "its entry point is inside its own ELF header: it is a library, not a program";
  }
  return "";
}

std::expected<Payload, std::string> read_elf(const SharedBytes &source, const std::string &name) {
  const ByteView bytes = source.view();
  if (bytes.size() < EI_NIDENT) return std::unexpected("its ELF header is truncated");
  const ElfFile file(bytes, static_cast<unsigned char>(bytes[EI_DATA]) == ELFDATA2LSB);
  const Elf64_Ehdr header = TRY(read_header(bytes, file));
  const Headers headers = TRY(read_headers(file, header));
  if (!headers.foreign.empty()) return std::unexpected(headers.foreign);
  if (headers.load.empty()) return std::unexpected("it has no segment to load");
  const auto linked_at =
      std::ranges::min(headers.load, {}, [&](const Elf64_Phdr &program) { return file.field(program.p_vaddr); });
  Payload payload{name, {}, {}, false, false};
  payload.relocates_itself = file.field(header.e_type) == ET_DYN && linked_at.p_vaddr == 0;
  const std::uint64_t entry = file.field(header.e_entry);
  if (payload.relocates_itself) {
    if (auto problem = not_relocatable(file, headers, entry); !problem.empty()) return std::unexpected(problem);
  }
  bool entry_found = false;
  for (const Elf64_Phdr &program : headers.load) {
    Segment segment = TRY(load_segment(source, file, program));
    if (payload.relocates_itself) segment.at.value += kProgramAddress.value;
    const std::uint64_t offset = entry - file.field(program.p_vaddr);
    if (entry >= file.field(program.p_vaddr) && offset < file.field(program.p_memsz)) {
      payload.entry = GuestAddress{segment.at.value + offset};
      entry_found = true;
    }
    payload.segments.push_back(std::move(segment));
  }
  if (!entry_found) return std::unexpected("its entry point " + hex64(entry) + " is in no segment");
  return payload;
}

bool is_elf(ByteView bytes) { return bytes.size() >= EI_NIDENT && std::memcmp(bytes.data(), ELFMAG, SELFMAG) == 0; }

Payload flat(SharedBytes content, std::string name) {
  return {std::move(name), {whole(std::move(content), GuestAddress{0})}, GuestAddress{0}, true, false};
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
                                   "give an uncompressed ELF file for ppc64 or ppc64le: a vmlinux, or a program that "
                                   "needs no operating system (Debian's kernel is /boot/vmlinux-VERSION or, from "
                                   "Linux 7 on, /boot/vmlinuz-VERSION)"});
  };
  if (const auto foreign = foreign_format(file.view()); !foreign.empty())
    return refuse("it is " + std::string(foreign));
  auto payload = read_elf(file, name);
  if (!payload) return refuse(payload.error());
  return std::move(*payload);
}

}  // namespace parley::guest
