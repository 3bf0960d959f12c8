// SPDX-License-Identifier: Apache-2.0
//
// The client interface, called as a guest calls it: an argument block in RAM, addresses of names and buffers in it.
#include "parley/papr/open_firmware.hpp"

#include <gmock/gmock.h>

#include "cas_vector.hpp"
#include "context.hpp"
#include "guests.hpp"
#include "parley/papr/option_vectors.hpp"

namespace parley::papr {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint32_t kError = 0xffffffff;
constexpr std::uint32_t kNothingRead = 0xfffffffe;
constexpr std::uint32_t kUntouched = 0x55555555;

// Where the tests keep things in the guest's RAM.
constexpr std::uint32_t kBlock = 0x100;
constexpr std::uint32_t kService = 0x200;
constexpr std::uint32_t kText1 = 0x300;
constexpr std::uint32_t kText2 = 0x600;
constexpr std::uint32_t kBuffer = 0x2000;
constexpr std::uint32_t kBufferSize = 0x4000;
constexpr std::uint32_t kNoNode = 0x7777;  // no phandle, no instance, not in RAM

class OpenFirmwareTest : public parley::testing::PaprTest {
 protected:
  OpenFirmwareTest() { context_.firmware = &firmware_; }

  // The first two results.
  std::pair<std::uint32_t, std::uint32_t> call2(const std::string &service,
                                                const std::vector<std::uint32_t> &arguments) {
    put_text(kService, service);
    const auto count = static_cast<std::uint32_t>(arguments.size());
    put_cells(kBlock, {kService, count, 2});
    put_cells(kBlock + 12, arguments);
    put_cells(kBlock + 12 + 4 * count, {kUntouched, kUntouched, kUntouched});
    EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kBlock})), Status::kSuccess) << service;
    EXPECT_EQ(cell(kBlock + 20 + 4 * count), kUntouched) << "the block ends with the results";
    return {cell(kBlock + 12 + 4 * count), cell(kBlock + 16 + 4 * count)};
  }
  std::uint32_t call(const std::string &service, const std::vector<std::uint32_t> &arguments) {
    return call2(service, arguments).first;
  }

  // The address of a text that is put there.
  std::uint32_t text1(const std::string &text) { return put_text(kText1, text), kText1; }
  std::uint32_t text2(const std::string &text) { return put_text(kText2, text), kText2; }
  ByteView buffer(std::uint32_t length) { return ram(kBuffer).first(length); }

  std::uint32_t node(const std::string &path) { return call("finddevice", {text1(path)}); }
  std::uint32_t stdout_instance() { return load_be<std::uint32_t>(property(node("/chosen"), "stdout").value()); }
  std::optional<Bytes> property(std::uint32_t phandle, const std::string &name) {
    const std::uint32_t length = call("getprop", {phandle, text1(name), kBuffer, kBufferSize});
    EXPECT_EQ(call("getproplen", {phandle, text1(name)}), length);
    if (length == kError) return std::nullopt;
    const ByteView value = buffer(length);
    return Bytes(value.begin(), value.end());
  }

  OpenFirmware firmware_{fdt::LiveTree(parley::testing::reference_tree()), kRamSize, real_environment()};
};

// --- The device tree

// A line for each node and each property below `node`.
std::vector<std::string> lines(const fdt::Node &node, const std::string &path = "") {
  std::vector<std::string> result{path + "/"};
  for (const auto &property : node.properties) {
    result.push_back(path + "/ " + property.name + "=");
    for (const std::byte byte : property.value) result.back() += " " + std::to_string(std::to_integer<int>(byte));
  }
  for (const auto &child : node.children) {
    const auto below = lines(child, path + "/" + child.name);
    result.insert(result.end(), below.begin(), below.end());
  }
  return result;
}

class TreeWalk : public OpenFirmwareTest {
 protected:
  // The tree below a node, found out by calls alone, as prom_init.c:scan_dt_build_struct does it.
  fdt::Node walk(std::uint32_t phandle) {
    const std::uint32_t length = call("package-to-path", {phandle, kBuffer, kBufferSize});
    const std::string path = text_at(kBuffer);
    EXPECT_EQ(length, path.size() + 1);
    EXPECT_EQ(node(path), phandle);
    fdt::Node found{path.substr(path.rfind('/') + 1), {}, {}};
    std::string name;
    while (call("nextprop", {phandle, text1(name), kBuffer}) == 1) {
      name = text_at(kBuffer);
      found.properties.push_back({name, property(phandle, name).value()});
    }
    EXPECT_EQ(text_at(kBuffer), "") << "behind the last property";
    for (auto child = call("child", {phandle}); child != 0; child = call("peer", {child})) {
      EXPECT_EQ(call("parent", {child}), phandle);
      found.children.push_back(walk(child));
    }
    return found;
  }
};

