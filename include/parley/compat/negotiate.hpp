// SPDX-License-Identifier: Apache-2.0
//
// The level that a guest's kernel and its host agree on (ibm,client-architecture-support, LoPAR B.6.2.3).
//
// The guest's kernel lists the processors that it supports, as masks and values over PVRs. The host makes an offer: the
// level that was decided for this guest, and the legal levels below it. The guest gets the best offered level that its
// list covers. Every entry of the list, including the terminating one, is compared with every level. The result for
// each entry is kept as the explanation of the outcome.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "parley/compat/decide.hpp"

namespace parley::compat {

/// One entry of a guest's list.
struct PvrEntry {
  std::uint32_t mask = 0;
  std::uint32_t value = 0;

  /// The last entry has a bit in its value that is clear in its mask.
  bool is_last() const { return (~mask & value) != 0; }
  bool covers(std::uint32_t pvr) const { return (pvr & mask) == (value & mask); }
  friend bool operator==(const PvrEntry &, const PvrEntry &) = default;
};

/// The levels that a guest may get.
struct Offer {
  struct Withheld {
    Target target;
    std::string why;
    friend bool operator==(const Withheld &, const Withheld &) = default;
  };
  std::vector<Target> targets;     ///< best first; not empty after make_offer()
  std::vector<Withheld> withheld;  ///< every other level, and raw
  PhysicalPvr pvr;                 ///< the PVR of raw in a guest's list

  /// Withholds all targets that are better than `target`.
  void limit_to(Target target, const std::string &why);
  /// Withholds all levels without radix.
  void withhold_hash_only(const std::string &why);
  friend bool operator==(const Offer &, const Offer &) = default;
};

/// The decided level, then the alternatives of the wish in its order, then every other legal level below. Levels
/// without radix are offered where the guest may have the hash MMU.
Offer make_offer(const Decision &decision, const AssessedHost &host);
/// "power10, power9"
std::string describe(const Offer &offer);

/// The result for one entry.
struct EntryFate {
  PvrEntry entry;
  std::string match;  ///< "power10"; "-" for none
  std::string fate;   ///< "offered", or the reason against it
};

struct Negotiation {
  std::vector<EntryFate> entries;
  std::vector<Target> candidates;  ///< the offered targets that the list covers, best first
};

Negotiation negotiate(std::span<const PvrEntry> list, const Offer &offer);
/// The levels (and raw) that the list covers, lowest first: "power8, power9, power10, raw".
std::string describe(std::span<const PvrEntry> list, PhysicalPvr pvr);

}  // namespace parley::compat
