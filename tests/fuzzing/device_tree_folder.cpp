// SPDX-License-Identifier: Apache-2.0
//
// The device tree of a host as a folder. The input describes up to 32 entries: a byte with the kind of the entry and
// the length of its path, the path, and for a file the length of its content and the content.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "input.hpp"
#include "parley/host/capabilities.hpp"
#include "parley/host/facts.hpp"
#include "targets.hpp"

namespace parley::fuzz {

namespace fs = std::filesystem;

namespace {

const fs::path &folder() {
  static const fs::path path = fs::temp_directory_path() / ("parley-fuzz-" + std::to_string(::getpid()));
  return path;
}

// Always below the folder.
fs::path place_of(const std::string &text) {
  fs::path place = folder();
  for (const fs::path &part : fs::path(text).relative_path())
    if (part != ".." && part.native().find('\0') == std::string::npos && place.native().size() < 500) place /= part;
  return place;
}

}  // namespace

void device_tree_folder(ByteView bytes) {
  Input input(bytes);
  std::error_code ignored;
  fs::create_directories(folder());
  for (int files = 0; !input.empty() && files < 32; ++files) {
    const auto kind = input.take<std::uint8_t>();
    const fs::path place = place_of(input.take_text(kind % 64));
    fs::create_directories(place.parent_path(), ignored);
    if (kind < 192) {
      const std::string content = input.take_text(input.take<std::uint8_t>());
      std::ofstream(place) << content;
    } else if (kind < 224) {
      fs::create_directories(place, ignored);
    } else {
      fs::create_symlink(folder(), place, ignored);
    }
  }
  if (auto tree = host::load_tree_facts(folder())) {
    host::Facts facts;
    facts.tree = std::move(*tree);
    host::assess(facts);
  }
  fs::remove_all(folder(), ignored);
}

}  // namespace parley::fuzz
