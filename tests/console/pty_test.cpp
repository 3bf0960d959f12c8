// SPDX-License-Identifier: Apache-2.0
#include "running.hpp"

namespace parley::console {
namespace {

const std::string kNews = "the guest's console is ";

std::string name_of(Running &running) {
  EXPECT_TRUE(eventually([&] { return !running.news().empty(); }));
  const std::string news = running.news().at(0);
  EXPECT_TRUE(news.starts_with(kNews + "/dev/pts/")) << news;
  return news.substr(kNews.size());
}

FileDescriptor open_pty(Running &running) {
  FileDescriptor user(::open(name_of(running).c_str(), O_RDWR | O_NOCTTY));
  EXPECT_TRUE(user);
  return user;
}

TEST(Pty, ReportsItsNameAndCarriesEveryByteBothWays) {
  Running running({Kind::kPty});
  const FileDescriptor user = open_pty(running);
  const std::string text("\x01x\r\n\x03\0\xff", 7);
  write_to(user.get(), text);
  EXPECT_EQ(read_as_guest(running.vty, text.size()), text);
  ASSERT_TRUE(write_as_guest(running.vty, text));
  EXPECT_EQ(read_from(user.get(), text.size()), text);
}

TEST(Pty, ServesOneUserAfterTheOther) {
  Running running({Kind::kPty});
  for (int visit = 0; visit < 2; ++visit) {
    {
      const FileDescriptor user = open_pty(running);
      write_to(user.get(), "hello");
      EXPECT_EQ(read_as_guest(running.vty, 5), "hello");
    }
    EXPECT_LT(idle_cost(running), kBusy);
  }
  EXPECT_TRUE(running.lost().empty());
}

TEST(Pty, DropsTheOldestOutputWithoutAReaderAndContinuesWithOne) {
  Running running({Kind::kPty});
  const std::string text = numbered_lines(500'000);
  ASSERT_TRUE(write_as_guest(running.vty, text)) << "the guest waited without a reader";
  ASSERT_TRUE(eventually([&] { return running.console->dropped() > 0; }));
  EXPECT_LT(idle_cost(running), kBusy);
  const std::uint64_t dropped = running.console->dropped();
  const FileDescriptor user = open_pty(running);
  const std::string read = read_from(user.get(), text.size() - dropped);
  // The bytes that the tty took, then the last bytes that were kept.
  EXPECT_EQ(read.size(), text.size() - dropped);
  ASSERT_GT(read.size(), Console::kHoldLimit);
  EXPECT_TRUE(text.ends_with(read.substr(read.size() - Console::kHoldLimit)));
  EXPECT_TRUE(text.starts_with(read.substr(0, read.size() - Console::kHoldLimit)));

  std::string more;
  std::thread reader([&] { more = read_from(user.get(), text.size()); });
  EXPECT_TRUE(write_as_guest(running.vty, text));
  reader.join();
  EXPECT_EQ(more, text) << "there is a reader again";
  EXPECT_EQ(running.console->dropped(), dropped);
}

TEST(Pty, GivesItsReaderTheLastOutput) {
  Running running({Kind::kPty});
  const FileDescriptor user = open_pty(running);
  ASSERT_TRUE(write_as_guest(running.vty, "last words"));
  std::string read;
  std::thread reader([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    read = read_from(user.get(), 10);
  });
  running.finish();
  running.console.reset();
  reader.join();
  EXPECT_EQ(read, "last words");
}

TEST(Pty, FinishesWithoutAReader) {
  Running running({Kind::kPty});
  ASSERT_TRUE(write_as_guest(running.vty, numbered_lines(200'000)));
  running.finish();
  EXPECT_GT(running.console->dropped(), 0u);
}

}  // namespace
}  // namespace parley::console
