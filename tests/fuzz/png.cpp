// SPDX-License-Identifier: MIT
#include "fuzz/picture.hpp"
#include "fuzz/png_repair.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  vlsm::fuzz::read_picture(data, size);
  return 0;
}
