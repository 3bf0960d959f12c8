// SPDX-License-Identifier: Apache-2.0
#include "parley/console/endpoint.hpp"

#include <optional>

namespace parley::console {
namespace {

using Kind = Endpoint::Kind;

constexpr std::string_view kForms =
    "give stdio, none, pty, file:PATH, or unix:PATH[,server=on|off][,wait=on|off] as -serial";

std::unexpected<Failure> refuse(std::string_view text, std::string why) {
  return std::unexpected(
      Failure{"cannot use \"" + std::string(text) + "\" as the console", std::move(why), std::string(kForms)});
}

std::optional<bool> read_switch(std::string_view option, std::string_view name) {
  if (option == name) return true;
  if (!option.starts_with(name) || option.substr(name.size()).empty() || option[name.size()] != '=') return {};
  const std::string_view value = option.substr(name.size() + 1);
  if (value == "on") return true;
  if (value == "off") return false;
  return {};
}

std::expected<Endpoint, Failure> parse_unix(std::string_view text, std::string_view rest) {
  const std::size_t path_end = rest.find(',');
  Endpoint endpoint{Kind::kUnixClient, std::string(rest.substr(0, path_end))};
  if (endpoint.path.empty()) return refuse(text, "the path is missing");
  std::optional<bool> wait;
  for (std::size_t at = path_end; at != std::string_view::npos;) {
    const std::size_t next = rest.find(',', at + 1);
    const std::string_view option = rest.substr(at + 1, next == std::string_view::npos ? next : next - at - 1);
    if (const auto server = read_switch(option, "server"))
      endpoint.kind = *server ? Kind::kUnixServer : Kind::kUnixClient;
    else if (const auto on = read_switch(option, "wait"))
      wait = on;
    else if (option == "nowait")
      wait = false;
    else
      return refuse(text, "\"" + std::string(option) + "\" is not an option of a socket");
    at = next;
  }
  if (endpoint.kind == Kind::kUnixClient && wait) return refuse(text, "wait is an option of a server");
  endpoint.wait = endpoint.kind == Kind::kUnixServer && wait.value_or(true);
  return endpoint;
}

}  // namespace

std::expected<Endpoint, Failure> parse_endpoint(std::string_view text) {
  if (text == "stdio" || text == "mon:stdio") return Endpoint{Kind::kStdio};
  if (text == "null" || text == "none") return Endpoint{Kind::kNull};
  if (text == "pty") return Endpoint{Kind::kPty};
  if (text.starts_with("unix:")) return parse_unix(text, text.substr(5));
  if (text.starts_with("file:")) {
    if (text.size() == 5) return refuse(text, "the path is missing");
    return Endpoint{Kind::kFile, std::string(text.substr(5))};
  }
  return refuse(text, "the form is unknown");
}

}  // namespace parley::console
