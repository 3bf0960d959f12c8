// SPDX-License-Identifier: Apache-2.0
//
// JSON helpers that the reports share. The reading functions throw std::exception on a missing key or a wrong type;
// read_report() catches it.
#pragma once

#include <expected>
#include <nlohmann/json.hpp>

#include "parley/base/failure.hpp"
#include "parley/compat/decide.hpp"
#include "words.hpp"

namespace parley::report {

using Json = nlohmann::ordered_json;

inline constexpr std::string_view kInspectSchema = "parley-inspect/1";
inline constexpr std::string_view kMatrixSchema = "parley-matrix/2";

/// The report of 'parley inspect --json'.
Json inspect_value(const compat::AssessedHost &host);
/// One attempt to set arch_compat.
Json trial_value(const host::LevelTrial &trial);
/// Throws on invalid JSON, and on nesting deeper than any report has, because readers of the value recurse.
Json parse(std::string_view text);
/// The text of a report. Strings from a device tree or a console may contain arbitrary bytes.
std::string dump(const Json &value);

host::Facts read_facts(const Json &inspect);
host::LevelTrial read_trial(const Json &value);
/// "0x0f000006"
std::uint32_t number32_of(const Json &value);

/// null for no value, else the result of `write`.
template <typename T, typename Write>
Json or_null(const std::optional<T> &value, Write write) {
  return value ? Json(write(*value)) : Json(nullptr);
}
/// The inverse of or_null().
template <typename Read>
auto optional_value(const Json &value, Read read) -> std::optional<decltype(read(value))> {
  if (value.is_null()) return std::nullopt;
  return read(value);
}

template <typename Value, std::size_t kCount>
Value value_for(const Word<Value> (&words)[kCount], const Json &json) {
  const auto word = json.get<std::string>();
  const auto value = value_of(words, word);
  if (!value) throw std::invalid_argument("unknown value '" + word + "'");
  return *value;
}

/// Reads a report. `text` is the content of the file named `file`; `writer` is the command that writes such reports.
template <typename Report, typename Read>
std::expected<Report, Failure> read_report(std::string_view text, const std::string &file, std::string_view schema,
                                           const std::string &writer, Read read) {
  const auto bad = [&](std::string why) {
    return std::unexpected(
        Failure{"cannot read the saved report " + file, std::move(why), "give a report that '" + writer + "' wrote"});
  };
  try {
    const Json report = parse(text);
    const auto found = report.at("schema").get<std::string>();
    if (found != schema) return bad("its schema is '" + found + "', this program reads '" + std::string(schema) + "'");
    return read(report);
  } catch (const std::exception &problem) {
    return bad(problem.what());
  }
}

}  // namespace parley::report
