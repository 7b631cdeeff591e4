// SPDX-License-Identifier: MIT
#include "vlsm/models/deeplabv3plus.hpp"

#include "benchmarks/support/decoder.hpp"

// DeepLabV3+'s decoder: dilated convolutions side by side, then one shallow tap.
namespace vlsm::bench {
namespace {

Registration const all([] { add_decoder<DeepLabV3Plus, io::smp_deeplabv3plus>("deeplabv3plus"); });

}  // namespace
}  // namespace vlsm::bench
