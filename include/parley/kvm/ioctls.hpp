// SPDX-License-Identifier: Apache-2.0
//
// The table of all ioctls that Parley makes: number, name, argument.
//
// An ioctl takes one machine word, and only its number tells how the kernel reads it: as nothing, as a number, or as
// the address of a struct that the kernel reads, fills in, or both. A wrong pairing of number and argument compiles in
// C and fails at run time, or worse, lets the kernel write past a struct. Here each number stands beside the type of
// its argument, once. Descriptor::call<abi::kSetRegs>(regs) looks the row up while the program is compiled: a number
// without a row, or another argument than the row's, does not compile, and a refusal is reported under the row's name.
//
// The rows also serve the seam (kernel.hpp). An implementation of Kernel gets the row with each call, so a decorator
// can name the call, and knows how many bytes to copy before and after it. Three structs carry a further address:
// KVM_GET_ONE_REG and KVM_SET_ONE_REG that of the register's value, whose size the register's id gives, and
// KVM_SET_DEVICE_ATTR that of the attribute's value, which is 8 bytes for a source of the XICS.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "parley/kvm/abi.hpp"

namespace parley::kvm {

enum class Direction : std::uint8_t {
  kNone,   ///< no argument
  kValue,  ///< the argument is a number
  kIn,     ///< the address of a struct that the kernel reads
  kOut,    ///< the address of a struct that the kernel fills in
  kInOut,  ///< both
};

struct IoctlInfo {
  std::uint32_t number = 0;
  std::string_view name;
  Direction direction;
  std::uint32_t size = 0;  ///< of the struct, in bytes; 0 where there is none
};

// The kinds of argument: how a caller gives it, its direction, its size.
struct None {
  static constexpr Direction kDirection = Direction::kNone;
  static constexpr std::uint32_t kSize = 0;
};
struct Value {
  using Parameter = unsigned long;
  static constexpr Direction kDirection = Direction::kValue;
  static constexpr std::uint32_t kSize = 0;
};
template <typename Struct>
struct In {
  using Parameter = const Struct &;
  static constexpr Direction kDirection = Direction::kIn;
  static constexpr std::uint32_t kSize = sizeof(Struct);
};
template <typename Struct>
struct Out {
  using Parameter = Struct &;
  static constexpr Direction kDirection = Direction::kOut;
  static constexpr std::uint32_t kSize = sizeof(Struct);
};
template <typename Struct>
struct InOut {
  using Parameter = Struct &;
  static constexpr Direction kDirection = Direction::kInOut;
  static constexpr std::uint32_t kSize = sizeof(Struct);
};

template <typename Argument>
struct Ioctl : IoctlInfo {
  consteval Ioctl(std::uint32_t ioctl_number, std::string_view ioctl_name)
      : IoctlInfo{ioctl_number, ioctl_name, Argument::kDirection, Argument::kSize} {}
};

inline constexpr std::tuple kIoctlTable{
    Ioctl<None>{abi::kGetApiVersion, "KVM_GET_API_VERSION"},
    Ioctl<Value>{abi::kCreateVm, "KVM_CREATE_VM"},
    Ioctl<Value>{abi::kCheckExtension, "KVM_CHECK_EXTENSION"},
    Ioctl<None>{abi::kGetVcpuMmapSize, "KVM_GET_VCPU_MMAP_SIZE"},
    Ioctl<Value>{abi::kCreateVcpu, "KVM_CREATE_VCPU"},
    Ioctl<In<abi::MemoryRegion>>{abi::kSetUserMemoryRegion, "KVM_SET_USER_MEMORY_REGION"},
    Ioctl<In<abi::IrqLevel>>{abi::kIrqLine, "KVM_IRQ_LINE"},
    Ioctl<None>{abi::kRun, "KVM_RUN"},
    Ioctl<Out<abi::Regs>>{abi::kGetRegs, "KVM_GET_REGS"},
    Ioctl<In<abi::Regs>>{abi::kSetRegs, "KVM_SET_REGS"},
    Ioctl<Out<abi::Sregs>>{abi::kGetSregs, "KVM_GET_SREGS"},
    Ioctl<In<abi::EnableCap>>{abi::kEnableCap, "KVM_ENABLE_CAP"},
    Ioctl<In<abi::OneReg>>{abi::kGetOneReg, "KVM_GET_ONE_REG"},
    Ioctl<In<abi::OneReg>>{abi::kSetOneReg, "KVM_SET_ONE_REG"},
    Ioctl<In<abi::RtasToken>>{abi::kRtasDefineToken, "KVM_PPC_RTAS_DEFINE_TOKEN"},
    Ioctl<In<abi::MmuV3Config>>{abi::kConfigureV3Mmu, "KVM_PPC_CONFIGURE_V3_MMU"},
    Ioctl<Out<abi::SmmuInfo>>{abi::kGetSmmuInfo, "KVM_PPC_GET_SMMU_INFO"},
    Ioctl<InOut<std::uint32_t>>{abi::kAllocateHtab, "KVM_PPC_ALLOCATE_HTAB"},
    Ioctl<Out<abi::CpuChar>>{abi::kGetCpuChar, "KVM_PPC_GET_CPU_CHAR"},
    Ioctl<InOut<abi::CreateDevice>>{abi::kCreateDevice, "KVM_CREATE_DEVICE"},
    Ioctl<In<abi::DeviceAttr>>{abi::kSetDeviceAttr, "KVM_SET_DEVICE_ATTR"},
    Ioctl<InOut<abi::CompatCaps>>{abi::kGetCompatCaps, "KVM_PPC_GET_COMPAT_CAPS"},
};

/// The same rows without the types of their arguments. A Kernel is called with elements of this array.
inline constexpr auto kIoctls =
    std::apply([](const auto &...row) { return std::array{static_cast<const IoctlInfo &>(row)...}; }, kIoctlTable);

/// The place of a number in the table. A number that is not there, or is there twice, does not compile.
consteval std::size_t index_of_ioctl(std::uint32_t number) {
  if (std::ranges::count(kIoctls, number, &IoctlInfo::number) != 1) throw "a number with no row, or with two";
  return static_cast<std::size_t>(std::ranges::find(kIoctls, number, &IoctlInfo::number) - kIoctls.begin());
}

template <std::uint32_t kNumber>
inline constexpr const IoctlInfo &kIoctl = kIoctls[index_of_ioctl(kNumber)];

template <typename Argument>
Argument argument_of(const Ioctl<Argument> &);
/// The kind of argument that the ioctl with this number takes: None, Value, In, Out or InOut.
template <std::uint32_t kNumber>
using IoctlArgument = decltype(argument_of(std::get<index_of_ioctl(kNumber)>(kIoctlTable)));

}  // namespace parley::kvm
