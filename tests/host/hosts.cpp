// SPDX-License-Identifier: Apache-2.0
#include "hosts.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace parley::testing {

std::string blob_path(const std::string &name) {
  const char *folder = std::getenv("PARLEY_TEST_TREES");
  if (folder == nullptr) throw std::runtime_error("PARLEY_TEST_TREES is not set; run the tests with meson");
  return std::string(folder) + "/" + name + ".dtb";
}

host::Facts tree_only(const std::string &name) {
  host::Facts facts;
  auto tree = host::load_tree_facts(blob_path("host-" + name));
  if (!tree) throw std::runtime_error(tree.error().where + ": " + tree.error().problem);
  facts.tree = std::move(*tree);
  return facts;
}

host::SystemFacts reference_system() {
  return {"ppc64le",
          "7.2.13",
          "power10",
          "power11",
          0xbef60000,
          "POWER10 (architected), altivec supported",
          PhysicalPvr{0x00821200},
          4096};
}

host::Facts captured_host() {
  host::Facts facts = tree_only("power11-as-power10");
  facts.system = reference_system();
  facts.kvm.access = host::KvmAccess::kHv;
  facts.kvm.capabilities = {{"KVM_CAP_PPC_NESTED_HV", 0}, {"KVM_CAP_IRQ_XICS", 1}};
  facts.kvm.pvr = PhysicalPvr{0x00821200};
  return facts;
}

host::CpuNode cpu_node(std::vector<unsigned> cpu_version, const std::string &name) {
  Bytes bytes;
  for (const unsigned byte : cpu_version) bytes.push_back(static_cast<std::byte>(byte));
  return {name, bytes, 1};
}

host::Facts partition(std::vector<host::CpuNode> cpus) {
  host::Facts facts;
  facts.tree.origin = "test";
  facts.tree.has_rtas = true;
  facts.tree.cpus = std::move(cpus);
  return facts;
}

const host::Source &source(const host::Capabilities &host, std::string_view name) {
  return *std::ranges::find(host.sources, name, &host::Source::name);
}

}  // namespace parley::testing
