// SPDX-License-Identifier: Apache-2.0
//
// The comparison of two reports, as JSON.
//
// The reports are compared as JSON values and not as the types that they were written from. A fact that a later schema
// adds is then compared without a change here. Objects are compared member by member, and lists of equal length element
// by element. Cells and hosts are matched by their ids, because two reports may list different ones.
//
// Sentences are left out: a rewording is not a change. The sources and doubts of a host are left out as well, because
// they follow from its facts. A cell without a result has null facts, so only its verdict is compared.
#include "parley/report/comparison.hpp"

#include <algorithm>
#include <array>

#include "json_values.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"

namespace parley::report {
namespace {

// Keys of explanations and of places, which are not compared.
constexpr std::array<std::string_view, 11> kSentences{"reason",         "evidence",      "expected",    "log",
                                                      "sentence",       "detail",        "kind_reason", "level_reason",
                                                      "highest_reason", "lowest_reason", "origin"};

bool is_sentence(const std::string &key) { return std::ranges::find(kSentences, key) != kSentences.end(); }

std::string plain(const Json &value) {
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class Comparer {
 public:
  explicit Comparer(std::vector<Change> &changes) : changes_(changes) {}

  /// Reports each difference as a change of `subject`.
  void compare(const std::string &subject, const std::string &fact, const Json &before, const Json &after) {
    if (before.is_object() && after.is_object()) return compare_members(subject, fact, before, after);
    if (before.is_array() && after.is_array() && before.size() == after.size()) {
      for (std::size_t i = 0; i < after.size(); ++i)
        compare(subject, fact + "[" + std::to_string(i) + "]", before[i], after[i]);
      return;
    }
    if (before != after) changes_.push_back({subject, fact, plain(before), plain(after)});
  }
  /// Compares two lists of objects that have an id.
  template <typename Both>
  void compare_named(const Json &before, const Json &after, Both both) {
    for (const Json &now : after) {
      const auto id = now.at("id").get<std::string>();
      const auto was = find(before, id);
      if (was == before.end()) {
        changes_.push_back({id, "", std::nullopt, summary(now)});
      } else {
        both(id, *was, now);
      }
    }
    for (const Json &was : before) {
      const auto id = was.at("id").get<std::string>();
      if (find(after, id) == after.end()) changes_.push_back({id, "", summary(was), std::nullopt});
    }
  }

 private:
  static Json::const_iterator find(const Json &list, const std::string &id) {
    return std::find_if(list.begin(), list.end(), [&](const Json &item) { return item.at("id") == id; });
  }
  // A cell's verdict, a host's number of cells.
  static std::string summary(const Json &item) {
    return item.contains("verdict") ? plain(item.at("verdict")) : std::to_string(item.at("cells").size()) + " cells";
  }
  void compare_members(const std::string &subject, const std::string &fact, const Json &before, const Json &after) {
    const std::string prefix = fact.empty() ? "" : fact + ".";
    for (const auto &[key, now] : after.items()) {
      if (is_sentence(key)) continue;
      if (before.contains(key)) {
        compare(subject, prefix + key, before.at(key), now);
      } else {
        changes_.push_back({subject, prefix + key, std::nullopt, plain(now)});
      }
    }
    for (const auto &[key, was] : before.items()) {
      if (!is_sentence(key) && !after.contains(key))
        changes_.push_back({subject, prefix + key, plain(was), std::nullopt});
    }
  }

  std::vector<Change> &changes_;
};

// The sources and doubts of a host follow from its facts, and are left out.
void compare_inspected(Comparer &comparer, const std::string &subject, const Json &before, const Json &after) {
  if (before.is_null() || after.is_null()) {
    const auto known = [](const Json &host) { return host.is_null() ? "not known" : "known"; };
    return comparer.compare(subject, "host", known(before), known(after));
  }
  for (const char *part : {"facts", "verdict"}) comparer.compare(subject, part, before.at(part), after.at(part));
}

// Without a result on either side, only the verdicts can differ.
void compare_cells(Comparer &comparer, const std::string &id, const Json &before, const Json &after) {
  if (before.at("policy").is_null() || after.at("policy").is_null())
    return comparer.compare(id, "verdict", before.at("verdict"), after.at("verdict"));
  comparer.compare(id, "", before, after);
}

void compare_matrices(Comparer &comparer, const Json &before, const Json &after) {
  comparer.compare_named(
      before.at("hosts"), after.at("hosts"), [&](const std::string &id, const Json &was, const Json &now) {
        comparer.compare(id, "notes", was.at("notes"), now.at("notes"));
        compare_inspected(comparer, id, was.at("host"), now.at("host"));
        comparer.compare_named(was.at("cells"), now.at("cells"),
                               [&](const std::string &cell, const Json &cell_was, const Json &cell_now) {
                                 compare_cells(comparer, cell, cell_was, cell_now);
                               });
      });
}

std::expected<Json, Failure> read(const NamedText &report) {
  std::string why = "it is not JSON with a schema";
  try {
    Json value = parse(report.text);
    if (value.is_object() && value.contains("schema")) return value;
  } catch (const std::exception &problem) {
    why = problem.what();
  }
  return std::unexpected(Failure{"cannot read the saved report " + report.name, why,
                                 "give reports of 'parley matrix --format json' or 'parley inspect --json'"});
}

}  // namespace

std::expected<Comparison, Failure> compare_reports(const NamedText &before, const NamedText &after) {
  const Json was = TRY(read(before));
  const Json now = TRY(read(after));
  const std::string schema = plain(now.at("schema"));
  const auto bad = [&](std::string why) {
    return std::unexpected(Failure{"cannot compare " + before.name + " with " + after.name, std::move(why),
                                   "give two reports of the same kind, written by this version of parley"});
  };
  if (was.at("schema") != now.at("schema")) return bad("one is " + plain(was.at("schema")) + ", the other " + schema);
  Comparison comparison{before.name, after.name, {}};
  Comparer comparer(comparison.changes);
  try {
    if (schema == kMatrixSchema) {
      compare_matrices(comparer, was, now);
    } else if (schema == kInspectSchema) {
      compare_inspected(comparer, "", was, now);
    } else {
      return bad("this program does not know schema '" + schema + "'");
    }
  } catch (const std::exception &problem) {
    return bad(problem.what());
  }
  return comparison;
}

std::string comparison_text(const Comparison &comparison) {
  std::string text;
  const auto shown = [](const std::optional<std::string> &value) {
    return !value ? "(absent)" : value->empty() ? "(empty)" : printable(*value);
  };
  for (const Change &change : comparison.changes) {
    const std::string between = change.subject.empty() || change.fact.empty() ? "" : ": ";
    text += printable(change.subject + between + change.fact) + ": " + shown(change.before) + " -> " +
            shown(change.after) + "\n";
  }
  const std::size_t count = comparison.changes.size();
  return text + (count == 0 ? "no change" : std::to_string(count) + (count == 1 ? " change" : " changes")) + " since " +
         comparison.before + "\n";
}

}  // namespace parley::report
