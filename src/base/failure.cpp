// SPDX-License-Identifier: Apache-2.0
#include "parley/base/failure.hpp"

#include <cstring>

namespace parley {

std::string errno_name(int error) {
  const char *name = strerrorname_np(error);
  return name != nullptr ? name : "errno " + std::to_string(error);
}

std::string errno_text(int error) {
  const char *description = strerrordesc_np(error);
  return errno_name(error) + (description != nullptr ? " (" + std::string(description) + ")" : "");
}

}  // namespace parley
