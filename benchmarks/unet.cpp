// SPDX-License-Identifier: MIT
#include "vlsm/models/unet.hpp"

#include "benchmarks/support/decoder.hpp"

// The decoders of U-Net and UNet++.
namespace vlsm::bench {
namespace {

Registration const all([] {
  add_decoder<Unet, io::smp_unet>("unet");
  add_decoder<UnetPlusPlus, io::smp_unetpp>("unetpp");
});

}  // namespace
}  // namespace vlsm::bench