// What the firmware adds to the tree that it is given.
void remove_additions(fdt::Node &node) {
  std::erase_if(node.properties, [](const fdt::Property &property) {
    return property.name == "phandle" || property.name == "stdout" || property.name == "stdin";
  });
  for (fdt::Node &child : node.children) remove_additions(child);
}

TEST_F(TreeWalk, FindsTheWholeGuestTree) {
  fdt::Node expected = parley::testing::reference_tree();
  remove_additions(expected);
  fdt::Node found = walk(call("peer", {0}));
  remove_additions(found);
  EXPECT_EQ(lines(found), lines(expected));
}

TEST_F(TreeWalk, FindsWhatTheGuestHasChangedItself) {
  put_text(kBuffer, "/vdevice/vty@71000000");
  EXPECT_EQ(call("setprop", {node("/chosen"), text1("linux,stdout-path"), kBuffer, 22}), 22u);
  EXPECT_EQ(call("setprop", {node("/rtas"), text1("linux,rtas-entry"), kBuffer, 4}), 4u);
  const fdt::Node found = walk(call("peer", {0}));
  EXPECT_EQ(found.child("chosen")->text("linux,stdout-path"), "/vdevice/vty@71000000");
  EXPECT_EQ(found.child("rtas")->property("linux,rtas-entry")->value.size(), 4u);
  EXPECT_EQ(found.children.size(), parley::testing::reference_tree().children.size());
}

TEST_F(OpenFirmwareTest, TheRootHasNeitherParentNorPeer) {
  const std::uint32_t root = node("/");
  EXPECT_EQ(call("peer", {0}), root);
  EXPECT_EQ(call("peer", {root}), 0u);
  EXPECT_EQ(call("parent", {root}), 0u);
}

TEST_F(OpenFirmwareTest, GetpropGivesWhatThereIsRoomForAndTheWholeLength) {
  put_text(kBuffer, "????????");
  EXPECT_EQ(call("getprop", {node("/cpus/PowerPC,POWER11@1"), text1("device_type"), kBuffer, 2}), 4u);
  EXPECT_EQ(text_at(kBuffer), "cp??????");
  EXPECT_EQ(call("getprop", {node("/"), text1("device_type"), kRamSize, 0}), 5u) << "to ask for the length";
}

TEST_F(OpenFirmwareTest, AnEmptyPropertyIsNoMissingOne) {
  EXPECT_EQ(property(node("/interrupt-controller"), "interrupt-controller"), Bytes());
  EXPECT_EQ(property(node("/interrupt-controller"), "interrupt-parent"), std::nullopt);
}

TEST_F(OpenFirmwareTest, TheNameIsAPropertyToo) {
  const Bytes name = property(node("/vdevice/vty@71000000"), "name").value();
  EXPECT_THAT(name, ElementsAre(std::byte{'v'}, std::byte{'t'}, std::byte{'y'}, std::byte{0}));
}

TEST_F(OpenFirmwareTest, PathsAreCutWhereTheBufferEnds) {
  put_text(kBuffer, "???????????");
  EXPECT_EQ(call("package-to-path", {node("/vdevice/vty"), kBuffer, 8}), 22u);
  EXPECT_EQ(text_at(kBuffer), "/vdevice???");
}

TEST_F(OpenFirmwareTest, SetpropKeepsWithinItsLimits) {
  const std::uint32_t chosen = node("/chosen");
  EXPECT_EQ(call("setprop", {chosen, text1(std::string(64, 'n')), kBuffer, 2048}), 2048u);
  EXPECT_EQ(call("setprop", {chosen, text1(std::string(65, 'n')), kBuffer, 1}), kError);
  EXPECT_EQ(call("setprop", {chosen, text1("large"), kBuffer, 2049}), kError);
  EXPECT_EQ(call("setprop", {chosen, text1("large"), kBuffer, 0xffffffff}), kError);
  EXPECT_EQ(call("setprop", {chosen, text1(""), kBuffer, 1}), kError);
  for (const char *name : {"phandle", "cpu-version", "ibm,pa-features", "ibm,architecture-vec-5"})
    EXPECT_EQ(call("setprop", {chosen, text1(name), kBuffer, 4}), kError) << name;
  EXPECT_EQ(call("setprop", {chosen, text1("flag"), kBuffer, 0}), 0u);
  EXPECT_EQ(property(chosen, "large"), std::nullopt);
  EXPECT_EQ(property(chosen, "flag"), Bytes());
  EXPECT_EQ(node("/chosen"), chosen);
}

