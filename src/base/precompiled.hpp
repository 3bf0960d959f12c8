// SPDX-License-Identifier: Apache-2.0
//
// The standard headers that most files include and that take longest to parse: precompiled in sanitizer builds
// (src/meson.build). Each file still includes the headers that it uses, as other builds do not have this one.
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
