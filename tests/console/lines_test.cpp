// SPDX-License-Identifier: Apache-2.0
//
// Several terminals of one guest on one event loop.
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cstring>

#include "running.hpp"

namespace parley::console {
namespace {

FileDescriptor connect_to_socket(const std::string &path) {
  FileDescriptor peer(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un to{AF_UNIX, {}};
  std::memcpy(to.sun_path, path.data(), path.size());
  EXPECT_EQ(::connect(peer.get(), reinterpret_cast<const sockaddr *>(&to), sizeof to), 0);
  return peer;
}

Failure refusal_of(const std::vector<Endpoint> &endpoints) {
  std::vector<devices::Vty> vtys(endpoints.size());
  std::vector<Line> lines;
  for (std::size_t index = 0; index < endpoints.size(); ++index) lines.push_back({endpoints[index], vtys[index]});
  const auto console = Console::open(std::move(lines), {});
  EXPECT_FALSE(console);
  return console ? Failure{} : console.error();
}

TEST(Lines, CarryTheirBytesSeparately) {
  const Folder folder;
  Pipe in;
  Pipe out;
  Running running({Endpoint{Kind::kStdio}, {Kind::kUnixServer, folder / "socket"}, {Kind::kFile, folder / "log"}},
                  {in.out.get(), out.in.get()});
  const FileDescriptor peer = connect_to_socket(folder / "socket");
  write_to(in.in.get(), "to the first");
  write_to(peer.get(), "to the second");
  EXPECT_EQ(read_as_guest(running.vtys[0], 12), "to the first");
  EXPECT_EQ(read_as_guest(running.vtys[1], 13), "to the second");
  ASSERT_TRUE(write_as_guest(running.vtys[0], "from the first"));
  ASSERT_TRUE(write_as_guest(running.vtys[1], "from the second"));
  ASSERT_TRUE(write_as_guest(running.vtys[2], "from the third"));
  EXPECT_EQ(read_from(out.out.get(), 14), "from the first");
  EXPECT_EQ(read_from(peer.get(), 15), "from the second");
  running.finish();
  EXPECT_EQ(content_of(folder / "log"), "from the third");
}

TEST(Lines, AreNumberedInNewsIfThereAreSeveral) {
  const Folder folder;
  const std::string at = " is at " + folder.path + "/";
  {
    Running running({{Kind::kNull}, {Kind::kUnixServer, folder / "a"}, {Kind::kUnixServer, folder / "b", true}});
    EXPECT_TRUE(eventually([&] { return running.news().size() == 2; }));
    EXPECT_EQ(running.heard("the guest's console 2" + at + "a"), 1);
    EXPECT_EQ(running.heard("the guest's console 3" + at + "b, waiting for a peer"), 1);
  }
  Running alone({Kind::kUnixServer, folder / "a"});
  EXPECT_TRUE(eventually([&] { return alone.heard("the guest's console" + at + "a") == 1; }));
}

TEST(Lines, StartTheGuestWhenEachWaitingOneHasHadAPeer) {
  const Folder folder;
  std::atomic<int> ready = 0;
  Events events;
  events.on_ready = [&] { ++ready; };
  Running running({{Kind::kUnixServer, folder / "a", true}, {Kind::kNull}, {Kind::kUnixServer, folder / "b", true}}, {},
                  events);
  for (int visit = 0; visit < 2; ++visit) connect_to_socket(folder / "a");
  EXPECT_TRUE(eventually([&] { return running.heard("the peer left " + folder.path + "/a") == 2; }));
  EXPECT_EQ(ready, 0);
  connect_to_socket(folder / "b");
  EXPECT_TRUE(eventually([&] { return ready == 1; }));
}

TEST(Lines, FinishOnlyWhenAllOutputIsWritten) {
  Pipe out;
  Running running({Endpoint{Kind::kNull}, {Kind::kStdio}}, {-1, out.in.get()});
  const std::string text = numbered_lines(100'000);
  ASSERT_TRUE(write_as_guest(running.vtys[1], text));
  EXPECT_EQ(finish_with_a_late_reader(running, out.out.get(), text.size()), text);
}

TEST(Lines, AddUpTheirDroppedBytes) {
  const Folder folder;
  Running running({{Kind::kUnixServer, folder / "a"}, {Kind::kNull}, {Kind::kUnixServer, folder / "b"}});
  ASSERT_TRUE(write_as_guest(running.vtys[0], "12345"));
  ASSERT_TRUE(write_as_guest(running.vtys[1], "not counted"));
  ASSERT_TRUE(write_as_guest(running.vtys[2], "678"));
  running.finish();
  EXPECT_EQ(running.console->dropped(), 8u);
}

TEST(Lines, LoseTheirReadersOneByOne) {
  Pipe out;
  out.out.reset();
  Running running({Endpoint{Kind::kStdio}, {Kind::kFile, "/dev/full"}}, {-1, out.in.get()});
  ASSERT_TRUE(write_as_guest(running.vtys[1], "x"));
  ASSERT_TRUE(eventually([&] { return running.lost().size() == 1; }));
  EXPECT_EQ(running.lost()[0].what, "cannot write the guest's output to /dev/full");
  ASSERT_TRUE(write_as_guest(running.vtys[0], "x"));
  ASSERT_TRUE(eventually([&] { return running.lost().size() == 2; }));
  EXPECT_EQ(running.lost()[1].what, "cannot write the guest's output to standard output");
}

TEST(Lines, CannotShareAnEndpoint) {
  const Folder folder;
  const Failure stdio = refusal_of({{Kind::kStdio}, {Kind::kNull}, {Kind::kStdio}});
  EXPECT_EQ(stdio.what, "cannot connect two of the guest's consoles to standard input and output");
  EXPECT_EQ(stdio.why, "consoles 1 and 3 would mix their bytes");
  EXPECT_EQ(stdio.what_to_do, "give one -serial stdio only; the other can be pty, file:PATH, unix:PATH or none");
  for (const Kind kind : {Kind::kFile, Kind::kUnixServer}) {
    const Failure shared = refusal_of({{kind, folder / "a"}, {kind, folder / "a"}});
    EXPECT_EQ(shared.what, "cannot connect two of the guest's consoles to " + folder.path + "/a");
    EXPECT_FALSE(std::filesystem::exists(folder / "a"));
  }
}

TEST(Lines, LeaveNoSocketIfALaterOneIsRefused) {
  const Folder folder;
  EXPECT_EQ(refusal_of({{Kind::kUnixServer, folder / "a"}, {Kind::kFile, "/nowhere/log"}}).what,
            "cannot write the guest's output to /nowhere/log");
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

}  // namespace
}  // namespace parley::console
