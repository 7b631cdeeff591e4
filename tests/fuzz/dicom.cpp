// SPDX-License-Identifier: MIT
#include "vlsm/volume/dicom.hpp"

#include <string>

#include "fuzz/fuzz.hpp"

// What stands behind DICOM's 128 bytes of nothing.
int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace vlsm;
  fuzz::only_errors([&] {
    std::string const bytes =
        std::string(128, '\0') + std::string(reinterpret_cast<char const*>(data), size);
    DicomPicture const read = parse_dicom(bytes, "file");
    fuzz::require(read.is_color == read.gray.values.empty(), "a picture is gray or color");
    fuzz::require(read.is_color == (read.color.size() > 0), "a picture is gray or color");
    fuzz::require(read.gray.values.size() == read.gray.height * read.gray.width,
                  "a frame has all its values");
    (void)range_of(read.gray);
  });
  return 0;
}
