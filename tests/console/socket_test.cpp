// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <fstream>

#include "running.hpp"

namespace parley::console {
namespace {

class Socket : public testing::Test {
 protected:
  sockaddr_un address() const {
    sockaddr_un address{AF_UNIX, {}};
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
  }
  FileDescriptor connect_peer() const {
    FileDescriptor peer(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un to = address();
    EXPECT_EQ(::connect(peer.get(), reinterpret_cast<const sockaddr *>(&to), sizeof to), 0);
    return peer;
  }
  FileDescriptor serve() const {
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un at = address();
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr *>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(socket.get(), 1), 0);
    return socket;
  }
  std::string why_not(const Endpoint &endpoint) const {
    devices::Vty vty;
    const auto console = Console::open({{endpoint, vty}}, {});
    EXPECT_FALSE(console);
    return console ? "" : console.error().why;
  }

  const Folder folder;
  const std::string path = folder / "socket";
  const Endpoint server{Kind::kUnixServer, path};
  const std::string came = "a peer came to " + path;
  const std::string left = "the peer left " + path;
};

TEST_F(Socket, CarriesEveryByteBothWays) {
  Running running(server);
  const FileDescriptor peer = connect_peer();
  const std::string text("\x01x\r\n\x03\0\xff", 7);
  write_to(peer.get(), text);
  EXPECT_EQ(read_as_guest(running.vty, text.size()), text);
  ASSERT_TRUE(write_as_guest(running.vty, text));
  EXPECT_EQ(read_from(peer.get(), text.size()), text);
  EXPECT_EQ(running.heard(came), 1);
}

TEST_F(Socket, IsOpenToItsOwnerOnlyAndIsRemovedWithTheConsole) {
  {
    Running running(server);
    struct stat file {};
    ASSERT_EQ(::lstat(path.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode, S_IFSOCK | 0600u);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Socket, IsNotRemovedIfAnotherFileHasReplacedIt) {
  {
    Running running(server);
    std::filesystem::remove(path);
    std::ofstream(path) << "of another program";
  }
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(Socket, ReplacesASocketWithoutAListener) {
  serve();  // and gone
  ASSERT_TRUE(std::filesystem::exists(path));
  Running running(server);
  connect_peer();
  EXPECT_TRUE(eventually([&] { return running.heard(came) == 1; }));
}

TEST_F(Socket, IsRefusedWhereAnotherProgramListens) {
  const FileDescriptor other = serve();
  EXPECT_EQ(why_not(server), "another program listens there");
  const FileDescriptor queued = connect_peer();
  EXPECT_EQ(why_not(server), "another program listens there") << "also if its queue is full";
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(Socket, IsRefusedWhereAnotherKindOfFileExists) {
  std::ofstream(path) << "precious";
  EXPECT_EQ(why_not(server), "the file there is not a socket");
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(why_not({Kind::kUnixServer, "/nowhere/socket"}), "bind: ENOENT (No such file or directory)");
}

TEST_F(Socket, IsRefusedIfItsPathIsTooLong) {
  for (const Kind kind : {Kind::kUnixServer, Kind::kUnixClient}) {
    EXPECT_EQ(why_not({kind, std::string(108, 'x')}), "the path is longer than 107 bytes, the limit for a socket");
    EXPECT_EQ(why_not({kind, "/nowhere/" + std::string(98, 'x')}).find("longer"), std::string::npos);
  }
}

TEST_F(Socket, GivesTheFirstPeerTheEarlierOutput) {
  Running running(server);
  const std::string text = numbered_lines(200'000);
  ASSERT_TRUE(write_as_guest(running.vty, text));
  ASSERT_TRUE(eventually([&] { return running.console->dropped() == text.size() - Console::kHoldLimit; }));
  const FileDescriptor peer = connect_peer();
  EXPECT_EQ(read_from(peer.get(), Console::kHoldLimit), text.substr(text.size() - Console::kHoldLimit));
}

TEST_F(Socket, ServesOnePeerAfterTheOther) {
  Running running(server);
  FileDescriptor first = connect_peer();
  FileDescriptor second = connect_peer();
  write_to(second.get(), "second");
  write_to(first.get(), "first");
  EXPECT_EQ(read_as_guest(running.vty, 5), "first");
  EXPECT_EQ(running.heard(came), 1);
  first.reset();
  EXPECT_EQ(read_as_guest(running.vty, 6), "second");
  EXPECT_EQ(running.heard(left), 1);
  second.reset();
  ASSERT_TRUE(eventually([&] { return running.heard(left) == 2; }));
  EXPECT_LT(idle_cost(running), kBusy);
  EXPECT_TRUE(running.lost().empty());
}

TEST_F(Socket, KeepsOutputThatAPeerDidNotTakeForTheNextPeer) {
  Running running(server);
  FileDescriptor first = connect_peer();
  ASSERT_TRUE(write_as_guest(running.vty, "one"));
  EXPECT_EQ(read_from(first.get(), 3), "one");
  first.reset();
  ASSERT_TRUE(eventually([&] { return running.heard(left) == 1; }));
  ASSERT_TRUE(write_as_guest(running.vty, "two"));
  EXPECT_EQ(read_from(connect_peer().get(), 3), "two");
}

TEST_F(Socket, ReadsAllInputOfAPeerThatHasAlreadyLeft) {
  Running running(server);
  const std::string script = numbered_lines(50'000);
  write_to(connect_peer().get(), script);  // and gone
  // The guest's echo has no reader, which does not end the input.
  EXPECT_EQ(read_as_guest(running.vty, 1'000), script.substr(0, 1'008));
  ASSERT_TRUE(write_as_guest(running.vty, "echo"));
  EXPECT_EQ(read_as_guest(running.vty, script.size() - 1'008), script.substr(1'008));
  EXPECT_TRUE(eventually([&] { return running.heard(left) == 1; }));
}

TEST_F(Socket, KeepsAPeerThatHasOnlyStoppedWriting) {
  Running running(server);
  FileDescriptor peer = connect_peer();
  write_to(peer.get(), "in");
  ASSERT_EQ(::shutdown(peer.get(), SHUT_WR), 0);
  EXPECT_EQ(read_as_guest(running.vty, 2), "in");
  EXPECT_LT(idle_cost(running), kBusy);
  ASSERT_TRUE(write_as_guest(running.vty, "out"));
  EXPECT_EQ(read_from(peer.get(), 3), "out");
  EXPECT_EQ(running.heard(left), 0);
  peer.reset();
  EXPECT_TRUE(eventually([&] { return running.heard(left) == 1; }));
}

TEST_F(Socket, StartsTheGuestWithTheFirstPeerIfItMustWait) {
  std::atomic<int> ready = 0;
  Events events;
  events.on_ready = [&] { ++ready; };
  Running running({Kind::kUnixServer, path, true}, {}, events);
  EXPECT_TRUE(eventually([&] { return !running.news().empty(); }));
  EXPECT_EQ(running.news().at(0), "the guest's console is at " + path + ", waiting for a peer");
  EXPECT_LT(idle_cost(running), kBusy);
  EXPECT_EQ(ready, 0);
  connect_peer();  // and gone
  EXPECT_TRUE(eventually([&] { return ready == 1; }));
  connect_peer();
  EXPECT_TRUE(eventually([&] { return running.heard(came) == 2; }));
  EXPECT_EQ(ready, 1);
}

TEST_F(Socket, FinishesWithoutAPeer) {
  for (const bool wait : {false, true}) {
    Running running({Kind::kUnixServer, path, wait});
    ASSERT_TRUE(write_as_guest(running.vty, "has no peer."));
    running.finish();
    EXPECT_EQ(running.console->dropped(), 12u);
  }
}

TEST_F(Socket, LetsTheGuestContinueWhenThePeerTakesNothing) {
  Running running(server);
  const FileDescriptor peer = connect_peer();
  const std::string text = numbered_lines(1'000'000);
  ASSERT_TRUE(write_as_guest(running.vty, text));
  ASSERT_TRUE(eventually([&] { return running.console->dropped() > 0; }));
  EXPECT_LT(idle_cost(running), kBusy);
  const std::string read = read_from(peer.get(), text.size() - running.console->dropped());
  EXPECT_TRUE(text.ends_with(read.substr(read.size() - Console::kHoldLimit)));
  running.finish();
}

TEST_F(Socket, LeavesTheLastOutputToThePeer) {
  Running running(server);
  const FileDescriptor peer = connect_peer();
  ASSERT_TRUE(eventually([&] { return running.heard(came) == 1; }));
  ASSERT_TRUE(write_as_guest(running.vty, "last words"));
  running.finish();
  running.console.reset();
  EXPECT_EQ(read_from(peer.get(), 100), "last words");
}

TEST_F(Socket, ConnectsToAListener) {
  FileDescriptor other = serve();
  Running running({Kind::kUnixClient, path});
  FileDescriptor peer(::accept(other.get(), nullptr, nullptr));
  write_to(peer.get(), "in");
  EXPECT_EQ(read_as_guest(running.vty, 2), "in");
  ASSERT_TRUE(write_as_guest(running.vty, "out"));
  EXPECT_EQ(read_from(peer.get(), 3), "out");
  peer.reset();
  EXPECT_TRUE(eventually([&] { return running.heard(left) == 1; }));
  EXPECT_TRUE(write_as_guest(running.vty, numbered_lines(200'000)));
  EXPECT_LT(idle_cost(running), kBusy);
  EXPECT_TRUE(running.lost().empty());
}

TEST_F(Socket, WithoutAListenerRefusesAClient) {
  EXPECT_EQ(why_not({Kind::kUnixClient, path}), "connect: ENOENT (No such file or directory)");
  serve();  // and gone
  EXPECT_EQ(why_not({Kind::kUnixClient, path}), "connect: ECONNREFUSED (Connection refused)");
}

}  // namespace
}  // namespace parley::console
