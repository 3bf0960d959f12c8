// SPDX-License-Identifier: Apache-2.0
#include "parley/guest/payload.hpp"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace parley::guest {
namespace {

using ::testing::HasSubstr;

// A big- or little-endian ELF file with one segment of eight bytes, loaded at 0x400000 and linked at
// 0xc000000000000000.
class ElfImage {
 public:
  explicit ElfImage(bool little_endian = true) : little_endian_(little_endian) {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = little_endian ? ELFDATA2LSB : ELFDATA2MSB;
    put(header.e_type, ET_EXEC);
    put(header.e_machine, EM_PPC64);
    put(header.e_phoff, sizeof header);
    put(header.e_phentsize, sizeof program);
    put(header.e_phnum, 2);
    put(header.e_entry, 0xc000000000000004);
    put(program.p_type, PT_LOAD);
    put(program.p_offset, kContents);
    put(program.p_vaddr, 0xc000000000000000);
    put(program.p_paddr, 0x400000);
    put(program.p_filesz, 8);
    put(program.p_memsz, 0x100);
  }
  template <typename T>
  void put(T &field, std::uint64_t value) const {
    const bool native_little = std::endian::native == std::endian::little;
    field = static_cast<T>(value);
    if (little_endian_ != native_little) field = std::byteswap(field);
  }
  /// Appends a note.
  void note(std::string_view owner, std::uint32_t type, std::size_t size) {
    Elf64_Nhdr head{};
    put(head.n_namesz, owner.size() + 1);
    put(head.n_descsz, size);
    put(head.n_type, type);
    const std::size_t at = notes_.size();
    notes_.resize(at + sizeof head + (owner.size() + 4) / 4 * 4 + (size + 3) / 4 * 4);
    std::memcpy(notes_.data() + at, &head, sizeof head);
    std::memcpy(notes_.data() + at + sizeof head, owner.data(), owner.size());
    put(extra.p_type, PT_NOTE);
    put(extra.p_offset, kContents + 8);
    put(extra.p_filesz, notes_.size());
  }
  Bytes bytes() const {
    Bytes file(kContents + 8);
    std::memcpy(file.data(), &header, sizeof header);
    std::memcpy(file.data() + sizeof header, &program, sizeof program);
    std::memcpy(file.data() + sizeof header + sizeof program, &extra, sizeof extra);
    std::memcpy(file.data() + kContents, "contents", 8);
    file.insert(file.end(), notes_.begin(), notes_.end());
    return file;
  }

  Elf64_Ehdr header{};
  Elf64_Phdr program{};
  Elf64_Phdr extra{};  ///< one more, of no type

 private:
  static constexpr std::size_t kContents = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr);

  bool little_endian_;
  Bytes notes_;
};

std::string refusal(const Bytes &file) { return read_payload(SharedBytes(file), "file").error().why; }

TEST(Payload, OfAnElfFileIsLoadedAtItsPhysicalAddresses) {
  for (const bool little : {true, false}) {
    const auto payload = read_payload(SharedBytes(ElfImage(little).bytes()), "file");
    ASSERT_TRUE(payload);
    ASSERT_EQ(payload->segments.size(), 1u);
    EXPECT_EQ(payload->segments[0].at, GuestAddress{0x400000});
    EXPECT_EQ(payload->segments[0].content().size(), 8u);
    EXPECT_EQ(payload->entry, GuestAddress{0x400004});
    EXPECT_EQ(payload->end(), 0x400100u);
    EXPECT_FALSE(payload->little_endian) << "firmware enters programs of either byte order big-endian";
    EXPECT_FALSE(payload->relocates_itself);
  }
}

// A program that is linked at 0 and relocates itself: its entry is not in the ELF header, and it has a dynamic section.
ElfImage position_independent(bool little_endian = true) {
  ElfImage image(little_endian);
  image.put(image.header.e_type, ET_DYN);
  image.put(image.header.e_entry, 4);
  image.put(image.program.p_vaddr, 0);
  image.put(image.program.p_paddr, 0);
  image.put(image.extra.p_type, PT_DYNAMIC);
  return image;
}