TEST_F(OpenFirmwareTest, SetpropEndsWhenTheTreeHasGrownEnough) {
  const std::uint32_t chosen = node("/chosen");
  int added = 0;
  while (added < 1000 && call("setprop", {chosen, text1("p" + std::to_string(added)), kBuffer, 2048}) == 2048) ++added;
  EXPECT_EQ(added, 29) << "60 KiB; the rest is kept for a negotiation";
  EXPECT_NE(property(chosen, "bootargs"), std::nullopt);
}

// --- Instances and the console

TEST_F(OpenFirmwareTest, AnInstanceLeadsToItsNodeUntilItIsClosed) {
  const std::uint32_t instance = call("open", {text1("/rtas")});
  EXPECT_NE(instance, 0u);
  EXPECT_EQ(call("instance-to-package", {instance}), node("/rtas"));
  EXPECT_EQ(call("instance-to-path", {instance, kBuffer, kBufferSize}), 6u);
  EXPECT_EQ(text_at(kBuffer), "/rtas");
  EXPECT_EQ(call("close", {instance}), 0u);
  EXPECT_EQ(call("instance-to-package", {instance}), kError);
  EXPECT_EQ(call("instance-to-path", {instance, kBuffer, kBufferSize}), kError);
}

TEST_F(OpenFirmwareTest, TheNumberOfInstancesIsLimitedAndClosedOnesMakeRoom) {
  std::vector<std::uint32_t> instances;
  while (const std::uint32_t instance = call("open", {text1("/")})) {
    instances.push_back(instance);
    ASSERT_LT(instances.size(), 100u);
  }
  EXPECT_EQ(instances.size(), 63u) << "beside the console";
  call("close", {instances[5]});
  EXPECT_EQ(call("open", {text1("/rtas")}), instances[5]);
  EXPECT_EQ(call("open", {text1("/rtas")}), 0u);
}

TEST_F(OpenFirmwareTest, TheConsoleIsOpenAndStaysSo) {
  const std::uint32_t console = stdout_instance();
  EXPECT_EQ(property(node("/chosen"), "stdin"), property(node("/chosen"), "stdout"));
  EXPECT_EQ(call("close", {console}), 0u);
  EXPECT_EQ(call("instance-to-path", {console, kBuffer, kBufferSize}), 22u);
  EXPECT_EQ(text_at(kBuffer), "/vdevice/vty@71000000");
}

TEST_F(OpenFirmwareTest, WriteGoesToTheConsole) {
  const std::uint32_t console = stdout_instance();
  EXPECT_EQ(call("write", {console, text1("hello"), 5}), 5u);
  EXPECT_EQ(call("write", {console, kText1 + 1, 3}), 3u);
  EXPECT_EQ(call("write", {console, kText1, 0}), 0u);
  EXPECT_EQ(output(), "helloell");
  EXPECT_EQ(call("write", {console, kText1, 5000}), 4096u) << "so much at a time";
  EXPECT_EQ(output().size(), 4096u);
}

TEST_F(OpenFirmwareTest, WriteMayEndWithRamAndNotBehindIt) {
  const std::uint32_t console = stdout_instance();
  put_text(kRamSize - 4, "abc");
  EXPECT_EQ(call("write", {console, kRamSize - 4, 3}), 3u);
  EXPECT_EQ(call("write", {console, kRamSize - 4, 4}), 4u);
  EXPECT_EQ(output(), std::string("abcabc\0", 7));
  EXPECT_EQ(call("write", {console, kRamSize - 4, 5}), kError);
  EXPECT_EQ(call("write", {console, 0xffffffff, 0xffffffff}), kError);
  EXPECT_EQ(output(), "");
}

