// SPDX-License-Identifier: Apache-2.0
//
// Recognizes files that are not kernels for this machine.
//
// Kernels are distributed in several formats, and a user may pass a file that Parley cannot load: a compressed kernel,
// an image for another boot loader or another architecture, an initrd, a script. Each format has a magic number at a
// fixed offset. The table below maps it to a name, so that the message can name the format.
//
// Sources of the numbers: the formats' own specifications; for kernels Documentation/arch/x86/boot.rst (HdrS),
// Documentation/arch/arm64/booting.rst and Documentation/arch/riscv/boot-image-header.rst in Linux. A 32-bit ELF file
// is most likely a zImage (arch/powerpc/boot): a 32-bit boot wrapper that contains the compressed kernel.
#include "kernel_format.hpp"

#include <elf.h>

#include <algorithm>
#include <array>

namespace parley::guest {
namespace {

struct Magic {
  std::size_t at;
  std::string_view bytes;
  std::string_view name;
};

using namespace std::string_view_literals;

constexpr std::array kMagics{
    Magic{0, "\x1f\x8b"sv, "a gzip-compressed file"},
    Magic{0,
          "\xfd"
          "7zXZ\0"sv,
          "an xz-compressed file"},
    Magic{0, "\x28\xb5\x2f\xfd"sv, "a zstd-compressed file"},
    Magic{0, "BZh"sv, "a bzip2-compressed file"},
    Magic{0, "\x04\x22\x4d\x18"sv, "an lz4-compressed file"},
    Magic{0, "\x27\x05\x19\x56"sv, "a U-Boot image (uImage)"},
    Magic{0, "\xd0\x0d\xfe\xed"sv, "a device tree blob or a FIT image"},
    Magic{0x202, "HdrS"sv, "an x86 kernel (bzImage)"},
    Magic{0x38, "ARM\x64"sv, "an ARM64 kernel (Image)"},
    Magic{0x38, "RSC\x05"sv, "a RISC-V kernel (Image)"},
    Magic{0, "MZ"sv, "an EFI or DOS program"},
    Magic{0, "070701"sv, "a cpio archive (an initrd?)"},
    Magic{0, "#!"sv, "a script"},
    Magic{0, "!<arch>"sv, "an ar archive (a .deb?)"},
};

bool has(ByteView file, std::size_t at, std::string_view bytes) {
  if (file.size() < at + bytes.size()) return false;
  return std::ranges::equal(file.subspan(at, bytes.size()), std::as_bytes(std::span(bytes)));
}

}  // namespace

std::string_view foreign_format(ByteView file) {
  if (file.empty()) return "an empty file";
  if (has(file, 0, ELFMAG)) {
    const bool is_32_bit = file.size() > EI_CLASS && file[EI_CLASS] == std::byte{ELFCLASS32};
    return is_32_bit ? "a 32-bit ELF file: a boot wrapper around a compressed kernel (zImage)?" : "";
  }
  const auto found =
      std::ranges::find_if(kMagics, [&](const Magic &magic) { return has(file, magic.at, magic.bytes); });
  return found == kMagics.end() ? "neither an ELF file nor another format that Parley knows" : found->name;
}

}  // namespace parley::guest
