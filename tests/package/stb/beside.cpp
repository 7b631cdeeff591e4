// SPDX-License-Identifier: MIT
// A program with pictures of its own by stb_image, and vlsm: ORDER 1 vlsm first, 2 stb first, 3 and
// 4 the same with stb's implementation in this file. It writes a picture with vlsm and reads it
// twice.
#if ORDER == 2 || ORDER == 3
#define STBI_ONLY_PNG
#if ORDER == 3
#define STB_IMAGE_IMPLEMENTATION
#endif
#include <stb_image.h>
#endif

#include "vlsm/image/read.hpp"
#include "vlsm/image/write.hpp"

#if ORDER == 1 || ORDER == 4
#ifdef STBI_ONLY_PNG
#error "a setting of vlsm's own is left"
#endif
#if ORDER == 4
#define STB_IMAGE_IMPLEMENTATION
#endif
#include <stb_image.h>
#else
#ifndef STBI_ONLY_PNG
#error "the program's own setting is gone"
#endif
#endif

#include <algorithm>
#include <cstdio>

int main(int count, char** words) {
  if (count != 2) return 2;
  vlsm::Image image = vlsm::Image::from_shape({9, 14, 3});
  for (std::size_t i = 0; i < image.size(); ++i)
    image.data()[i] = static_cast<unsigned char>(i * i);
  vlsm::write_png(words[1], image, false);
  int width = 0, height = 0, channels = 0;
  stbi_uc* const pixels = stbi_load(words[1], &width, &height, &channels, 3);
  bool const right = pixels != nullptr && width == 14 && height == 9 &&
                     std::equal(image.begin(), image.end(), pixels) &&
                     vlsm::read_image(words[1]) == image;
  stbi_image_free(pixels);
  std::puts(vlsm::picture_readers().c_str());
  return right ? 0 : 1;
}
