// SPDX-License-Identifier: Apache-2.0
#include "parley/papr/option_vectors.hpp"

#include <array>

#include "parley/base/text.hpp"

namespace parley::papr {
namespace {

constexpr std::size_t kMaxProcessors = 512;  // Linux lists 16, which is PowerVM's limit
constexpr std::size_t kOperatingSystemLength = 256;

// Bytes of vector 5, and their bits.
constexpr unsigned kVector = 5;
constexpr unsigned kPlatformFacilities = 17;
constexpr std::uint8_t kRandomNumbers = 0x80;
constexpr unsigned kInterrupts = 23;
constexpr std::uint8_t kXiveOnly = 0x40;
constexpr unsigned kMmu = 24;
constexpr std::uint8_t kMmuChoice = 0xc0;
constexpr std::uint8_t kRadix = 0x40;
constexpr std::uint8_t kEitherMmu = 0x80;
constexpr unsigned kHashExtensions = 25;
constexpr unsigned kRadixExtensions = 26;
constexpr std::uint8_t kGuestTranslationShootdown = 0x40;  // GTSE
constexpr unsigned kLastByte = 26;

constexpr std::uint8_t kNoOpinion = 0x80;  // in byte 1 of each vector: "ignore"

class Reader {
 public:
  Reader(const GuestMemory &memory, GuestAddress at) : memory_(memory), at_(at) {}

  bool bytes(std::span<std::byte> into) {
    const bool read = memory_.read(at_, into);
    at_.value += into.size();
    return read;
  }
  std::optional<std::uint8_t> byte() {
    std::byte value;
    if (!bytes({&value, 1})) return std::nullopt;
    return std::to_integer<std::uint8_t>(value);
  }
  std::optional<compat::PvrEntry> entry() {
    std::array<std::byte, 8> raw;
    if (!bytes(raw)) return std::nullopt;
    return compat::PvrEntry{load_be<std::uint32_t>(raw), load_be<std::uint32_t>(std::span(raw).subspan<4>())};
  }

 private:
  const GuestMemory &memory_;
  GuestAddress at_;
};

// Vector 7 is not declared, so it is accepted only if its length is the expected one.
std::string peek_operating_system(Reader reader) {
  const auto length = reader.byte();
  std::array<std::byte, kOperatingSystemLength> raw;
  if (length != kOperatingSystemLength - 1 || !reader.bytes(raw)) return {};
  std::string text;
  for (const std::byte byte : raw) {
    const char c = static_cast<char>(byte);
    if (c == '\0') break;
    text += c;
  }
  return printable(trim(text));
}

Bytes property_of(std::uint8_t facilities, const compat::Platform &platform) {
  Bytes vector(kLastByte + 1);
  const auto set = [&](unsigned byte, std::uint8_t value) { vector[byte] = static_cast<std::byte>(value); };
  set(0, kLastByte - 1);
  set(kPlatformFacilities, facilities);
  if (platform.radix) {
    set(kMmu, kRadix);
    set(kRadixExtensions, kGuestTranslationShootdown);
  }
  return vector;
}

bool has_no_opinion(const ClientArchitecture &client) {
  return !client.has_vector(kVector) || (client.option(kVector, 1) & kNoOpinion) != 0;
}

std::string unmet_demand_for_mmu(const ClientArchitecture &client, const compat::Platform &platform) {
  // A kernel whose vector is too short for byte 24 knows only the hash MMU.
  const auto choice = client.option(kVector, kMmu) & kMmuChoice;
  if (choice == 0 && !platform.hash) return "it requires the hash MMU, but guests here have radix only";
  if (choice == kRadix && !platform.radix) return "it requires the radix MMU, but this guest has hash only";
  if (chosen_mmu(client, platform) == compat::Translation::kRadix &&
      (client.option(kVector, kRadixExtensions) & kGuestTranslationShootdown) == 0)
    return "it requires the hypervisor to invalidate its translations, but guests here do that themselves (GTSE)";
  return {};
}

}  // namespace

std::uint8_t ClientArchitecture::option(unsigned number, unsigned byte) const {
  if (!has_vector(number) || byte == 0 || byte > vectors[number - 1].size()) return 0;
  return std::to_integer<std::uint8_t>(vectors[number - 1][byte - 1]);
}

std::expected<ClientArchitecture, std::string> read_client_architecture(const GuestMemory &memory, GuestAddress at) {
  ClientArchitecture client;
  Reader reader(memory, at);
  do {
    const auto entry = reader.entry();
    if (!entry) return std::unexpected("its processor list extends beyond the guest's memory");
    if (client.processors.size() == kMaxProcessors) return std::unexpected("its processor list has no last entry");
    client.processors.push_back(*entry);
  } while (!client.processors.back().is_last());
  const auto last = reader.byte();
  if (!last) return std::unexpected("its option vectors are outside the guest's memory");
  for (unsigned i = 0; i <= *last; ++i) {
    const auto length = reader.byte();
    Bytes content(length.value_or(0) + std::size_t{1});
    if (!length || !reader.bytes(content))
      return std::unexpected("option vector " + std::to_string(i + 1) + " extends beyond the guest's memory");
    client.vectors.push_back(std::move(content));
  }
  client.operating_system = peek_operating_system(reader);
  return client;
}

Bytes platform_support(const compat::Platform &platform) {
  const std::uint8_t mmu = !platform.radix ? std::uint8_t{0} : platform.hash ? kEitherMmu : kRadix;
  const std::uint8_t shootdown = platform.radix ? kGuestTranslationShootdown : std::uint8_t{0};
  const std::uint8_t kPairs[] = {kInterrupts, 0, kMmu, mmu, kHashExtensions, 0, kRadixExtensions, shootdown};
  const auto bytes = std::as_bytes(std::span(kPairs));
  return {bytes.begin(), bytes.end()};
}

Bytes grant(const ClientArchitecture &client, const compat::Platform &platform) {
  if (!client.has_vector(kVector)) return grant_all(platform);
  return property_of(client.option(kVector, kPlatformFacilities) & kRandomNumbers, platform);
}

Bytes grant_all(const compat::Platform &platform) { return property_of(kRandomNumbers, platform); }

std::optional<compat::Translation> chosen_mmu(const ClientArchitecture &client, const compat::Platform &platform) {
  if (has_no_opinion(client)) return std::nullopt;
  const bool radix = (client.option(kVector, kMmu) & kMmuChoice) != 0 && platform.radix;
  return radix ? compat::Translation::kRadix : compat::Translation::kHash;
}

std::string unmet_demand(const ClientArchitecture &client, const compat::Platform &platform) {
  // A guest without vector 5, or with "ignore" in it (GRUB), demands nothing.
  if (has_no_opinion(client)) return {};
  if (std::string demand = unmet_demand_for_mmu(client, platform); !demand.empty()) return demand;
  if ((client.option(kVector, kInterrupts) & kMmuChoice) == kXiveOnly)
    return "it requires XIVE interrupts, but guests here have XICS";
  return {};
}

}  // namespace parley::papr
