// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parley/base/bytes.hpp"

namespace parley::fuzz {

void cas(ByteView bytes);
void client_interface(ByteView bytes);
void device_tree(ByteView bytes);
void device_tree_folder(ByteView bytes);
void hcalls(ByteView bytes);
void images(ByteView bytes);
void inspect_json(ByteView bytes);
void matrix_json(ByteView bytes);
void rtas(ByteView bytes);
void words(ByteView bytes);

/// The name is also that of its corpus folder.
struct Target {
  const char *name;
  void (*take)(ByteView bytes);
};
inline constexpr Target kTargets[] = {
    {"cas", cas},
    {"client_interface", client_interface},
    {"device_tree", device_tree},
    {"device_tree_folder", device_tree_folder},
    {"hcalls", hcalls},
    {"images", images},
    {"inspect_json", inspect_json},
    {"matrix_json", matrix_json},
    {"rtas", rtas},
    {"words", words},
};

}  // namespace parley::fuzz
