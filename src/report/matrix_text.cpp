// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ranges>

#include "matrix_forms.hpp"
#include "parley/base/text.hpp"
#include "parley/report/matrix.hpp"
#include "table.hpp"

namespace parley::report {
namespace {

struct Form {
  std::string_view name;
  MatrixFormat format;
  std::string (*write)(const matrix::Report &);
};

constexpr Form kForms[] = {
    {"text", MatrixFormat::kText, matrix_text},    {"json", MatrixFormat::kJson, matrix_json},
    {"ktap", MatrixFormat::kKtap, matrix_ktap},    {"tap13", MatrixFormat::kTap13, matrix_tap},
    {"junit", MatrixFormat::kJunit, matrix_junit}, {"lava", MatrixFormat::kLava, matrix_lava},
};

std::string described(const matrix::Run &run) {
  std::string text(word_for(kRunWords, run.outcome));
  return text + (run.failure.empty() ? "" : " (" + run.failure + ")");
}

std::string described(const matrix::Seen &seen) { return seen.cpu_version ? hex32(*seen.cpu_version) : "nothing"; }

template <typename T>
std::string or_dash(const std::optional<T> &fact) {
  return fact ? described(*fact) : "-";
}

}  // namespace

std::optional<MatrixFormat> matrix_format(std::string_view name) {
  const auto *found = std::ranges::find(kForms, name, &Form::name);
  return found == std::end(kForms) ? std::nullopt : std::optional(found->format);
}

std::vector<std::string> matrix_format_names() {
  std::vector<std::string> names;
  for (const Form &form : kForms) names.emplace_back(form.name);
  return names;
}

std::string matrix(const matrix::Report &report, MatrixFormat format) {
  return std::ranges::find(kForms, format, &Form::format)->write(report);
}

std::string_view name(matrix::Verdict verdict) { return word_for(kVerdictWords, verdict); }

// What a legal level owes its legality to is the last rule that had something to say.
const compat::Step &deciding_step(const compat::Attempt &policy) {
  const auto last_first = policy.steps | std::views::reverse;
  const auto passed = std::ranges::find(last_first, compat::Verdict::kPasses,
                                        [](const compat::Step &step) { return step.finding.verdict; });
  return policy.legal() && passed != last_first.end() ? *passed : policy.steps.back();
}

std::vector<std::string> evidence(const matrix::Cell &cell) {
  const auto &observed = cell.observed;
  const compat::Step &step = deciding_step(observed.policy);
  std::vector<std::string> lines{std::string("policy: ") + (observed.policy.legal() ? "legal, " : "refused, ") +
                                 std::string(step.rule->name) + ": " + step.finding.evidence};
  if (observed.set) lines.push_back("KVM_SET_ONE_REG arch_compat: " + describe(*observed.set));
  if (observed.run)
    lines.push_back("KVM_RUN: " + described(*observed.run) +
                    (observed.run->evidence.empty() ? "" : ": " + observed.run->evidence));
  if (observed.seen) lines.push_back("the guest saw cpu-version " + described(*observed.seen));
  lines.push_back("expected of the kernel: " + cell.expected);
  lines.push_back("verdict: " + std::string(name(cell.judgement.verdict)) + ": " + cell.judgement.reason);
  return lines;
}

std::string matrix_text(const matrix::Report &report) {
  const auto &host = report.host.capabilities;
  std::vector<Row> rows{{"LEVEL", "POLICY", "SET", "KVM_RUN", "GUEST SAW", "VERDICT"}};
  for (const auto &cell : report.cells) {
    const auto &observed = cell.observed;
    rows.push_back({compat::short_name(cell.asked), observed.policy.legal() ? "legal" : "refused",
                    observed.set ? describe(*observed.set) : "-", or_dash(observed.run), or_dash(observed.seen),
                    std::string(name(cell.judgement.verdict)) + ": " + cell.judgement.reason});
  }
  const std::string level = host.level ? std::string(host.level->name()) : "unknown";
  std::string text = "host: " + describe_kind(host) + ", level " + level + ", kernel " +
                     report.host.facts.system.kernel_release + "\n" + table(rows);
  for (const auto &word : kVerdictWords) {
    const auto count =
        std::ranges::count(report.cells, word.value, [](const matrix::Cell &cell) { return cell.judgement.verdict; });
    if (count != 0) text += std::to_string(count) + " " + std::string(word.word) + "\n";
  }
  return text;
}

}  // namespace parley::report
