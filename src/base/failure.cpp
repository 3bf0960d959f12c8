// SPDX-License-Identifier: Apache-2.0
#include "parley/base/failure.hpp"

#include <cerrno>
#include <cstring>
#include <new>

namespace parley {

std::string errno_name(int error) {
  const char *name = strerrorname_np(error);
  return name != nullptr ? name : "errno " + std::to_string(error);
}

std::string errno_text(int error) {
  const char *description = strerrordesc_np(error);
  return errno_name(error) + (description != nullptr ? " (" + std::string(description) + ")" : "");
}

Failure explain(const std::exception &error) {
  if (dynamic_cast<const std::bad_alloc *>(&error) != nullptr)
    return {"Parley has no memory left", errno_text(ENOMEM),
            "raise its limit (ulimit -v, or that of its control group), or free memory on the host"};
  return {"Parley cannot continue", error.what(), "please report it"};
}

}  // namespace parley
