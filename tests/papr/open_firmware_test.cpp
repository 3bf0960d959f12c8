// SPDX-License-Identifier: Apache-2.0
//
// The state of the client interface: instances, the console, claims of memory; and the boot code of Linux as a whole.
#include "parley/papr/open_firmware.hpp"

#include "cas_vector.hpp"
#include "client_interface.hpp"
#include "parley/papr/option_vectors.hpp"

namespace parley::papr {
namespace {

class OpenFirmwareTest : public ClientInterfaceTest {};

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

TEST_F(OpenFirmwareTest, TheNumberOfInstancesIsLimitedAndClosedOnesAreReused) {
  std::vector<std::uint32_t> instances;
  while (const std::uint32_t instance = call("open", {text1("/")})) {
    instances.push_back(instance);
    ASSERT_LT(instances.size(), 100u);
  }
  EXPECT_EQ(instances.size(), 63u) << "besides the console";
  call("close", {instances[5]});
  EXPECT_EQ(call("open", {text1("/rtas")}), instances[5]);
  EXPECT_EQ(call("open", {text1("/rtas")}), 0u);
}

TEST_F(OpenFirmwareTest, TheConsoleIsOpenAndCannotBeClosed) {
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
  EXPECT_EQ(call("write", {console, kText1, 5000}), 4096u) << "the limit of one call";
  EXPECT_EQ(output().size(), 4096u);
}

TEST_F(OpenFirmwareTest, WriteReadsUpToTheEndOfRamButNotBeyond) {
  const std::uint32_t console = stdout_instance();
  put_text(kRamSize - 4, "abc");
  EXPECT_EQ(call("write", {console, kRamSize - 4, 3}), 3u);
  EXPECT_EQ(call("write", {console, kRamSize - 4, 4}), 4u);
  EXPECT_EQ(output(), std::string("abcabc\0", 7));
  EXPECT_EQ(call("write", {console, kRamSize - 4, 5}), kError);
  EXPECT_EQ(call("write", {console, 0xffffffff, 0xffffffff}), kError);
  EXPECT_EQ(output(), "");
}

TEST_F(OpenFirmwareTest, WriteToAFullConsoleAsksForARepeatedCall) {
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
  EXPECT_EQ(call("read", {console, kRamSize - 1, 2}), kError) << "no input is lost";
  EXPECT_EQ(call("read", {console, kBuffer, 0xffffffff}), 2u);
}

// --- Memory

TEST_F(OpenFirmwareTest, ClaimAcceptsFreeRanges) {
  EXPECT_EQ(call("claim", {0x4000, 0x1000, 0}), 0x4000u);
  EXPECT_EQ(call("claim", {0x5000, 0x1000, 0}), 0x5000u) << "directly after";
  EXPECT_EQ(call("claim", {0x3000, 0x1000, 0}), 0x3000u) << "directly before";
  EXPECT_EQ(call("claim", {kRamSize - 0x10, 0x10, 0}), kRamSize - 0x10) << "up to the end";
}

struct BadClaim {
  std::uint32_t at;
  std::uint32_t size;
  std::uint32_t alignment;
};

TEST_F(OpenFirmwareTest, ClaimRefusesUsedRangesAndRangesOutsideRam) {
  ASSERT_EQ(call("claim", {0x4000, 0x1000, 0}), 0x4000u);
  for (const auto &[at, size, alignment] : {BadClaim{0x4000, 0x1000, 0},
                                            {0x4fff, 1, 0},
                                            {0x3fff, 2, 0},
                                            {0x3000, 0x3000, 0},
                                            {0, kRamSize, 0},
                                            {0x8000, 0, 0},  // empty
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
  EXPECT_EQ(call("claim", {0x5000, 1, 0}), 0x5000u) << "a refused claim must not use memory";
}

TEST_F(OpenFirmwareTest, ClaimWithAnAlignmentPicksAPlaceAboveAllClaims) {
  EXPECT_EQ(call("claim", {0x8000, 0x10, 0x1000}), 0u);
  EXPECT_EQ(call("claim", {0, 0x10, 0x1000}), 0x1000u);
  EXPECT_EQ(call("claim", {0, 0x10, 1}), 0x1010u);
  EXPECT_EQ(call("claim", {0, 0x10, 0x8000}), 0x8000u);
}

TEST_F(OpenFirmwareTest, ReleaseFreesOnlyExactlyAClaimedRange) {
  ASSERT_EQ(call("claim", {0x4000, 0x1000, 0}), 0x4000u);
  EXPECT_EQ(call("release", {0x4000, 0x800}), 0u);
  EXPECT_EQ(call("release", {0x3000, 0x1000}), 0u);
  EXPECT_EQ(call("claim", {0x4800, 1, 0}), kError) << "it is still claimed";
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
  EXPECT_EQ(firmware.claim_anywhere(1, 1), std::nullopt) << "no memory is left above the claims";
}

// --- All calls in Linux' order (arch/powerpc/kernel/prom_init.c)

TEST_F(OpenFirmwareTest, ServesTheWholeBootCodeOfLinux) {
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
  // prom_find_machine_type: a partition with RTAS
  EXPECT_NE(property(root, "compatible"), std::nullopt);
  EXPECT_EQ(text_of(root, "device_type"), "chrp");
  EXPECT_NE(call("getproplen", {node("/rtas"), text1("ibm,hypertas-functions")}), kError);
  // early_cmdline_parse, prom_check_platform_support
  EXPECT_EQ(text_of(chosen, "bootargs"), "console=hvc0");
  EXPECT_EQ(property(chosen, "ibm,arch-vec-5-platform-support"), platform_support({}));
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
  EXPECT_NE(property(rtas, "query-cpu-stopped-state"), std::nullopt) << "otherwise Linux holds the processors itself";
  // the phandles of prom_init_client_services remain valid to the end
  EXPECT_EQ(node("/chosen"), chosen);
  EXPECT_EQ(call("quiesce", {}), 0u);
  EXPECT_EQ(unknown_calls_, 0u);
}

}  // namespace
}  // namespace parley::papr
