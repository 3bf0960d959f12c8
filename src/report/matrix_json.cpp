// SPDX-License-Identifier: Apache-2.0
#include "inspect_value.hpp"
#include "matrix_forms.hpp"
#include "parley/base/text.hpp"

namespace parley::report {
namespace {

constexpr std::string_view kSchema = "parley-matrix/1";

Json policy_value(const compat::Attempt &policy) {
  const auto &step = deciding_step(policy);
  return {{"legal", policy.legal()}, {"rule", step.rule->name}, {"evidence", step.finding.evidence}};
}

Json run_value(const matrix::Run &run) {
  return {{"outcome", word_for(kRunWords, run.outcome)}, {"failure", run.failure}, {"evidence", run.evidence}};
}

Json seen_value(const matrix::Seen &seen) {
  return {{"cpu_version", seen.cpu_version ? Json(hex32(*seen.cpu_version)) : Json(nullptr)},
          {"pvr", seen.pvr ? Json(hex32(seen.pvr->value)) : Json(nullptr)}};
}

Json cell_value(const matrix::Cell &cell) {
  const auto &observed = cell.observed;
  const auto &judgement = cell.judgement;
  return {{"id", cell.id},
          {"asked", compat::short_name(cell.asked)},
          {"forced", cell.forced},
          {"policy", policy_value(observed.policy)},
          {"set", observed.set ? trial_value(*observed.set) : Json(nullptr)},
          {"run", observed.run ? run_value(*observed.run) : Json(nullptr)},
          {"seen", observed.seen ? seen_value(*observed.seen) : Json(nullptr)},
          {"expected", cell.expected},
          {"verdict", word_for(kVerdictWords, judgement.verdict)},
          {"reason", judgement.reason},
          {"disagrees", judgement.disagrees ? Json(word_for(kFactWords, *judgement.disagrees)) : Json(nullptr)}};
}

}  // namespace

std::string matrix_json(const matrix::Report &report) {
  Json cells = Json::array();
  for (const auto &cell : report.cells) cells.push_back(cell_value(cell));
  const Json value{{"schema", kSchema}, {"host", inspect_value(report.host)}, {"cells", cells}};
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace parley::report
