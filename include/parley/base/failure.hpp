// SPDX-License-Identifier: Apache-2.0
//
// How Parley says that something went wrong: three sentences, printed once, by the application.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace parley {

/// What failed, why (the call, the errno's name, the evidence), and what the reader can do about it.
struct Failure {
  std::string what;
  std::string why;
  std::string what_to_do;
};

/// "EINVAL" for 22; "errno 4711" for a number that has no name.
std::string errno_name(int error);
/// "EINVAL (Invalid argument)"
std::string errno_text(int error);

/// For an exception of a library's, memory that ran out most of all: Parley itself throws none. Each thread ends with a
/// place where they are caught, as one that gets out of a thread ends the process without a word.
Failure explain(const std::exception &error);

}  // namespace parley