TEST(Payload, ThatIsLinkedAtZeroAndRelocatesItselfIsLoadedWhereQemuLoadsIt) {
  for (const bool little : {true, false}) {
    const auto payload = read_payload(SharedBytes(position_independent(little).bytes()), "file");
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->segments[0].at, GuestAddress{0x400000});
    EXPECT_EQ(payload->entry, GuestAddress{0x400004});
    EXPECT_EQ(payload->end(), 0x400100u);
    EXPECT_TRUE(payload->relocates_itself);
    EXPECT_FALSE(payload->little_endian);
  }
}

TEST(Payload, OfAPositionIndependentLinuxIsLoadedAtItsPhysicalAddress) {
  ElfImage image;
  image.put(image.header.e_type, ET_DYN);
  image.put(image.program.p_paddr, 0);
  const auto payload = read_payload(SharedBytes(image.bytes()), "vmlinux");
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->segments[0].at, GuestAddress{0});
  EXPECT_FALSE(payload->relocates_itself);
}

TEST(Payload, ThatCannotStartAMachineIsRefusedAndItsKindNamed) {
  const std::pair<void (*)(ElfImage &), const char *> kinds[] = {
      {[](ElfImage &image) { image.put(image.header.e_type, ET_REL); }, "not linked (a kernel module?)"},
      {[](ElfImage &image) { image.put(image.header.e_type, ET_CORE); }, "a core dump"},
      {[](ElfImage &image) { image.put(image.header.e_type, 77); }, "unknown type 77"},
      {[](ElfImage &image) { image.put(image.extra.p_type, PT_INTERP); }, "needs a dynamic loader"},
      {[](ElfImage &image) { image.put(image.program.p_paddr, 0xc000000000000000); }, "where no machine has memory"},
      {[](ElfImage &image) {
         image = position_independent();
         image.put(image.extra.p_type, PT_NULL);
       },
       "no dynamic section to relocate itself"},
      {[](ElfImage &image) {
         image = position_independent();
         image.put(image.program.p_offset, 0);
         image.put(image.header.e_entry, 0);
       },
       "it is a library, not a program"}};
  for (const auto &[spoil, why] : kinds) {
    ElfImage image;
    spoil(image);
    EXPECT_THAT(refusal(image.bytes()), HasSubstr(why));
    EXPECT_THAT(read_kernel(SharedBytes(image.bytes()), "file").error().why, HasSubstr(why));
  }
}

TEST(Payload, ThatRunsInLinuxIsRecognizedByTheNoteOfItsCLibrary) {
  for (const bool little : {true, false}) {
    ElfImage image(little);
    image.note("GNU", 3, 20);  // a build id, which kernels also have
    EXPECT_TRUE(read_payload(SharedBytes(image.bytes()), "file"));
    image.note("GNU", 1, 16);
    EXPECT_THAT(refusal(image.bytes()), HasSubstr("runs in Linux"));
  }
}

TEST(Payload, OfAnyOtherFileIsFlat) {
  const auto payload = read_payload(SharedBytes(Bytes(10, std::byte{1})), "file");
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->entry, GuestAddress{0});
  EXPECT_EQ(payload->end(), 10u);
  EXPECT_TRUE(payload->little_endian);
}

TEST(Payload, ThatIsEmptyIsRefused) { EXPECT_EQ(refusal({}), "the file is empty"); }

TEST(Payload, ForAnotherMachineIsRefusedAndTheMachineNamed) {
  ElfImage image;
  image.put(image.header.e_machine, EM_X86_64);
  EXPECT_THAT(refusal(image.bytes()), HasSubstr("machine 62"));
  image.header.e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_THAT(refusal(image.bytes()), HasSubstr("32-bit"));
}

