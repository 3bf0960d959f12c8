// SPDX-License-Identifier: Apache-2.0
//
// What a guest's kernel and its host agree upon (ibm,client-architecture-support, LoPAR B.6.2.3).
//
// The kernel lists the processors that it can run on, as masks and values over PVRs. The host has its offer: the level
// that was decided for this guest and the legal ones below it. The best of the offer that is in the list is the
// guest's. Every entry of the list, the one that ends it too, is held against each level; what became of each is kept,
// so that the outcome explains itself.
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

  /// The last entry has a bit in its value that its mask leaves out.
  bool is_last() const { return (~mask & value) != 0; }
  bool covers(std::uint32_t pvr) const { return (pvr & mask) == (value & mask); }
  friend bool operator==(const PvrEntry &, const PvrEntry &) = default;
};

/// What a guest may be given.
struct Offer {
  struct Withheld {
    Target target;
    std::string why;
    friend bool operator==(const Withheld &, const Withheld &) = default;
  };
  std::vector<Target> targets;     ///< best first; never empty at first
  std::vector<Withheld> withheld;  ///< every other level, and raw
  PhysicalPvr pvr;                 ///< what raw stands for in a guest's list

  /// Takes all that are better than `target` out of the offer.
  void limit_to(Target target, const std::string &why);
  friend bool operator==(const Offer &, const Offer &) = default;
};

/// The level decided upon, those that the wish allows instead of it in the wish's order, then every other legal one
/// below it with radix, which is the one MMU that Parley gives.
Offer make_offer(const Decision &decision, const AssessedHost &host);
/// "power10, power9"
std::string describe(const Offer &offer);

/// What became of one entry.
struct EntryFate {
  PvrEntry entry;
  std::string match;  ///< "power10"; "-" for none
  std::string fate;   ///< "offered", or why not
};

struct Negotiation {
  std::vector<EntryFate> entries;
  std::vector<Target> candidates;  ///< of the offer, best first, that the list covers
};

Negotiation negotiate(std::span<const PvrEntry> list, const Offer &offer);
/// The levels (and raw) that the list covers, lowest first: "power8, power9, power10, raw".
std::string describe(std::span<const PvrEntry> list, PhysicalPvr pvr);

}  // namespace parley::compat
