// SPDX-License-Identifier: Apache-2.0
//
// Saved reports of `parley inspect --json`.
#include "input.hpp"
#include "parley/report/json.hpp"
#include "parley/report/text.hpp"
#include "targets.hpp"

namespace parley::fuzz {

void inspect_json(ByteView bytes) {
  auto facts = report::read_inspect_json(Input(bytes).rest(), "here");
  if (!facts) return;
  auto capabilities = host::assess(*facts);
  const compat::AssessedHost host{std::move(*facts), std::move(capabilities)};
  const std::string written = report::inspect_json(host);
  auto again = report::read_inspect_json(written, "again");
  require(again.has_value(), "a written report can be read");
  auto reassessed = host::assess(*again);
  require(report::inspect_json({std::move(*again), std::move(reassessed)}) == written,
          "a report is the same after reading");
  report::inspect_text(host);
}

}  // namespace parley::fuzz
