// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <utility>

/// `auto value = TRY(expression);` unwraps a std::expected, or returns its error from the enclosing function. It
/// replaces and_then and transform, which GCC 12's std::expected lacks. It is a statement expression with a return in
/// it, so it must not be used in a coroutine.
#define TRY(expression)                                                           \
  __extension__({                                                                 \
    auto &&parley_result = (expression);                                          \
    if (!parley_result) return std::unexpected(std::move(parley_result).error()); \
    std::move(parley_result).value();                                             \
  })