TEST_F(OpenFirmwareTest, WriteOnAFullConsoleAsksToBeCalledAgain) {
  const std::uint32_t console = stdout_instance();
  fill_console();
  call("write", {console, text1("hello"), 5});
  EXPECT_TRUE(console_full_);
  EXPECT_EQ(output(), std::string(devices::Vty::kOutputLimit, '-'));
  EXPECT_EQ(call("write", {console, kText1, 5}), 5u);
  EXPECT_EQ(output(), "hello");
}

TEST_F(OpenFirmwareTest, ReadComesFromTheConsole) {
  const std::uint32_t console = stdout_instance();
  EXPECT_EQ(call("read", {console, kBuffer, 8}), kNothingRead);
  vty().feed("0123456789");
  EXPECT_EQ(call("read", {console, kBuffer, 0}), 0u);
  EXPECT_EQ(call("read", {console, kBuffer, 8}), 8u);
  EXPECT_EQ(text_at(kBuffer), "01234567");
  EXPECT_EQ(call("read", {console, kRamSize - 1, 2}), kError) << "and nothing is lost";
  EXPECT_EQ(call("read", {console, kBuffer, 0xffffffff}), 2u);
}

// --- Memory

TEST_F(OpenFirmwareTest, ClaimTakesWhatIsFree) {
  EXPECT_EQ(call("claim", {0x4000, 0x1000, 0}), 0x4000u);
  EXPECT_EQ(call("claim", {0x5000, 0x1000, 0}), 0x5000u) << "right behind";
  EXPECT_EQ(call("claim", {0x3000, 0x1000, 0}), 0x3000u) << "right before";
  EXPECT_EQ(call("claim", {kRamSize - 0x10, 0x10, 0}), kRamSize - 0x10) << "up to the end";
}

struct BadClaim {
  std::uint32_t at;
  std::uint32_t size;
  std::uint32_t alignment;
};

TEST_F(OpenFirmwareTest, ClaimRefusesWhatIsTakenOrNotThere) {
  ASSERT_EQ(call("claim", {0x4000, 0x1000, 0}), 0x4000u);
  for (const auto &[at, size, alignment] : {BadClaim{0x4000, 0x1000, 0},
                                            {0x4fff, 1, 0},
                                            {0x3fff, 2, 0},
                                            {0x3000, 0x3000, 0},
                                            {0, kRamSize, 0},
                                            {0x8000, 0, 0},  // nothing
                                            {kRamSize, 1, 0},
                                            {kRamSize - 1, 2, 0},
                                            {0xffffffff, 1, 0},
                                            {0x8000, 0xffffffff, 0},
                                            {0xffff0000, 0x20000, 0},  // a sum that wraps
                                            {0, kRamSize, 1},
                                            {0, 1, 0xffffffff},
                                            {0, 0xffffffff, 0xffffffff},
                                            {0, 0, 1}})
    EXPECT_EQ(call("claim", {at, size, alignment}), kError) << at << " " << size << " " << alignment;
  EXPECT_EQ(call("claim", {0x5000, 1, 0}), 0x5000u) << "none of them took anything";
}

TEST_F(OpenFirmwareTest, ClaimWithAnAlignmentPicksAPlaceAboveAllThatIsTaken) {
  EXPECT_EQ(call("claim", {0x8000, 0x10, 0x1000}), 0u);
  EXPECT_EQ(call("claim", {0, 0x10, 0x1000}), 0x1000u);
  EXPECT_EQ(call("claim", {0, 0x10, 1}), 0x1010u);
  EXPECT_EQ(call("claim", {0, 0x10, 0x8000}), 0x8000u);
}

TEST_F(OpenFirmwareTest, ReleaseGivesBackExactlyWhatWasClaimed) {
  ASSERT_EQ(call("claim", {0x4000, 0x1000, 0}), 0x4000u);
  EXPECT_EQ(call("release", {0x4000, 0x800}), 0u);
  EXPECT_EQ(call("release", {0x3000, 0x1000}), 0u);
  EXPECT_EQ(call("claim", {0x4800, 1, 0}), kError) << "it is taken still";
  EXPECT_EQ(call("release", {0x4000, 0x1000}), 0u);
  EXPECT_EQ(call("claim", {0x4800, 1, 0}), 0x4800u);
}

