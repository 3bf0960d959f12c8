// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "session/reference_host.hpp"

namespace parley::testing {

/// The reference host with its cpu node in a real folder, so that a test can change its level, as a migration does.
class MigratedHost {
 public:
  MigratedHost() { move_to(6); }
  ~MigratedHost() { std::filesystem::remove_all(folder_); }
  MigratedHost(const MigratedHost &) = delete;
  MigratedHost &operator=(const MigratedHost &) = delete;

  /// The last byte of cpu-version: 5 is POWER9, 6 POWER10.
  void move_to(char level) const {
    const auto node = folder_ / "cpus" / "PowerPC,POWER11@0";
    std::filesystem::create_directories(node);
    std::filesystem::create_directories(folder_ / "rtas");
    std::ofstream(node / "device_type").write("cpu", 4);
    std::ofstream(node / "cpu-version").write("\x0f\0\0", 3).put(level);
  }
  compat::AssessedHost assessed(FakeKvm &fake) const {
    compat::AssessedHost host = reference_host(fake);
    host.facts.tree = host::load_tree_folder(folder_).value();
    host.capabilities = host::assess(host.facts);
    return host;
  }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("parley-migrated-" + std::to_string(::getpid()));
};

}  // namespace parley::testing
