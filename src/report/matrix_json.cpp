// SPDX-License-Identifier: Apache-2.0
//
// The JSON report of a matrix (docs/matrix.schema.json), written and read.
//
// Other forms of a matrix are for display; this one is the archive. It therefore contains every fact of every cell, and
// each host as `parley inspect --json` prints it. `parley matrix merge` and `parley matrix --against` read it back.
// Steps that were not tried are null: a cell whose `policy` is null has no observation at all, because it is in error
// or lost.
//
// Reading a host reads its facts and assesses them again, as for a saved inspect report. The judgement of a cell is
// read as it was written, because the prediction depends on the version of Parley that made it.
#include "matrix_forms.hpp"
#include "parley/base/text.hpp"

namespace parley::report {
namespace {

Json policy_value(const matrix::Policy &policy) {
  return {{"legal", policy.legal}, {"rule", policy.rule}, {"evidence", policy.evidence}};
}

Json negotiated_value(const matrix::Negotiated &negotiated) {
  return {{"level", or_null(negotiated.level, compat::short_name)},
          {"listed", negotiated.listed},
          {"guest_list", negotiated.guest_list},
          {"problem", negotiated.problem}};
}

Json run_value(const matrix::Run &run) {
  return {{"outcome", word_for(kRunWords, run.outcome)}, {"failure", run.failure}, {"evidence", run.evidence}};
}

Json seen_value(const matrix::Seen &seen) {
  return {{"cpu_version", or_null(seen.cpu_version, hex32)},
          {"pvr", or_null(seen.pvr, [](PhysicalPvr pvr) { return hex32(pvr.value); })},
          {"platform", seen.platform ? Json(*seen.platform) : Json(nullptr)}};
}

Json cell_value(const matrix::Cell &cell) {
  const auto observed = cell.observed.value_or(matrix::Observation{});
  const auto &judgement = cell.judgement;
  return {{"id", matrix::name(cell.id)},
          {"asked", compat::short_name(cell.id.target)},
          {"guest", word_for(kGuestWords, cell.id.guest)},
          {"forced", cell.id.forced},
          {"policy", cell.observed ? policy_value(observed.policy) : Json(nullptr)},
          {"set", or_null(observed.set, trial_value)},
          {"negotiated", or_null(observed.negotiated, negotiated_value)},
          {"run", or_null(observed.run, run_value)},
          {"seen", or_null(observed.seen, seen_value)},
          {"expected", cell.expected},
          {"verdict", word_for(kVerdictWords, judgement.verdict)},
          {"reason", judgement.reason},
          {"disagrees", or_null(judgement.disagrees, [](matrix::Fact fact) { return word_for(kFactWords, fact); })},
          {"log", cell.log}};
}

Json host_value(const matrix::HostReport &host) {
  Json cells = Json::array();
  for (const auto &cell : host.cells) cells.push_back(cell_value(cell));
  return {{"id", matrix::name(host.id)},
          {"notes", host.notes},
          {"host", or_null(host.host, inspect_value)},
          {"cells", cells}};
}

// The read_...() functions throw on a missing key or a wrong type. read_matrix_json() catches it.

matrix::Policy read_policy(const Json &value) {
  return {value.at("legal").get<bool>(), value.at("rule").get<std::string>(), value.at("evidence").get<std::string>()};
}

compat::Target read_target(const Json &value) {
  const auto requests = compat::parse_wish(value.get<std::string>());
  if (!requests || requests->size() != 1 || requests->front().kind != compat::Request::Kind::kTarget)
    throw std::invalid_argument("'" + value.get<std::string>() + "' is not a level");
  return requests->front().target;
}

matrix::Negotiated read_negotiated(const Json &value) {
  return {optional_value(value.at("level"), read_target), value.at("listed").get<bool>(),
          value.at("guest_list").get<std::string>(), value.at("problem").get<std::string>()};
}

matrix::Run read_run(const Json &value) {
  return {value_for(kRunWords, value.at("outcome")), value.at("failure").get<std::string>(),
          value.at("evidence").get<std::string>()};
}

matrix::Seen read_seen(const Json &value) {
  return {optional_value(value.at("cpu_version"), number32_of),
          optional_value(value.at("pvr"), [](const Json &pvr) { return PhysicalPvr{number32_of(pvr)}; }),
          optional_value(value.at("platform"), [](const Json &word) { return word.get<std::string>(); })};
}

matrix::Observation read_observation(const Json &cell) {
  return {read_policy(cell.at("policy")), optional_value(cell.at("set"), read_trial),
          optional_value(cell.at("negotiated"), read_negotiated), optional_value(cell.at("run"), read_run),
          optional_value(cell.at("seen"), read_seen)};
}

template <typename Id>
Id read_name(const Json &value, std::expected<Id, Failure> (*parse)(std::string_view)) {
  auto id = parse(value.get<std::string>());
  if (!id) throw std::invalid_argument(id.error().what + ": " + id.error().why);
  return std::move(*id);
}

matrix::Cell read_cell(const Json &value) {
  matrix::Cell cell;
  cell.id = read_name(value.at("id"), matrix::parse_cell);
  if (!value.at("policy").is_null()) cell.observed = read_observation(value);
  cell.expected = value.at("expected").get<std::string>();
  cell.judgement = {
      value_for(kVerdictWords, value.at("verdict")), value.at("reason").get<std::string>(),
      optional_value(value.at("disagrees"), [](const Json &fact) { return value_for(kFactWords, fact); })};
  cell.log = value.at("log").get<std::vector<std::string>>();
  return cell;
}

matrix::HostReport read_host(const Json &value) {
  matrix::HostReport report;
  report.id = read_name(value.at("id"), matrix::parse_host);
  report.notes = value.at("notes").get<std::vector<std::string>>();
  if (const Json &host = value.at("host"); !host.is_null()) {
    host::Facts facts = read_facts(host);
    auto capabilities = host::assess(facts);
    report.host = compat::AssessedHost{std::move(facts), std::move(capabilities)};
  }
  for (const Json &cell : value.at("cells")) report.cells.push_back(read_cell(cell));
  return report;
}

}  // namespace

Json matrix_value(const matrix::Report &report) {
  Json hosts = Json::array();
  for (const auto &host : report.hosts) hosts.push_back(host_value(host));
  return {{"schema", kMatrixSchema}, {"hosts", hosts}};
}

std::string matrix_json(const matrix::Report &report) { return dump(matrix_value(report)); }

std::expected<matrix::Report, Failure> read_matrix_json(std::string_view text, const std::string &file) {
  return read_report<matrix::Report>(text, file, kMatrixSchema, "parley matrix --format json", [](const Json &value) {
    matrix::Report report;
    for (const Json &host : value.at("hosts")) report.hosts.push_back(read_host(host));
    return report;
  });
}

}  // namespace parley::report
