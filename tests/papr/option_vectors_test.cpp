// SPDX-License-Identifier: Apache-2.0
#include "parley/papr/option_vectors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cas_vector.hpp"

namespace parley::papr {
namespace {

using parley::testing::bytes_of;
using parley::testing::CasVector;
using parley::testing::linux_vector;
using parley::testing::option_vector7;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::size_t kRamSize = 80 * 1024;

// Reads `bytes`, placed at the end of RAM.
std::expected<ClientArchitecture, std::string> read_at_end(const Bytes &bytes) {
  Bytes ram(kRamSize);
  std::ranges::copy(bytes, ram.end() - static_cast<std::ptrdiff_t>(bytes.size()));
  return read_client_architecture(GuestMemory(ram), GuestAddress{ram.size() - bytes.size()});
}

TEST(ClientArchitecture, IsReadFromLinuxsVector) {
  const CasVector told = linux_vector();
  const auto client = read_at_end(told.bytes());
  ASSERT_TRUE(client) << client.error();
  EXPECT_EQ(client->processors, told.processors);
  EXPECT_EQ(client->vectors, told.vectors);
  EXPECT_EQ(client->operating_system, "Linux version 7.2.13");
}

TEST(ClientArchitecture, CountsVectorsAndBytesFromOneAndReadsAbsentOnesAsZero) {
  const auto client = read_at_end(linux_vector().bytes());
  ASSERT_TRUE(client);
  EXPECT_EQ(client->option(1, 2), 0xff);
  EXPECT_EQ(client->option(5, 2), 0xf2);
  EXPECT_EQ(client->option(5, 26), 0x40);
  EXPECT_EQ(client->option(5, 27), 0);
  EXPECT_EQ(client->option(5, 0), 0);
  EXPECT_EQ(client->option(0, 1), 0);
  EXPECT_EQ(client->option(7, 1), 0);
  EXPECT_TRUE(client->has_vector(6));
  EXPECT_FALSE(client->has_vector(7));
  EXPECT_FALSE(client->has_vector(0));
}

TEST(ClientArchitecture, AcceptsTheSystemsNameOnlyIfItsFormatIsRight) {
  CasVector told = linux_vector();
  const auto name_of = [&](std::optional<Bytes> behind) {
    told.behind_the_declared = std::move(behind);
    return read_at_end(told.bytes()).value().operating_system;
  };
  EXPECT_EQ(name_of(option_vector7("FreeBSD")), "FreeBSD");
  EXPECT_EQ(name_of(option_vector7(std::string(256, 'x'))), std::string(256, 'x')) << "without a NUL";
  EXPECT_EQ(name_of(option_vector7("a\x1b[2Jb")), "a\\x1b[2Jb");
  EXPECT_EQ(name_of(std::nullopt), "");
  EXPECT_EQ(name_of(option_vector7("Linux", 254)), "");
  EXPECT_EQ(name_of(bytes_of({0xff, 'L'})), "") << "it extends beyond RAM";
}

TEST(ClientArchitecture, IsAnErrorIfItIsTruncatedAnywhere) {
  const Bytes whole = linux_vector().declared();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto client = read_at_end({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
    ASSERT_FALSE(client) << length;
    EXPECT_THAT(client.error(), HasSubstr("the guest's memory")) << length;
  }
  EXPECT_TRUE(read_at_end(whole));
}

TEST(ClientArchitecture, IsAnErrorOutsideRam) {
  Bytes ram(64);
  for (const std::uint64_t at : {std::uint64_t{64}, std::uint64_t{1} << 32, ~std::uint64_t{0}, ~std::uint64_t{0} - 7})
    EXPECT_FALSE(read_client_architecture(GuestMemory(ram), GuestAddress{at})) << at;
}

TEST(ClientArchitecture, MayListUpTo512Processors) {
  CasVector told = linux_vector();
  told.processors.assign(511, parley::testing::kPower10);
  told.processors.push_back(parley::testing::kLast);
  EXPECT_THAT(read_at_end(told.bytes()).value().processors, SizeIs(512));
  told.processors.insert(told.processors.begin(), parley::testing::kPower10);
  const auto client = read_at_end(told.bytes());
  ASSERT_FALSE(client);
  EXPECT_THAT(client.error(), HasSubstr("no last entry"));
}

TEST(ClientArchitecture, IsAnErrorWithoutALastProcessor) {
  const Bytes zeros(kRamSize);  // no entry is the last
  const auto client = read_at_end(zeros);
  ASSERT_FALSE(client);
  EXPECT_THAT(client.error(), HasSubstr("no last entry"));
}

TEST(ClientArchitecture, MayHave256VectorsOf256Bytes) {
  CasVector told{{parley::testing::kLast}, std::vector<Bytes>(256, Bytes(256, std::byte{7})), std::nullopt};
  const auto client = read_at_end(told.bytes());
  ASSERT_TRUE(client);
  EXPECT_EQ(client->vectors, told.vectors);
  EXPECT_EQ(client->option(256, 256), 7);
}

// --- Offers, grants and demands

// A client with this vector 5, or without one if `vector5` is empty.
ClientArchitecture client_with(Bytes vector5) {
  ClientArchitecture client{{}, linux_vector().vectors, {}};
  client.vectors.resize(vector5.empty() ? 4 : 5);
  if (!vector5.empty()) client.vectors[4] = std::move(vector5);
  return client;
}

// Linux' vector with other values at these bytes.
ClientArchitecture linux_with(const std::vector<std::pair<unsigned, unsigned>> &bytes) {
  CasVector told = linux_vector();
  for (const auto &[byte, value] : bytes) told.set5(byte, value);
  return client_with(told.vector5());
}

constexpr compat::Platform kHash{.radix = false, .hash = true};
constexpr compat::Platform kEither{.radix = true, .hash = true};

// 27 bytes: the length, radix at byte 24, and these two values.
Bytes granted(unsigned facilities, unsigned radix_extensions) {
  Bytes property(27);
  property[0] = std::byte{25};
  property[17] = static_cast<std::byte>(facilities);
  property[24] = std::byte{0x40};
  property[26] = static_cast<std::byte>(radix_extensions);
  return property;
}

TEST(OptionVector5, IsOfferedInNoMorePairsThanLinuxReads) {
  EXPECT_EQ(platform_support({}), bytes_of({23, 0x00, 24, 0x40, 25, 0x00, 26, 0x40}));
}

TEST(OptionVector5, OffersTheMmusOfThePlatform) {
  EXPECT_EQ(platform_support(kEither), bytes_of({23, 0x00, 24, 0x80, 25, 0x00, 26, 0x40}));
  EXPECT_EQ(platform_support(kHash), bytes_of({23, 0x00, 24, 0x00, 25, 0x00, 26, 0x00}));
}

TEST(OptionVector5, GrantsTheHashMmuWithoutExtensions) {
  Bytes hash = granted(0x80, 0x00);
  hash[24] = std::byte{0};
  EXPECT_EQ(grant(linux_with({{24, 0x00}, {26, 0x00}}), kHash), hash);
  EXPECT_EQ(grant_all(kHash), hash);
  EXPECT_EQ(grant_all(kEither), granted(0x80, 0x40)) << "radix comes first";
}

TEST(OptionVector5, CarriesTheGuestsChoiceOfTheMmu) {
  using compat::Translation;
  EXPECT_EQ(chosen_mmu(linux_with({{24, 0x40}}), kEither), Translation::kRadix);
  EXPECT_EQ(chosen_mmu(linux_with({{24, 0x00}}), kEither), Translation::kHash);
  EXPECT_EQ(chosen_mmu(linux_with({{24, 0x80}}), kEither), Translation::kRadix) << "it can use both";
  EXPECT_EQ(chosen_mmu(linux_with({{24, 0xc0}}), kHash), Translation::kHash);
  EXPECT_EQ(chosen_mmu(client_with(Bytes(23)), kEither), Translation::kHash) << "an old kernel";
  EXPECT_EQ(chosen_mmu(client_with(Bytes()), kEither), std::nullopt);
  EXPECT_EQ(chosen_mmu(linux_with({{1, 0x80}}), kEither), std::nullopt) << "its demands are to be ignored";
}

TEST(OptionVector5, DemandsMmusOnlyFromAPlatformThatHasThem) {
  EXPECT_EQ(unmet_demand(linux_with({{24, 0x00}, {26, 0x00}}), kEither), "") << "hash needs no GTSE";
  EXPECT_EQ(unmet_demand(client_with(Bytes(23)), kHash), "");
  EXPECT_EQ(unmet_demand(linux_with({{24, 0x80}, {26, 0x00}}), kHash), "");
  EXPECT_THAT(unmet_demand(linux_with({{24, 0x40}}), kHash), HasSubstr("radix"));
  EXPECT_THAT(unmet_demand(linux_with({{24, 0x40}, {26, 0x00}}), kEither), HasSubstr("GTSE"));
}

TEST(OptionVector5, GrantsOnlyWhatTheGuestAskedFor) {
  EXPECT_EQ(grant(linux_with({{17, 0xe0}, {26, 0x40}}), {}), granted(0x80, 0x40));
  EXPECT_EQ(grant(linux_with({{17, 0x60}, {26, 0x40}}), {}), granted(0x00, 0x40));
  EXPECT_EQ(grant(client_with(Bytes(16, std::byte{0xff})), {}), granted(0x00, 0x40)) << "a short vector";
}

TEST(OptionVector5, GrantsEverythingToAGuestThatDoesNotAsk) {
  EXPECT_EQ(grant(client_with(Bytes()), {}), granted(0x80, 0x40));
  EXPECT_EQ(grant_all({}), granted(0x80, 0x40));
}

TEST(OptionVector5, AllowsDemandsThatParleyMeets) {
  EXPECT_EQ(unmet_demand(linux_with({{23, 0x00}, {24, 0x40}}), {}), "");
  EXPECT_EQ(unmet_demand(linux_with({{23, 0x80}, {24, 0x80}}), {}), "") << "it supports both";
  EXPECT_EQ(unmet_demand(linux_with({{23, 0xc0}, {24, 0xc0}}), {}), "");
  EXPECT_EQ(unmet_demand(linux_with({{1, 0x80}, {23, 0x40}, {24, 0x00}}), {}), "") << "its demands are to be ignored";
  EXPECT_EQ(unmet_demand(client_with(Bytes()), {}), "") << "it is absent";
}

TEST(OptionVector5, RefusesDemandsThatParleyCannotMeet) {
  EXPECT_THAT(unmet_demand(linux_with({{24, 0x00}}), {}), HasSubstr("hash"));
  EXPECT_THAT(unmet_demand(linux_with({{24, 0x20}}), {}), HasSubstr("hash"));
  EXPECT_THAT(unmet_demand(client_with(Bytes(23)), {}), HasSubstr("hash")) << "too short for the byte of the MMU";
  EXPECT_THAT(unmet_demand(linux_with({{23, 0x40}}), {}), HasSubstr("XIVE"));
  EXPECT_THAT(unmet_demand(linux_with({{26, 0x00}}), {}), HasSubstr("GTSE"));
}

}  // namespace
}  // namespace parley::papr
