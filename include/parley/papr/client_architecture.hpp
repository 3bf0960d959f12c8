// SPDX-License-Identifier: Apache-2.0
//
// The negotiation of a guest's level: the method ibm,client-architecture-support of the root node (LoPAR B.6.2.3).
//
// A Linux kernel calls the method early in its boot code, through the client interface. It passes the address of a
// vector with two parts: a list of processors that it can run on, each as a mask and a value for the PVR, and option
// vectors with its other abilities (option_vectors.hpp). The negotiation takes these steps:
//
// 1. Refuse the call if the guest has negotiated too often, or if another of its processors is running.
// 2. Match the list against the levels that the partition offers (compat::negotiate). The result is a list of
//    candidates, best first.
// 3. Refuse the call if an option vector demands something that Parley's guests do not have, such as the hash MMU.
// 4. Set the best candidate on every processor. If the kernel refuses it, try the next one. Raw is a candidate only if
//    it was offered; a refusal never leads to it.
// 5. Report the outcome. With a level, the partition also writes cpu-version, ibm,pa-features and
//    ibm,architecture-vec-5 into the guest's tree, which the guest reads after the call.
//
// Each call starts from the beginning, so a boot loader may negotiate before its kernel does.
#pragma once

#include "parley/papr/context.hpp"

namespace parley::papr {

/// Negotiates with the guest whose vector is at `at`. Returns false if that failed; the guest then keeps its level.
bool negotiate_architecture(Context &context, GuestAddress at);

}  // namespace parley::papr
