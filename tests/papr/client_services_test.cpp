// SPDX-License-Identifier: Apache-2.0
//
// The dispatch of a call of the client interface: the table, the argument block, bad arguments; methods of nodes.
#include "cas_vector.hpp"
#include "client_interface.hpp"

namespace parley::papr {
namespace {

class ClientServicesTest : public ClientInterfaceTest {};

// --- The table

TEST_F(ClientServicesTest, TestKnowsEveryService) {
  for (const ClientService &service : client_services())
    EXPECT_EQ(call("test", {text1(std::string(service.name))}), 0u);
  EXPECT_EQ(call("test", {text1("boot")}), kError);
}

TEST_F(ClientServicesTest, AnUnknownServiceGetsAnErrorAndIsCounted) {
  for (const char *service : {"interpret", "seek", "boot", "start-cpu", "", "finddevicex"})
    EXPECT_EQ(call(service, {1, 2, 3}), kError) << service;
  EXPECT_EQ(unknown_calls_, 6u);
}

TEST_F(ClientServicesTest, EachCallIsTraced) {
  call("quiesce", {});
  call("finddevice", {text1("/missing")});
  call("a\nb", {});
  EXPECT_THAT(trace_, ElementsAre("client interface: quiesce: 0x00000000", "client interface: finddevice: 0xffffffff",
                                  "client interface: unknown service a\\x0ab: 0xffffffff"));
}

TEST_F(ClientServicesTest, MillisecondsPass) {
  const std::uint32_t began = call("milliseconds", {});
  EXPECT_LT(began, 60'000u);
  while (call("milliseconds", {}) == began) {
  }
  EXPECT_GT(call("milliseconds", {}), began);
}

TEST_F(ClientServicesTest, ExitEndsTheGuestButQuiesceDoesNot) {
  EXPECT_EQ(call("quiesce", {}), 0u);
  EXPECT_FALSE(shutdown_);
  EXPECT_EQ(call("exit", {}), 0u);
  EXPECT_EQ(shutdown_->kind, Shutdown::Kind::kPanic);
  EXPECT_THAT(shutdown_->message, HasSubstr("exit"));
}

// --- Methods of nodes

TEST_F(ClientServicesTest, InstantiateRtasWritesTheEntryCode) {
  const std::uint32_t rtas = call("open", {text1("/rtas")});
  EXPECT_EQ(call2("call-method", {text1("instantiate-rtas"), rtas, 0x4000}), std::pair(0u, 0x4000u));
  constexpr std::uint32_t kCode[] = {0x7c641b78, 0x3c600000, 0x6063f000, 0x44000022, 0x4e800020};
  for (std::uint32_t i = 0; i < std::size(kCode); ++i) EXPECT_EQ(cell(0x4000 + 4 * i), kCode[i]) << i;
  EXPECT_EQ(call("call-method", {text1("instantiate-rtas"), rtas, kRamSize - 20}), 0u) << "it fits exactly";
  EXPECT_EQ(call("call-method", {text1("instantiate-rtas"), rtas, kRamSize - 16}), kError);
}

TEST_F(ClientServicesTest, ClientArchitectureSupportNegotiates) {
  partition_.offered = parley::testing::reference_offer();
  const std::uint32_t root = call("open", {text1("/")});
  put(0x4000, parley::testing::linux_vector().bytes());
  EXPECT_EQ(call2("call-method", {text1("ibm,client-architecture-support"), root, 0x4000}), std::pair(0u, 0u));
  EXPECT_THAT(partition_.asked, ElementsAre("level power10"));
  EXPECT_EQ(call2("call-method", {text1("ibm,client-architecture-support"), root, kRamSize}), std::pair(0u, kError))
      << "the method exists, but it failed";
}

TEST_F(ClientServicesTest, NodesHaveOnlyTheirOwnMethods) {
  const std::uint32_t root = call("open", {text1("/")});
  const std::uint32_t rtas = call("open", {text1("/rtas")});
  EXPECT_EQ(call("call-method", {text1("ibm,client-architecture-support"), rtas, 0x4000}), kError);
  EXPECT_EQ(call("call-method", {text1("instantiate-rtas"), root, 0x4000}), kError);
  EXPECT_EQ(call("call-method", {text1("sml-get-handover-size"), root, 0}), kError);
  EXPECT_EQ(call("call-method", {text1("instantiate-rtas"), kNoNode, 0x4000}), kError);
  EXPECT_THAT(partition_.outcomes, IsEmpty());
}

// --- Bad arguments

struct BadService {
  std::string name;
  std::vector<std::uint32_t> arguments;
  std::uint32_t result;
};

void PrintTo(const BadService &bad, std::ostream *stream) { *stream << bad.name; }

class BadArguments : public ClientInterfaceTest, public ::testing::WithParamInterface<BadService> {};

// kText1 holds "/", kText2 holds "model", which is a property of the root.
constexpr std::uint32_t kRoot = 0xabcdef01;     // stands for the root's phandle
constexpr std::uint32_t kConsole = 0xabcdef02;  // stands for the console's instance

TEST_P(BadArguments, GetTheirResultAndChangeNothing) {
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

TEST_F(ClientServicesTest, AMissingArgumentIsAnErrorButSurplusOnesAreIgnored) {
  constexpr std::string_view kWithoutArguments[] = {"exit", "milliseconds", "quiesce"};
  for (const ClientService &service : client_services()) {
    if (std::ranges::find(kWithoutArguments, service.name) != std::end(kWithoutArguments)) continue;
    EXPECT_EQ(call(std::string(service.name), {}), kError) << service.name;
  }
  EXPECT_EQ(call("getprop", {node("/"), text1("model"), kBuffer}), kError);
  EXPECT_EQ(call("getprop", {node("/"), text1("model"), kBuffer, 0, 1, 2, 3, 4}), 18u)
      << "surplus arguments are ignored";
}

// --- The argument block

TEST_F(ClientServicesTest, ABlockMayEndAtTheEndOfRamAndHaveNoResults) {
  put_text(kService, "milliseconds");
  put_cells(kRamSize - 12, {kService, 0, 0});
  EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kRamSize - 12})), Status::kSuccess);
  put_cells(kRamSize - 16, {kService, 0, 1, kUntouched});
  EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kRamSize - 16})), Status::kSuccess);
  EXPECT_NE(cell(kRamSize - 4), kUntouched);
}