TEST_F(OpenFirmwareTest, TheNumberOfClaimsIsLimited) {
  for (std::uint32_t i = 0; i < 256; ++i) ASSERT_EQ(call("claim", {0x4000 + i, 1, 0}), 0x4000 + i);
  EXPECT_EQ(call("claim", {0x5000, 1, 0}), kError);
  call("release", {0x4000, 1});
  EXPECT_EQ(call("claim", {0x5000, 1, 0}), 0x5000u);
}

TEST(OpenFirmware, GivesNoMemoryAboveFourGigabytes) {
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 32;
  OpenFirmware firmware(fdt::LiveTree(fdt::Node{}), 2 * kLimit, real_environment());
  EXPECT_FALSE(firmware.claim(GuestAddress{kLimit}, 1));
  EXPECT_FALSE(firmware.claim(GuestAddress{~std::uint64_t{0}}, 2));
  EXPECT_FALSE(firmware.claim(GuestAddress{1}, ~std::uint64_t{0}));
  EXPECT_TRUE(firmware.claim(GuestAddress{kLimit - 1}, 1));
  EXPECT_EQ(firmware.claim_anywhere(1, 1), std::nullopt) << "above all that is taken there is nothing";
}

// --- Methods

TEST_F(OpenFirmwareTest, InstantiateRtasPutsTheEntryThere) {
  const std::uint32_t rtas = call("open", {text1("/rtas")});
  EXPECT_EQ(call2("call-method", {text1("instantiate-rtas"), rtas, 0x4000}), std::pair(0u, 0x4000u));
  constexpr std::uint32_t kCode[] = {0x7c641b78, 0x3c600000, 0x6063f000, 0x44000022, 0x4e800020};
  for (std::uint32_t i = 0; i < std::size(kCode); ++i) EXPECT_EQ(cell(0x4000 + 4 * i), kCode[i]) << i;
  EXPECT_EQ(call("call-method", {text1("instantiate-rtas"), rtas, kRamSize - 20}), 0u) << "it just fits";
  EXPECT_EQ(call("call-method", {text1("instantiate-rtas"), rtas, kRamSize - 16}), kError);
}

TEST_F(OpenFirmwareTest, ClientArchitectureSupportNegotiates) {
  partition_.offered = parley::testing::reference_offer();
  const std::uint32_t root = call("open", {text1("/")});
  put(0x4000, parley::testing::linux_vector().bytes());
  EXPECT_EQ(call2("call-method", {text1("ibm,client-architecture-support"), root, 0x4000}), std::pair(0u, 0u));
  EXPECT_THAT(partition_.asked, ElementsAre("level power10"));
  EXPECT_EQ(call2("call-method", {text1("ibm,client-architecture-support"), root, kRamSize}), std::pair(0u, kError))
      << "there is such a method, and it failed";
}

TEST_F(OpenFirmwareTest, NodesHaveTheirOwnMethodsOnly) {
  const std::uint32_t root = call("open", {text1("/")});
  const std::uint32_t rtas = call("open", {text1("/rtas")});
  EXPECT_EQ(call("call-method", {text1("ibm,client-architecture-support"), rtas, 0x4000}), kError);
  EXPECT_EQ(call("call-method", {text1("instantiate-rtas"), root, 0x4000}), kError);
  EXPECT_EQ(call("call-method", {text1("sml-get-handover-size"), root, 0}), kError);
  EXPECT_EQ(call("call-method", {text1("instantiate-rtas"), kNoNode, 0x4000}), kError);
  EXPECT_THAT(partition_.outcomes, IsEmpty());
}

// --- The rest

