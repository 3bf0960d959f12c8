// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>

#include "parley/app/app.hpp"
#include "parley/kvm/kernel.hpp"
#include "parley/report/text.hpp"

int main(int argc, char **argv) {
  try {
    return parley::app::run(argc, argv, {parley::kvm::linux_kernel()});
  } catch (const std::exception &error) {
    std::fprintf(stderr, "parley: %s", parley::report::failure_text(parley::explain(error)).c_str());
    return parley::app::kFailure;
  }
}