TEST_F(ClientServicesTest, ABlockMayHaveTenCells) {
  put_text(kService, "quiesce");
  put_cells(kBlock, {kService, 0, 10});
  put_cells(kBlock + 12, std::vector<std::uint32_t>(11, kUntouched));
  EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kBlock})), Status::kSuccess);
  EXPECT_EQ(cell(kBlock + 12 + 36), 0u);
  EXPECT_EQ(cell(kBlock + 12 + 40), kUntouched);
}

TEST_F(ClientServicesTest, ABlockThatIsMalformedOrExtendsBeyondRamFailsTheHcall) {
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
      << "the result would be beyond the end";
  put_cells(kRamSize - 12, {kService, 1, 0});
  EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kRamSize - 12})), Status::kParameter)
      << "the argument would be beyond the end";
  for (const std::uint64_t at : {std::uint64_t{kRamSize} - 11, std::uint64_t{kRamSize}, ~std::uint64_t{0}})
    EXPECT_EQ(take(dispatch_service(context_, GuestAddress{at})), Status::kParameter) << at;
  EXPECT_FALSE(shutdown_);
  EXPECT_THAT(trace_, IsEmpty());
}

TEST_F(ClientServicesTest, AServiceWithAnUnreadableNameIsUnknown) {
  std::ranges::fill(ram(0x8000), std::byte{'x'});
  for (const std::uint32_t name : {0x8000u, 0xffffu, 0x10000u, 0xffffffffu}) {
    put_cells(kBlock, {name, 0, 1, kUntouched});
    EXPECT_EQ(take(dispatch_service(context_, GuestAddress{kBlock})), Status::kSuccess) << name;
    EXPECT_EQ(cell(kBlock + 12), kError) << name;
  }
  EXPECT_EQ(unknown_calls_, 4u);
}

TEST(ClientInterfaceEntryCode, PassesTheBlockInR3ToTheHcall) {
  constexpr std::uint32_t kCode[] = {0x7c641b78, 0x3c600000, 0x6063f005, 0x44000022, 0x4e800020};
  ASSERT_EQ(client_interface_entry_code().size(), sizeof kCode);
  for (std::size_t i = 0; i < std::size(kCode); ++i)
    EXPECT_EQ(load_be<std::uint32_t>(client_interface_entry_code().subspan(4 * i)), kCode[i]) << i;
}

}  // namespace
}  // namespace parley::papr