TEST_F(OpenFirmwareTest, MillisecondsPass) {
  const std::uint32_t began = call("milliseconds", {});
  EXPECT_LT(began, 60'000u);
  while (call("milliseconds", {}) == began) {
  }
  EXPECT_GT(call("milliseconds", {}), began);
}

TEST_F(OpenFirmwareTest, TestKnowsEveryService) {
  for (const ClientService &service : client_services())
    EXPECT_EQ(call("test", {text1(std::string(service.name))}), 0u);
  EXPECT_EQ(call("test", {text1("boot")}), kError);
}

TEST_F(OpenFirmwareTest, ExitEndsTheGuestAndQuiesceDoesNot) {
  EXPECT_EQ(call("quiesce", {}), 0u);
  EXPECT_FALSE(shutdown_);
  EXPECT_EQ(call("exit", {}), 0u);
  EXPECT_EQ(shutdown_->kind, Shutdown::Kind::kPanic);
  EXPECT_THAT(shutdown_->message, HasSubstr("exit"));
}

TEST_F(OpenFirmwareTest, AnUnknownServiceGetsAnErrorAndIsCounted) {
  for (const char *service : {"interpret", "seek", "boot", "start-cpu", "", "finddevicex"})
    EXPECT_EQ(call(service, {1, 2, 3}), kError) << service;
  EXPECT_EQ(unknown_calls_, 6u);
}

TEST_F(OpenFirmwareTest, EachCallIsTraced) {
  call("quiesce", {});
  call("finddevice", {text1("/missing")});
  call("a\nb", {});
  EXPECT_THAT(trace_, ElementsAre("client interface: quiesce: 0x00000000", "client interface: finddevice: 0xffffffff",
                                  "client interface: unknown service a\\x0ab: 0xffffffff"));
}

// --- Bad arguments

struct BadService {
  std::string name;
  std::vector<std::uint32_t> arguments;
  std::uint32_t result;
};

void PrintTo(const BadService &bad, std::ostream *stream) { *stream << bad.name; }

class BadArguments : public OpenFirmwareTest, public ::testing::WithParamInterface<BadService> {};

// At kText1 there is "/", at kText2 "model", which the root has.
constexpr std::uint32_t kRoot = 0xabcdef01;     // stands for the root's phandle
constexpr std::uint32_t kConsole = 0xabcdef02;  // stands for the console's instance

TEST_P(BadArguments, GetTheirResultAndDoNothing) {
  std::vector<std::uint32_t> arguments = GetParam().arguments;
  std::ranges::replace(arguments, kRoot, node("/"));
  std::ranges::replace(arguments, kConsole, stdout_instance());
  put_text(kText1, "/");
  put_text(kText2, "model");
  std::ranges::fill(ram(0x8000), std::byte{'x'});  // a text without an end
  vty().feed("input");
  const Bytes before(ram(0x1000).begin(), ram(0x1000).end());
  const Bytes tree_before = firmware_.tree().blob();
  EXPECT_EQ(call(GetParam().name, arguments), GetParam().result);
  EXPECT_TRUE(std::ranges::equal(ram(0x1000), before));
  EXPECT_EQ(firmware_.tree().blob(), tree_before);
  EXPECT_EQ(output(), "");
  EXPECT_EQ(vty().input_room(), devices::Vty::kInputLimit - 5);
}

INSTANTIATE_TEST_SUITE_P(
    Services, BadArguments,
    ::testing::Values(
        BadService{"finddevice", {kText2}, kError}, BadService{"finddevice", {0x10000}, kError},
        BadService{"finddevice", {0xffffffff}, kError}, BadService{"finddevice", {0x8000}, kError},
        BadService{"finddevice", {0xffff}, kError}, BadService{"child", {kNoNode}, 0}, BadService{"peer", {kNoNode}, 0},
        BadService{"parent", {kNoNode}, 0}, BadService{"child", {0}, 0}, BadService{"child", {0xffffffff}, 0},
        BadService{"getproplen", {kNoNode, kText2}, kError}, BadService{"getproplen", {kRoot, kText1}, kError},
        BadService{"getproplen", {kRoot, 0xffffffff}, kError},
        BadService{"getprop", {kNoNode, kText2, kBuffer, 8}, kError},
        BadService{"getprop", {kRoot, kText1, kBuffer, 8}, kError},
        BadService{"getprop", {kRoot, kText2, 0xfffc, 8}, kError},
        BadService{"getprop", {kRoot, kText2, 0xffffffff, 0xffffffff}, kError},
        BadService{"nextprop", {kNoNode, kText2, kBuffer}, kError},
        BadService{"nextprop", {kRoot, kText1, kBuffer}, kError},
        BadService{"nextprop", {kRoot, kText2, 0xffff}, kError},
        BadService{"setprop", {kNoNode, kText2, kBuffer, 4}, kError},
        BadService{"setprop", {kRoot, 0x8000, kBuffer, 4}, kError},
        BadService{"setprop", {kRoot, kText2, 0xfffd, 4}, kError},
        BadService{"package-to-path", {kNoNode, kBuffer, 8}, kError},
        BadService{"package-to-path", {kRoot, 0xffff, 2}, kError}, BadService{"open", {kText2}, 0},
        BadService{"open", {0x10000}, kError}, BadService{"instance-to-package", {kNoNode}, kError},
        BadService{"instance-to-package", {0}, kError}, BadService{"instance-to-package", {0xffffffff}, kError},
        BadService{"instance-to-path", {kNoNode, kBuffer, 8}, kError},
        BadService{"instance-to-path", {kConsole, 0xffff, 8}, kError}, BadService{"close", {kNoNode}, 0},
        BadService{"write", {kNoNode, kText1, 1}, kError}, BadService{"write", {0, kText1, 1}, kError},
        BadService{"read", {kNoNode, kBuffer, 1}, kError}, BadService{"read", {kConsole, 0xffff, 2}, kError},
        BadService{"read", {kConsole, 0xffffffff, 1}, kError},
        BadService{"call-method", {0x10000, kConsole, 0}, kError}, BadService{"test", {0x10000}, kError},
        BadService{"test", {0x8000}, kError}));

TEST_F(OpenFirmwareTest, AServiceWithoutAnArgumentThatItNeedsGetsAnError) {
  constexpr std::string_view kWithoutArguments[] = {"exit", "milliseconds", "quiesce"};
  for (const ClientService &service : client_services()) {
    if (std::ranges::find(kWithoutArguments, service.name) != std::end(kWithoutArguments)) continue;
    EXPECT_EQ(call(std::string(service.name), {}), kError) << service.name;
  }
  EXPECT_EQ(call("getprop", {node("/"), text1("model"), kBuffer}), kError);
  EXPECT_EQ(call("getprop", {node("/"), text1("model"), kBuffer, 0, 1, 2, 3, 4}), 18u) << "more do no harm";
}

// --- The argument block

TEST_F(OpenFirmwareTest, ABlockMayEndWithRamAndHaveNoResults) {
  put_text(kService, "milliseconds");
  put_cells(kRamSize - 12, {kService, 0, 0});
  EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kRamSize - 12})), Status::kSuccess);
  put_cells(kRamSize - 16, {kService, 0, 1, kUntouched});
  EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kRamSize - 16})), Status::kSuccess);
  EXPECT_NE(cell(kRamSize - 4), kUntouched);
}

