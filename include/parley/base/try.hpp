// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <utility>

/// `auto value = TRY(expression);` unwraps a std::expected or returns its error to the caller.
/// GCC 12's std::expected has no and_then or transform; this statement expression stands in for
/// them. It returns from the enclosing function, so it may not be used in a coroutine.
#define TRY(expression)                                                           \
  __extension__({                                                                 \
    auto &&parley_result = (expression);                                          \
    if (!parley_result) return std::unexpected(std::move(parley_result).error()); \
    std::move(parley_result).value();                                             \
  })
