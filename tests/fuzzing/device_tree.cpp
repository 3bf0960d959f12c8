// SPDX-License-Identifier: Apache-2.0
//
// A host's device tree as a blob.
#include "input.hpp"
#include "parley/fdt/tree.hpp"
#include "parley/host/capabilities.hpp"
#include "parley/host/facts.hpp"
#include "targets.hpp"

namespace parley::fuzz {

void device_tree(ByteView bytes) {
  const auto tree = fdt::parse_blob(bytes);
  if (!tree) {
    require(!tree.error().problem.empty(), "a tree that is refused has a reason");
    return;
  }
  host::Facts facts;
  facts.tree = host::tree_facts(*tree, "here");
  host::assess(facts);
  require(fdt::parse_blob(fdt::to_blob(*tree)).has_value(), "what was read can be written and read again");
}

}  // namespace parley::fuzz