TEST_F(OpenFirmwareTest, ABlockMayHaveTenCells) {
  put_text(kService, "quiesce");
  put_cells(kBlock, {kService, 0, 10});
  put_cells(kBlock + 12, std::vector<std::uint32_t>(11, kUntouched));
  EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kBlock})), Status::kSuccess);
  EXPECT_EQ(cell(kBlock + 12 + 36), 0u);
  EXPECT_EQ(cell(kBlock + 12 + 40), kUntouched);
}

TEST_F(OpenFirmwareTest, ABlockThatIsMalformedOrLeavesRamIsRefusedWhole) {
  put_text(kService, "exit");
  for (const std::vector<std::uint32_t> &bad : std::vector<std::vector<std::uint32_t>>{{kService, 11, 0},
                                                                                       {kService, 0, 11},
                                                                                       {kService, 5, 6},
                                                                                       {kService, 0xffffffff, 2},
                                                                                       {kService, 2, 0xffffffff}}) {
    put_cells(kBlock, bad);
    EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kBlock})), Status::kParameter)
        << ::testing::PrintToString(bad);
  }
  put_cells(kRamSize - 12, {kService, 0, 1});
  EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kRamSize - 12})), Status::kParameter)
      << "the result would lie beyond the end";
  put_cells(kRamSize - 12, {kService, 1, 0});
  EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kRamSize - 12})), Status::kParameter) << "the argument would";
  for (const std::uint64_t at : {std::uint64_t{kRamSize} - 11, std::uint64_t{kRamSize}, ~std::uint64_t{0}})
    EXPECT_EQ(take(dispatch_service(context_, GuestAddress{at})), Status::kParameter) << at;
  EXPECT_FALSE(shutdown_);
  EXPECT_THAT(trace_, IsEmpty());
}

TEST_F(OpenFirmwareTest, AServiceWhoseNameCannotBeReadIsUnknown) {
  std::ranges::fill(ram(0x8000), std::byte{'x'});
  for (const std::uint32_t name : {0x8000u, 0xffffu, 0x10000u, 0xffffffffu}) {
    put_cells(kBlock, {name, 0, 1, kUntouched});
    EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kBlock})), Status::kSuccess) << name;
    EXPECT_EQ(cell(kBlock + 12), kError) << name;
  }
  EXPECT_EQ(unknown_calls_, 4u);
}

