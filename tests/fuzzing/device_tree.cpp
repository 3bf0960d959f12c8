// SPDX-License-Identifier: Apache-2.0
//
// The device tree of a host as a blob.
#include "input.hpp"
#include "parley/fdt/tree.hpp"
#include "parley/host/capabilities.hpp"
#include "parley/host/facts.hpp"
#include "targets.hpp"

namespace parley::fuzz {

void device_tree(ByteView bytes) {
  const auto tree = fdt::parse_blob(bytes);
  if (!tree) {
    require(!tree.error().problem.empty(), "a refused tree has a reason");
    return;
  }
  host::Facts facts;
  facts.tree = host::tree_facts(*tree, "here");
  host::assess(facts);
  require(fdt::parse_blob(fdt::to_blob(*tree)).has_value(), "an accepted tree can be written and read again");
}

}  // namespace parley::fuzz
