// SPDX-License-Identifier: Apache-2.0
//
// Writing and reading the names of cells and hosts (cell_id.hpp shows the grammar).
//
// A name is a sequence of parts between dots. Some parts are keywords ("compat", "guest"), the others are values. Parts
// walks along them; each take_...() function consumes one production of the grammar, or gives the reason why it does
// not fit. Names come from command lines, file names and saved reports, so every value is checked against its table. A
// cell has exactly one spelling, because its name is also a key in merge() and the name of a result file: parse_cell()
// writes the name again and compares. Hosts are more lenient, because people type them: "power10" is short for
// "host.power10.compat.power10".
#include "parley/matrix/cell_id.hpp"

#include <algorithm>
#include <array>

#include "parley/base/text.hpp"
#include "parley/base/try.hpp"

namespace parley::matrix {
namespace {

struct ApiName {
  std::string_view name;
  host::KvmKind kind;
};
constexpr std::size_t kMaxLabel = 64;  // names of cells are also names of files

constexpr std::array kApis{ApiName{"v1", host::KvmKind::kNestedV1}, ApiName{"v2", host::KvmKind::kNestedV2},
                           ApiName{"bare", host::KvmKind::kPowerNvHv}};

Failure bad_name(std::string_view name, std::string why) {
  return {"'" + printable(name) + "' is not the name of a cell or host", std::move(why),
          "for example host.power11.compat.power10.guest.power9; parley matrix plan prints names"};
}

// Walks along the parts between the dots.
class Parts {
 public:
  explicit Parts(std::string_view name) : rest_(name) {}

  bool at_end() const { return rest_.empty(); }
  /// The next part; empty at the end.
  std::string_view take() {
    const auto part = rest_.substr(0, rest_.find('.'));
    rest_.remove_prefix(std::min(rest_.size(), part.size() + 1));
    return part;
  }
  /// Takes the next part if it is this word.
  bool take_word(std::string_view word) {
    if (rest_.substr(0, rest_.find('.')) != word) return false;
    take();
    return true;
  }

 private:
  std::string_view rest_;
};

bool is_label(std::string_view part) {
  return !part.empty() && part.size() <= kMaxLabel && std::ranges::all_of(part, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_level(std::string_view part) {
  const auto known = Level::from_name(part);
  return part == "unknown" || (known && known->name() == part);
}

std::string level_name(const std::optional<Level> &level) { return std::string(level ? level->name() : "unknown"); }

std::expected<HostId, std::string> take_host(Parts &parts) {
  HostId host;
  parts.take_word("host");
  host.silicon = parts.take();
  host.level = parts.take_word("compat") ? parts.take() : host.silicon;
  for (const auto &level : {host.silicon, host.level}) {
    if (!is_level(level)) return std::unexpected("'" + printable(level) + "' is not the name of a level");
  }
  if (parts.take_word("api")) {
    host.api = parts.take();
    if (std::ranges::find(kApis, host.api, &ApiName::name) == kApis.end())
      return std::unexpected("the nested API is v1, v2 or bare, not '" + printable(host.api) + "'");
  }
  if (parts.take_word("kernel")) {
    host.kernel = parts.take();
    if (!is_label(host.kernel)) return std::unexpected("a kernel's label has up to 64 letters, digits, '_' and '-'");
  }
  return host;
}

std::expected<compat::Target, std::string> take_target(Parts &parts) {
  const std::string word(parts.take());
  const auto requests = compat::parse_wish(word);
  if (!requests || requests->size() != 1 || requests->front().kind != compat::Request::Kind::kTarget ||
      compat::short_name(requests->front().target) != word)
    return std::unexpected("'" + printable(word) + "' is not a level that a guest can request");
  return requests->front().target;
}

std::expected<CellId, std::string> take_cell(Parts &parts) {
  CellId cell;
  cell.host = TRY(take_host(parts));
  if (!parts.take_word("guest")) return std::unexpected("the part 'guest' is missing");
  cell.target = TRY(take_target(parts));
  if (parts.take_word("linux")) cell.guest = Guest::kLinux;
  cell.forced = parts.take_word("forced");
  return cell;
}

template <typename Id>
std::expected<Id, Failure> checked(std::expected<Id, std::string> id, const Parts &parts, std::string_view text) {
  if (!id) return std::unexpected(bad_name(text, id.error()));
  if (!parts.at_end() || text.ends_with('.'))
    return std::unexpected(bad_name(text, "there is text after the end of the name"));
  return std::move(*id);
}

}  // namespace

std::string name(const HostId &host) {
  return "host." + host.silicon + ".compat." + host.level + (host.api.empty() ? "" : ".api." + host.api) +
         (host.kernel.empty() ? "" : ".kernel." + host.kernel);
}

std::string name(const CellId &cell) {
  return name(cell.host) + ".guest." + compat::short_name(cell.target) + (cell.guest == Guest::kLinux ? ".linux" : "") +
         (cell.forced ? ".forced" : "");
}

std::expected<CellId, Failure> parse_cell(std::string_view text) {
  Parts parts(text);
  auto cell = checked(take_cell(parts), parts, text);
  // Each cell has one spelling, because its name is also a key and the name of a file.
  if (cell && name(*cell) != text) return std::unexpected(bad_name(text, "its full name is " + name(*cell)));
  return cell;
}

std::expected<HostId, Failure> parse_host(std::string_view text) {
  Parts parts(text);
  return checked(take_host(parts), parts, text);
}

HostId host_id(const compat::AssessedHost &host) {
  return {level_name(host.capabilities.silicon), level_name(host.capabilities.level), "", ""};
}

std::optional<std::string> mismatch(const HostId &meant, const compat::AssessedHost &host) {
  const HostId here = host_id(host);
  if (meant.silicon != here.silicon || meant.level != here.level)
    return "the cell is for " + meant.level + " on " + meant.silicon + " silicon, this host is " + here.level + " on " +
           here.silicon;
  const auto *api = std::ranges::find(kApis, meant.api, &ApiName::name);
  if (api != kApis.end() && api->kind != host.capabilities.kvm)
    return "the cell is for nested API " + meant.api + ", this host is " + host::describe_kind(host.capabilities);
  return std::nullopt;
}

}  // namespace parley::matrix
