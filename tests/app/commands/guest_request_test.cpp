// SPDX-License-Identifier: Apache-2.0
//
// From options and files to a guest: how a program is started, and what the user is told before.
#include "app/commands/guest_request.hpp"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <filesystem>
#include <fstream>

#include "app/run_parley.hpp"

namespace parley::app {
namespace {

using guest::BootKind;
using parley::testing::FakeKvm;
using ::testing::HasSubstr;
using ::testing::Not;

template <typename T>
void put(T &field, std::uint64_t value) {
  field = static_cast<T>(value);
  if constexpr (std::endian::native == std::endian::big) field = std::byteswap(field);
}

// An ELF file of one page: by its headers a Linux, or a program that is linked at 0.
class AGuestFile : public ::testing::Test {
 protected:
  ~AGuestFile() override { std::filesystem::remove(path_); }

  const std::string &file(bool is_linux) {
    struct {
      Elf64_Ehdr header{};
      Elf64_Phdr load{};
      Elf64_Phdr dynamic{};
    } image;
    std::ranges::copy(std::string_view(ELFMAG, SELFMAG), image.header.e_ident);
    image.header.e_ident[EI_CLASS] = ELFCLASS64;
    image.header.e_ident[EI_DATA] = ELFDATA2LSB;
    put(image.header.e_type, ET_DYN);
    put(image.header.e_machine, EM_PPC64);
    put(image.header.e_phoff, sizeof image.header);
    put(image.header.e_phentsize, sizeof image.load);
    put(image.header.e_phnum, 2);
    put(image.header.e_entry, is_linux ? 0xc000000000000000 : 0);
    put(image.load.p_type, PT_LOAD);
    put(image.load.p_vaddr, is_linux ? 0xc000000000000000 : 0);
    put(image.load.p_offset, sizeof image);
    put(image.load.p_filesz, 16);
    put(image.load.p_memsz, 4096);
    put(image.dynamic.p_type, PT_DYNAMIC);
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char *>(&image), sizeof image)
        .write("0123456789abcdef", 16);
    return path_;
  }

  const std::string path_ = std::filesystem::temp_directory_path() / ("parley-guest-" + std::to_string(::getpid()));
};

TEST_F(AGuestFile, StartsAsItExpectsUnlessTheUserDecidesOtherwise) {
  const struct {
    bool is_linux;
    bool as_kernel;
    std::optional<BootKind> asked;
    BootKind boot;
  } cases[] = {{true, true, {}, BootKind::kClientInterface},
               {false, true, {}, BootKind::kFlatTree},
               {true, true, BootKind::kFlatTree, BootKind::kFlatTree},
               {false, true, BootKind::kClientInterface, BootKind::kClientInterface},
               {true, false, {}, BootKind::kFlatTree},
               {false, false, {}, BootKind::kFlatTree}};
  for (const auto &[is_linux, as_kernel, asked, boot] : cases) {
    GuestOptions options;
    options.memory_size = guest::kMinMemory;
    (as_kernel ? options.kernel : options.payload) = file(is_linux);
    options.boot = asked;
    EXPECT_EQ(make_request(options)->boot, boot) << is_linux << as_kernel;
  }
}

TEST_F(AGuestFile, WithALinuxRunsWithAWarningAboutItsSilentConsoleAndARemarkOnItsProcessor) {
  FakeKvm fake;
  const std::string kernel = file(true);
  const Outcome outcome = parley_on_power(
      {"run", "--sandbox", "off", "-kernel", kernel.c_str(), "-append", "console=ttyS0", "-cpu", "POWER9"}, fake);
  EXPECT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("console=ttyS0 names a device that the guest does not have"));
  EXPECT_THAT(outcome.err, HasSubstr("-cpu POWER9 is taken as --compat power9"));
}

TEST_F(AGuestFile, WithAnotherProgramMayHaveAnyConsoleInItsCommandLine) {
  FakeKvm fake;
  const std::string program = file(false);
  const Outcome outcome =
      parley_on_power({"run", "--sandbox", "off", "-kernel", program.c_str(), "-append", "console=ttyS0"}, fake);
  EXPECT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_THAT(outcome.err, Not(HasSubstr("falls silent")));
}

}  // namespace
}  // namespace parley::app
