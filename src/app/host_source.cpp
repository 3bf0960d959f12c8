// SPDX-License-Identifier: Apache-2.0
#include "app/host_source.hpp"

#include "parley/base/failure.hpp"
#include "parley/base/file.hpp"
#include "parley/base/text.hpp"
#include "parley/executor/results.hpp"
#include "parley/machine/probe.hpp"
#include "parley/report/json.hpp"

namespace parley::app {
namespace {

bool looks_like_json(const std::string &text) { return trim(text).starts_with('{'); }

}  // namespace

std::expected<host::Facts, Failure> load_host(const std::string &path) {
  const auto text = read_text(path, executor::kMaxReportSize);
  if (text && looks_like_json(*text)) return report::read_inspect_json(*text, path);
  auto tree = host::load_tree_facts(path);
  if (!tree) {
    return std::unexpected(
        Failure{"cannot read the host from " + path, tree.error().where + ": " + tree.error().problem,
                "give a folder like /proc/device-tree, a .dtb file, or a report that 'parley inspect --json' wrote"});
  }
  host::Facts facts;
  facts.tree = std::move(*tree);
  return facts;
}

compat::AssessedHost assess_host(host::Facts facts) {
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

void warn_of_doubts(const compat::AssessedHost &host, const Diagnostics &diagnostics) {
  for (const auto &doubt : host.capabilities.doubts) diagnostics.warn(doubt.sentence);
}

Stopped stopped_by(const host::KvmFacts &kvm) {
  return {machine::is_refusal(kvm.access) ? kFailure : kNotApplicable, machine::explain_access(kvm)};
}

std::expected<compat::AssessedHost, Stopped> usable_host(host::Facts facts, const Diagnostics &diagnostics) {
  compat::AssessedHost host = assess_host(std::move(facts));
  const host::KvmFacts &kvm = host.facts.kvm;
  if (kvm.access != host::KvmAccess::kHv) return std::unexpected(stopped_by(kvm));
  warn_of_doubts(host, diagnostics);
  return host;
}

std::expected<compat::AssessedHost, Stopped> host_with_kvm(const World &world, const Diagnostics &diagnostics) {
  return usable_host(machine::gather_facts(world.live_facts(), world.kernel), diagnostics);
}

}  // namespace parley::app
