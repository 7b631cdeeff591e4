// SPDX-License-Identifier: MIT
#include "fuzz/picture.hpp"
#include "fuzz/png_repair.hpp"

// Both kinds of picture as in a build that finds none of the libraries: stb_image decodes.
int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  vlsm::fuzz::read_picture(data, size);
  return 0;
}
