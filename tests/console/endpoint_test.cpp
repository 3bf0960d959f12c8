// SPDX-License-Identifier: Apache-2.0
#include "parley/console/endpoint.hpp"

#include <gtest/gtest.h>

namespace parley::console {
namespace {

using Kind = Endpoint::Kind;

void expect_read_as(std::string_view text, const Endpoint &endpoint) {
  const auto parsed = parse_endpoint(text);
  ASSERT_TRUE(parsed) << text << ": " << parsed.error().why;
  EXPECT_EQ(*parsed, endpoint) << text;
}

TEST(Endpoint, ParsesQemusValues) {
  expect_read_as("stdio", {Kind::kStdio});
  expect_read_as("mon:stdio", {Kind::kStdio});
  expect_read_as("null", {Kind::kNull});
  expect_read_as("none", {Kind::kNull});
  expect_read_as("pty", {Kind::kPty});
  expect_read_as("file:/tmp/a,b", {Kind::kFile, "/tmp/a,b"});
}

TEST(Endpoint, TakesASocketWithoutServerForAClient) {
  expect_read_as("unix:/run/x.sock", {Kind::kUnixClient, "/run/x.sock"});
  expect_read_as("unix:x,server=off", {Kind::kUnixClient, "x"});
}

TEST(Endpoint, LetsAServerWaitByDefault) {
  expect_read_as("unix:x,server", {Kind::kUnixServer, "x", true});
  expect_read_as("unix:x,server=on", {Kind::kUnixServer, "x", true});
  expect_read_as("unix:x,server=on,wait=on", {Kind::kUnixServer, "x", true});
  expect_read_as("unix:x,server=on,wait=off", {Kind::kUnixServer, "x", false});
  expect_read_as("unix:x,server,nowait", {Kind::kUnixServer, "x", false});
  expect_read_as("unix:x,wait=off,server", {Kind::kUnixServer, "x", false});
}

TEST(Endpoint, RefusesUnknownValuesAndNamesThem) {
  for (const auto *text :
       {"", "std", "stdio,x", "file:", "unix:", "unix:,server", "unix:x,", "unix:x,server=", "unix:x,sever",
        "unix:x,server=yes", "unix:x,server=on,,wait=off", "unix:x,wait=on", "unix:x,nowait", "tcp:1"}) {
    const auto parsed = parse_endpoint(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().what.find("\"" + std::string(text) + "\""), std::string::npos) << parsed.error().what;
    EXPECT_NE(parsed.error().what_to_do.find("unix:PATH"), std::string::npos);
  }
  EXPECT_NE(parse_endpoint("unix:x,sever").error().why.find("\"sever\""), std::string::npos);
}

}  // namespace
}  // namespace parley::console
