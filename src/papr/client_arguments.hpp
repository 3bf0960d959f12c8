// SPDX-License-Identifier: Apache-2.0
//
// Converts the cells of an argument block to the typed arguments of a client service. A handler such as
//
//     ServiceResults getproplen(Context &, Phandle node, const std::string &name);
//
// declares its arguments by their types. adapt<getproplen> is a function with the signature that the table of services
// needs. It reads one cell for the phandle, and one for the address of the name, whose text it copies from the guest's
// memory. If an argument is missing or unreadable, it returns -1 without calling the handler. Surplus cells are
// ignored, as in other firmware.
//
// So a handler never sees a raw cell, and the checks exist once. A new type of argument needs one branch in take().
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>

#include "parley/papr/open_firmware.hpp"

namespace parley::papr::client {

inline constexpr std::uint32_t kError = 0xffffffff;
inline constexpr std::size_t kMaxText = 512;  ///< bytes, with its NUL

struct Cell {
  std::uint32_t value;
};
struct Size {
  std::uint32_t value;
};
struct Alignment {
  std::uint32_t value;
};
/// An address in a cell has 32 bits.
struct GuestAddress32 {
  std::uint32_t value;
};
/// A range of the guest's memory; it takes two cells.
struct Buffer {
  GuestAddress at;
  std::uint32_t length;
};

class Cells {
 public:
  Cells(const GuestMemory &memory, std::span<const std::uint32_t> cells) : memory_(memory), cells_(cells) {}

  std::optional<std::uint32_t> next() {
    if (cells_.empty()) return std::nullopt;
    const std::uint32_t cell = cells_.front();
    cells_ = cells_.subspan(1);
    return cell;
  }
  /// The NUL-terminated text at the address in the next cell.
  std::optional<std::string> text() {
    const auto at = next();
    if (!at) return std::nullopt;
    std::string text;
    for (std::byte byte; text.size() < kMaxText; text += static_cast<char>(byte)) {
      if (!memory_.read(GuestAddress{*at + text.size()}, {&byte, 1})) return std::nullopt;
      if (byte == std::byte{0}) return text;
    }
    return std::nullopt;
  }

 private:
  const GuestMemory &memory_;
  std::span<const std::uint32_t> cells_;
};

template <typename T>
std::optional<T> take(Cells &cells) {
  if constexpr (std::same_as<T, std::string>) {
    return cells.text();
  } else if constexpr (std::same_as<T, Buffer>) {
    const auto at = cells.next();
    const auto length = cells.next();
    return at && length ? std::optional(Buffer{GuestAddress{*at}, *length}) : std::nullopt;
  } else {
    const auto cell = cells.next();
    return cell ? std::optional(T{*cell}) : std::nullopt;
  }
}

template <auto kHandler, typename... Arguments>
ServiceResults call(Context &context, std::span<const std::uint32_t> arguments,
                    ServiceResults (*)(Context &, Arguments...)) {
  [[maybe_unused]] Cells cells(context.memory, arguments);
  const std::tuple<std::optional<std::remove_cvref_t<Arguments>>...> taken{
      take<std::remove_cvref_t<Arguments>>(cells)...};  // braces: from left to right
  return std::apply(
      [&](const auto &...argument) -> ServiceResults {
        if (!(argument.has_value() && ...)) return {kError};
        return kHandler(context, *argument...);
      },
      taken);
}

template <auto kHandler>
ServiceResults adapt(Context &context, std::span<const std::uint32_t> arguments) {
  return call<kHandler>(context, arguments, kHandler);
}

}  // namespace parley::papr::client