TEST(Payload, ThatIsTruncatedAnywhereIsRefused) {
  const Bytes whole = ElfImage().bytes();
  for (std::size_t length = EI_NIDENT; length < whole.size(); ++length) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(read_payload(SharedBytes(cut), "file")) << length;
  }
}

TEST(Payload, WithABadSegmentIsRefused) {
  ElfImage larger_in_file;
  larger_in_file.put(larger_in_file.program.p_memsz, 4);
  EXPECT_THAT(refusal(larger_in_file.bytes()), HasSubstr("larger in the file"));
  ElfImage wraps;
  wraps.put(wraps.program.p_paddr, ~0ull - 0x10);
  EXPECT_THAT(refusal(wraps.bytes()), HasSubstr("beyond the last address"));
  ElfImage nothing;
  nothing.put(nothing.program.p_type, PT_NOTE);
  EXPECT_THAT(refusal(nothing.bytes()), HasSubstr("no segment to load"));
  ElfImage elsewhere;
  elsewhere.put(elsewhere.header.e_entry, 0x1000);
  EXPECT_THAT(refusal(elsewhere.bytes()), HasSubstr("is in no segment"));
}

TEST(Payload, BuiltInIsSmallAndStartsAtZero) {
  const Payload payload = builtin_payload();
  EXPECT_EQ(payload.entry, GuestAddress{0});
  EXPECT_GT(payload.end(), 256u);
  EXPECT_LT(payload.end(), 4096u);
}

std::string kernel_refusal(const Bytes &file) { return read_kernel(SharedBytes(file), "vmlinuz").error().why; }

TEST(Kernel, IsAnElfFileForPowerPc) {
  EXPECT_EQ(read_kernel(SharedBytes(ElfImage().bytes()), "vmlinux")->entry, GuestAddress{0x400004});
  ElfImage other;
  other.put(other.header.e_machine, EM_S390);
  EXPECT_THAT(kernel_refusal(other.bytes()), HasSubstr("machine 22"));
}

TEST(Kernel, ThatIsTruncatedAnywhereIsRefused) {
  const Bytes whole = ElfImage().bytes();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(read_kernel(SharedBytes(cut), "vmlinux")) << length;
  }
}

Bytes file_with(std::size_t at, std::string_view magic) {
  Bytes file(1024);
  std::ranges::copy(std::as_bytes(std::span(magic)), file.begin() + static_cast<std::ptrdiff_t>(at));
  return file;
}

TEST(Kernel, OfAnotherFormatIsRefusedAndTheFormatNamed) {
  const struct {
    std::size_t at;
    std::string_view magic;
    const char *what;
  } cases[] = {
      {0, "\x1f\x8b", "it is a gzip-compressed file"},
      {0,
       "\xfd"
       "7zXZ",
       "it is an xz-compressed file"},
      {0, "\x28\xb5\x2f\xfd", "it is a zstd-compressed file"},
      {0, "\x27\x05\x19\x56", "it is a U-Boot image (uImage)"},
      {0x202, "HdrS", "it is an x86 kernel (bzImage)"},
      {0x38, "ARM\x64", "it is an ARM64 kernel (Image)"},
      {0, "MZ", "it is an EFI or DOS program"},
      {0, "070701", "it is a cpio archive (an initrd?)"},
      {0,
       "\x7f"
       "ELF\x01",
       "it is a 32-bit ELF file: a boot wrapper around a compressed kernel (zImage)?"},
      {0, "hello", "it is neither an ELF file nor another format that Parley knows"},
  };
  for (const auto &c : cases) {
    EXPECT_EQ(kernel_refusal(file_with(c.at, c.magic)), c.what);
  }
  EXPECT_EQ(kernel_refusal({}), "it is an empty file");
  EXPECT_THAT(read_kernel(SharedBytes(Bytes(10)), "x").error().what_to_do, HasSubstr("vmlinux"));
}

}  // namespace
}  // namespace parley::guest