TEST(ClientInterfaceEntryCode, MakesTheHcallWithTheBlockThatIsInR3) {
  constexpr std::uint32_t kCode[] = {0x7c641b78, 0x3c600000, 0x6063f005, 0x44000022, 0x4e800020};
  ASSERT_EQ(client_interface_entry_code().size(), sizeof kCode);
  for (std::size_t i = 0; i < std::size(kCode); ++i)
    EXPECT_EQ(load_be<std::uint32_t>(client_interface_entry_code().subspan(4 * i)), kCode[i]) << i;
}

// --- All of it, in the order in which Linux asks (arch/powerpc/kernel/prom_init.c)

TEST_F(OpenFirmwareTest, LinuxGetsThroughItsFirstCode) {
  partition_.offered = parley::testing::reference_offer();
  const auto text_of = [&](std::uint32_t phandle, const std::string &name) {
    const Bytes value = property(phandle, name).value_or(Bytes());
    return std::string(reinterpret_cast<const char *>(value.data()), value.empty() ? 0 : value.size() - 1);
  };
  // prom_init_client_services, prom_init_stdout
  const std::uint32_t chosen = node("/chosen");
  const std::uint32_t root = node("/");
  const std::uint32_t console = stdout_instance();
  const std::uint32_t length = call("instance-to-path", {console, kBuffer, 256});
  EXPECT_EQ(call("setprop", {chosen, text1("linux,stdout-path"), kBuffer, length}), length);
  EXPECT_EQ(text_of(call("instance-to-package", {console}), "device_type"), "serial");
  // prom_find_machine_type: a partition that RTAS serves
  EXPECT_NE(property(root, "compatible"), std::nullopt);
  EXPECT_EQ(text_of(root, "device_type"), "chrp");
  EXPECT_NE(call("getproplen", {node("/rtas"), text1("ibm,hypertas-functions")}), kError);
  // early_cmdline_parse, prom_check_platform_support
  EXPECT_EQ(text_of(chosen, "bootargs"), "console=hvc0");
  EXPECT_EQ(property(chosen, "ibm,arch-vec-5-platform-support"), platform_support());
  // prom_send_capabilities
  const std::uint32_t root_instance = call("open", {text1("/")});
  put(0x9000, parley::testing::linux_vector().bytes());
  EXPECT_EQ(call2("call-method", {text1("ibm,client-architecture-support"), root_instance, 0x9000}), std::pair(0u, 0u));
  call("close", {root_instance});
  // prom_init_mem: the nodes below /memory or of that type
  EXPECT_EQ(text_of(node("/memory@0"), "device_type"), "memory");
  EXPECT_EQ(property(root, "#address-cells"), parley::testing::bytes_of({0, 0, 0, 2}));
  // prom_find_boot_cpu: without "cpu" it takes the first one
  EXPECT_EQ(property(chosen, "cpu"), std::nullopt);
  // prom_instantiate_rtas
  const std::uint32_t rtas = node("/rtas");
  EXPECT_EQ(property(rtas, "rtas-size"), parley::testing::bytes_of({0, 0, 0x10, 0}));
  EXPECT_EQ(call("claim", {0xe000, 0x1000, 0}), 0xe000u);
  const std::uint32_t rtas_instance = call("open", {text1("/rtas")});
  EXPECT_EQ(call2("call-method", {text1("instantiate-rtas"), rtas_instance, 0xe000}), std::pair(0u, 0xe000u));
  put_cells(kBuffer, {0xe000});
  EXPECT_EQ(call("setprop", {rtas, text1("linux,rtas-base"), kBuffer, 4}), 4u);
  EXPECT_EQ(call("setprop", {rtas, text1("linux,rtas-entry"), kBuffer, 4}), 4u);
  EXPECT_NE(property(rtas, "query-cpu-stopped-state"), std::nullopt) << "so that it does not hold the processors";
  // prom_init_stdout's phandles are used to the end
  EXPECT_EQ(node("/chosen"), chosen);
  EXPECT_EQ(call("quiesce", {}), 0u);
  EXPECT_EQ(unknown_calls_, 0u);
}

}  // namespace
}  // namespace parley::papr
