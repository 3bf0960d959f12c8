// SPDX-License-Identifier: Apache-2.0
//
// A failure as the user sees it: three parts, printed once, by the application.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace parley {

/// What failed; why, with the call, the errno's name and the evidence; what the user can do.
struct Failure {
  std::string what;
  std::string why;
  std::string what_to_do;
};

/// "EINVAL" for 22; "errno 4711" for a number that has no name.
std::string errno_name(int error);
/// "EINVAL (Invalid argument)"
std::string errno_text(int error);

/// For an exception of a library, above all std::bad_alloc: Parley itself throws none. Every thread catches exceptions
/// at its end, because one that leaves a thread ends the process without a message.
Failure explain(const std::exception &error);

}  // namespace parley
