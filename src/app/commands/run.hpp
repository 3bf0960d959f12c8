// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/guest_request.hpp"
#include "app/diagnostics.hpp"
#include "parley/app/app.hpp"
#include "parley/compat/decide.hpp"
#include "parley/compat/target.hpp"
#include "parley/console/endpoint.hpp"
#include "parley/sandbox/sandbox.hpp"

namespace parley::app {

class OptionRegistry;

struct RunOptions {
  GuestOptions guest;
  compat::Wish wish;
  compat::MmuWish mmu = compat::MmuWish::kAuto;
  std::vector<console::Endpoint> serials;  ///< of the guest's terminals, at least one
  bool reboot = true;                      ///< a guest that reboots starts again
  std::optional<std::chrono::seconds> watchdog;
  std::optional<std::string> dump_tree;  ///< the file for the guest's flattened tree
  std::optional<std::string> nvram;
  sandbox::Mode sandbox = sandbox::Mode::kOn;

  std::vector<std::string> no_effect;  ///< QEMU's options and settings without a meaning here
  std::vector<std::string> remarks;    ///< how an option was interpreted

  struct Texts {
    std::optional<std::string> compat;
    std::string on_refusal = "fail";
    std::string mmu = "auto";
    std::string memory;
    std::string smp = "1";
    std::string machine;
    std::string cpu = "host";
    std::string boot;
    std::vector<std::string> serials;
    std::string watchdog = "10";
    std::string sandbox = "on";
    bool no_reboot = false;
  } texts = {};
};

void add_options(OptionRegistry &registry, RunOptions &options);
std::expected<void, Failure> finish(RunOptions &options);
int execute(const RunOptions &options, const World &world, const Diagnostics &diagnostics);

}  // namespace parley::app
