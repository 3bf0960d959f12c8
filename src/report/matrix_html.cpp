// SPDX-License-Identifier: Apache-2.0
//
// The page is made from page/, with the report as JSON in place of "@DATA@". A script in the page lays it out.
#include "matrix_forms.hpp"
#include "page.hpp"

namespace parley::report {
namespace {

constexpr std::string_view kMark = "@DATA@";

std::string as_is(const std::string &text) { return text; }

Json comparison_value(const Comparison &comparison) {
  Json changes = Json::array();
  for (const Change &change : comparison.changes)
    changes.push_back({{"subject", change.subject},
                       {"fact", change.fact},
                       {"before", or_null(change.before, as_is)},
                       {"after", or_null(change.after, as_is)}});
  return {{"before", comparison.before}, {"changes", changes}};
}

// The text inside a script element must not contain its end tag. In JSON a '<' occurs only in strings, where \u003c is
// an equivalent spelling.
std::string inside_script(const Json &value) {
  std::string text;
  for (const char c : value.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string matrix_html(const matrix::Report &report, const std::optional<Comparison> &comparison) {
  const std::string_view page(reinterpret_cast<const char *>(kPage), sizeof kPage);
  const auto mark = page.find(kMark);
  const Json data{{"report", matrix_value(report)},
                  {"comparison", comparison ? comparison_value(*comparison) : Json(nullptr)},
                  {"version", PARLEY_VERSION}};
  return std::string(page.substr(0, mark)) + inside_script(data) + std::string(page.substr(mark + kMark.size()));
}

}  // namespace parley::report
