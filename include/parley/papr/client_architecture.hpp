// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parley/papr/context.hpp"

namespace parley::papr {

/// ibm,client-architecture-support: reads what the guest tells at `at`, picks the best level of the offer that it
/// lists, and has it set on every processor. A level that the kernel refuses gives way to the next lower one that both
/// want, and never to raw. False when nothing could be agreed upon: the guest keeps the level that it has.
bool negotiate_architecture(Context &context, GuestAddress at);

}  // namespace parley::papr
