// SPDX-License-Identifier: MIT
#include <string>

#include "fuzz/fuzz.hpp"
#include "vlsm/image/read.hpp"

// Pictures that claim to be large are decoded, too: how large one can be is bounded by its file.
int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace vlsm;
  std::string const bytes(reinterpret_cast<char const*>(data), size);
  if (!detail::is_tiff(bytes)) return 0;
  fuzz::only_errors([&] {
    detail::PictureFile file(bytes, "file");
    PictureHeader const header = detail::picture_header(file);
    RawPicture const picture = detail::raw_picture(file);
    std::size_t const samples =
        picture.height * picture.width * static_cast<std::size_t>(picture.channels);
    fuzz::require(picture.height == header.height && picture.width == header.width &&
                      picture.channels == header.channels && picture.bits == header.bits,
                  "a picture is as its header says");
    fuzz::require((picture.bits == 16 ? picture.words.size() : picture.bytes.size()) == samples,
                  "a picture has all its samples");
    fuzz::require(picture.palette.empty() || picture.palette.size() == 256,
                  "a palette is filled up");
    unsigned volatile sum = 0;
    detail::each_rgb(picture,
                     [&](auto red, auto green, auto blue) { sum = sum + red + green + blue; });
  });
  return 0;
}
