// SPDX-License-Identifier: Apache-2.0
#include "parley/report/matrix.hpp"

#include <algorithm>

#include "matrix_forms.hpp"

namespace parley::report {
namespace {

struct Form {
  std::string_view name;
  MatrixFormat format;
  std::string (*write)(const matrix::Report &, const std::optional<Comparison> &);
};

template <std::string (*kWrite)(const matrix::Report &)>
std::string alone(const matrix::Report &report, const std::optional<Comparison> & /*since*/) {
  return kWrite(report);
}

std::string text_since(const matrix::Report &report, const std::optional<Comparison> &since) {
  return matrix_text(report) + (since ? "\n" + comparison_text(*since) : "");
}

constexpr Form kForms[] = {
    {"text", MatrixFormat::kText, text_since},
    {"json", MatrixFormat::kJson, alone<matrix_json>},
    {"ktap", MatrixFormat::kKtap, alone<matrix_ktap>},
    {"tap13", MatrixFormat::kTap13, alone<matrix_tap>},
    {"junit", MatrixFormat::kJunit, alone<matrix_junit>},
    {"html", MatrixFormat::kHtml, matrix_html},
    {"lava", MatrixFormat::kLava, alone<matrix_lava>},
};

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

std::string matrix(const matrix::Report &report, MatrixFormat format, const std::optional<Comparison> &since) {
  return std::ranges::find(kForms, format, &Form::format)->write(report, since);
}

std::string_view name(matrix::Verdict verdict) { return word_for(kVerdictWords, verdict); }

}  // namespace parley::report
