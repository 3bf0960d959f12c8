// SPDX-License-Identifier: Apache-2.0
#include "parley/session/host_watch.hpp"

#include <utility>

namespace parley::session {
namespace {

Failure cannot_look_again(const std::string &call, int error) {
  return {"cannot read the host's level again", call + errno_text(error), "EMFILE: allow more files (ulimit -n)"};
}

}  // namespace

std::expected<std::optional<HostWatch>, Failure> HostWatch::open(compat::AssessedHost host) {
  auto watch = host::LevelWatch::open(host.facts.tree);
  if (!watch) return std::unexpected(cannot_look_again("open: ", watch.error()));
  if (!*watch) return std::nullopt;
  return HostWatch(std::move(**watch), std::move(host));
}

std::expected<bool, Failure> HostWatch::look_again() {
  auto nodes = watch_.look();
  if (!nodes) return std::unexpected(cannot_look_again("reading cpu-version: ", nodes.error()));
  host::Facts facts = host_.facts;
  facts.tree.cpus = std::move(*nodes);
  host::Capabilities now = host::assess(facts);
  const host::Capabilities &before = host_.capabilities;
  if (before.level == now.level && before.level_reason == now.level_reason) return false;
  host_ = {std::move(facts), std::move(now)};
  return true;
}

}  // namespace parley::session
