// SPDX-License-Identifier: MIT
#include "vlsm/volume/nifti.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace vlsm;
  fuzz::Input input(data, size);
  unsigned const flags = input.byte();
  std::optional<std::size_t> frame;
  if (flags & 1) frame = flags >> 1;
  fuzz::only_errors([&] {
    Frame const read = parse_nifti(input.rest(), "file", frame);
    fuzz::require(read.values.size() == read.height * read.width, "a frame has all its values");
    FrameRange const range = range_of(read);
    Mask const gray = gray_from_frame(read, "file");
    fuzz::require(range.whole && range.low >= 0 && range.high <= 255, "8 bits hold what they show");
    for (std::size_t i = 0; i < gray.size(); ++i)
      fuzz::require(gray.data()[i] == read.values[i], "nothing is cut off or rounded");
  });
  return 0;
}
