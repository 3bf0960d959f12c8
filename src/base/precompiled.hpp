// SPDX-License-Identifier: Apache-2.0
//
// What most files include of the standard library, and what takes longest to read of it: precompiled where the build is
// for tests (src/meson.build). It stands in for no include: all other builds do without.
#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>
