// SPDX-License-Identifier: Apache-2.0
//
// Kernels, other payloads and initrds, and their places in the guest's memory.
#include "input.hpp"
#include "papr/guests.hpp"
#include "targets.hpp"

namespace parley::fuzz {

namespace {

void check_layout(const guest::MachinePlan &plan) {
  for (const guest::Segment &segment : plan.payload.segments) {
    require(segment.size <= plan.memory_size && segment.at.value <= plan.memory_size - segment.size,
            "a segment lies in memory");
    require(segment.length <= segment.size, "a segment's content fits into it");
    require(segment.content().size() == segment.length, "a segment has its content");
  }
  require(plan.firmware_at.value + guest::kPageSize <= plan.memory_size, "the firmware lies in memory");
}

}  // namespace

void images(ByteView bytes) {
  Input input(bytes);
  const auto how = input.take<std::uint8_t>();
  const auto initrd_size = input.take<std::uint16_t>();
  const std::string content = input.rest();
  const auto image = std::as_bytes(std::span(content));
  SharedBytes file(Bytes(image.begin(), image.end()));
  auto payload = (how & 1) != 0 ? guest::read_kernel(file, "image") : guest::read_payload(file, "image");
  if (!payload) return;
  guest::GuestRequest request;
  request.memory_size = guest::kMinMemory << (how >> 4);
  request.boot = (how & 2) != 0 ? guest::BootKind::kClientInterface : guest::BootKind::kFlatTree;
  request.payload = std::move(*payload);
  if ((how & 4) != 0) request.initrd = SharedBytes(Bytes(initrd_size));
  static const compat::AssessedHost host = testing::reference_host();
  static const auto decision = compat::decide({}, host);
  require(decision.has_value(), "the host has a legal level");
  const auto plan = guest::plan_machine(std::move(request), *decision, host, machine::papr_interface(host.facts.kvm));
  if (plan) check_layout(*plan);
}

}  // namespace parley::fuzz
