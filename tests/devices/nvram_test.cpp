// SPDX-License-Identifier: Apache-2.0
#include "parley/devices/nvram.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "parley/base/file.hpp"

namespace parley::devices {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::byte kA{'a'};
constexpr std::byte kB{'b'};

// --- Without a file

// One free partition: signature, checksum, 4096 blocks of 16 bytes, and the name of free space.
Bytes fresh() {
  Bytes content(Nvram::kSize);
  const std::uint8_t header[] = {0x7f, 0x29, 0x10, 0x00, 'w', 'w', 'w', 'w', 'w', 'w', 'w', 'w', 'w', 'w', 'w', 'w'};
  std::ranges::copy(std::as_bytes(std::span(header)), content.begin());
  return content;
}

Bytes all_of(const Nvram &nvram) {
  const auto bytes = nvram.read(0, Nvram::kSize);
  return {bytes.begin(), bytes.end()};
}

TEST(Nvram, StartsAsOneFreePartition) { EXPECT_EQ(all_of(Nvram()), fresh()); }

TEST(Nvram, IsReadUpToItsEnd) {
  const Nvram nvram;
  EXPECT_THAT(nvram.read(Nvram::kSize - 4, 4), SizeIs(4));
  EXPECT_THAT(nvram.read(Nvram::kSize - 4, 5), SizeIs(4));
  EXPECT_THAT(nvram.read(Nvram::kSize - 4, 0xffffffff), SizeIs(4));
  EXPECT_THAT(nvram.read(Nvram::kSize, 1), SizeIs(0));
  EXPECT_THAT(nvram.read(0xffffffff, 0xffffffff), SizeIs(0));
  EXPECT_THAT(nvram.read(0, 0), SizeIs(0));
}

TEST(Nvram, IsWrittenUpToItsEnd) {
  Nvram nvram;
  EXPECT_EQ(nvram.write(Nvram::kSize - 2, Bytes{kA, kB, kA}), 2u);
  EXPECT_EQ(nvram.write(Nvram::kSize, Bytes{kB}), 0u);
  EXPECT_EQ(nvram.write(0xffffffff, Bytes{kB}), 0u);
  EXPECT_EQ(nvram.write(0, Bytes()), 0u);
  EXPECT_THAT(nvram.read(Nvram::kSize - 3, 9), ElementsAre(std::byte{0}, kA, kB));
  EXPECT_EQ(nvram.read(0, 1)[0], std::byte{0x7f});
}

// --- In a file

class NvramFile : public ::testing::Test {
 protected:
  NvramFile() : folder_(std::filesystem::temp_directory_path() / ("parley-nvram-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~NvramFile() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path() const { return folder_ / "nvram"; }
  Bytes content() const { return read_file(path(), 1 << 20).value(); }

  // The reason why the file cannot be used; "" if it can.
  static std::string refusal(const std::filesystem::path &file) {
    const auto nvram = Nvram::open(file);
    if (nvram) return "";
    EXPECT_THAT(nvram.error().what, HasSubstr(file.string()));
    EXPECT_FALSE(nvram.error().what_to_do.empty());
    return nvram.error().why;
  }

  std::filesystem::path folder_;
};

TEST_F(NvramFile, IsCreatedFreshForItsOwnerOnly) {
  const auto nvram = Nvram::open(path());
  ASSERT_TRUE(nvram);
  EXPECT_EQ(all_of(*nvram), fresh());
  EXPECT_EQ(content(), fresh());
  EXPECT_EQ(std::filesystem::status(path()).permissions() & std::filesystem::perms(0077), std::filesystem::perms::none);
}

TEST_F(NvramFile, IsWrittenThroughAndReadBack) {
  {
    auto nvram = Nvram::open(path());
    ASSERT_TRUE(nvram);
    Nvram moved(std::move(*nvram));
    EXPECT_EQ(moved.write(100, Bytes{kA, kB}), 2u);
    EXPECT_EQ(moved.write(Nvram::kSize - 1, Bytes{kB, kB}), 1u);
    EXPECT_EQ(content().at(101), kB) << "the file must have it before it is closed";
    EXPECT_EQ(content().size(), Nvram::kSize);
  }
  const auto again = Nvram::open(path());
  ASSERT_TRUE(again);
  EXPECT_THAT(again->read(99, 4), ElementsAre(std::byte{0}, kA, kB, std::byte{0}));
  EXPECT_THAT(again->read(Nvram::kSize - 1, 1), ElementsAre(kB));
}

TEST_F(NvramFile, BelongsToOneGuestAtATime) {
  const auto nvram = Nvram::open(path());
  const auto second = Nvram::open(path());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().why, ::testing::HasSubstr("another guest uses it"));
}

TEST_F(NvramFile, OfAnotherSizeIsRefusedAndNotChanged) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{Nvram::kSize - 1}, std::size_t{Nvram::kSize + 1}}) {
    ASSERT_TRUE(write_file(path(), Bytes(size, kA)));
    EXPECT_THAT(refusal(path()), HasSubstr("65536")) << size;
    EXPECT_EQ(content(), Bytes(size, kA));
  }
}

TEST_F(NvramFile, ThatIsNotARegularFileIsRefused) {
  EXPECT_THAT(refusal(folder_), HasSubstr("EISDIR"));
  EXPECT_THAT(refusal("/dev/null"), HasSubstr("not a regular file"));
  EXPECT_THAT(refusal(folder_ / "missing" / "nvram"), HasSubstr("ENOENT"));
}

TEST_F(NvramFile, CannotBeCreatedInAFolderWithoutPermission) {
  std::filesystem::permissions(folder_, std::filesystem::perms(0500));
  const uid_t user = ::geteuid();
  ASSERT_EQ(::seteuid(user == 0 ? 65534 : user), 0);  // as user nobody, because root may write anywhere
  const std::string why = refusal(path());
  ASSERT_EQ(::seteuid(user), 0);
  std::filesystem::permissions(folder_, std::filesystem::perms(0700));
  EXPECT_THAT(why, HasSubstr("EACCES"));
}

// Makes each write to a file fail with EFBIG.
class NoWriting {
 public:
  NoWriting() : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit none{0, limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NoWriting() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  sighandler_t handler_;
  rlimit limit_{};
};

TEST_F(NvramFile, ThatCannotBeWrittenKeepsItsContent) {
  auto nvram = Nvram::open(path());
  ASSERT_TRUE(nvram);
  EXPECT_EQ(nvram->write(0, Bytes{kA}), 1u);
  {
    const NoWriting no_writing;
    EXPECT_EQ(nvram->write(0, Bytes{kB}), std::unexpected(EFBIG));
  }
  EXPECT_EQ(nvram->read(0, 1)[0], kA);
  EXPECT_EQ(content()[0], kA);
}

TEST_F(NvramFile, ThatCannotGrowToItsSizeIsRefused) {
  const NoWriting no_writing;
  EXPECT_THAT(refusal(path()), HasSubstr("EFBIG"));
}

}  // namespace
}  // namespace parley::devices
