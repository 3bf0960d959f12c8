// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>

#include "parley/app/app.hpp"
#include "parley/kvm/kernel.hpp"

int main(int argc, char **argv) {
  try {
    return parley::app::run(argc, argv, parley::kvm::linux_kernel());
  } catch (const std::exception &error) {
    // Nothing of Parley's throws; what a library throws ends here.
    std::fprintf(stderr, "parley: %s\n", error.what());
    return parley::app::kFailure;
  }
}
