// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "tool/serving.hpp"
#include "vlsm/base/base64.hpp"
#include "vlsm/image/write.hpp"

// Pictures for `vlsm serve`, and what its answers hold.
namespace vlsm::test {

/// A picture of color and structure, of any size.
inline std::string picture_png(std::size_t width, std::size_t height) {
  Image image = Image::from_shape({height, width, 3});
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) {
      image(y, x, 0) = static_cast<std::uint8_t>(x * 255 / width);
      image(y, x, 1) = static_cast<std::uint8_t>((x * x / 7 + y * 3) % 251);
      image(y, x, 2) = static_cast<std::uint8_t>(y * 255 / height);
    }
  return encode_png(image);
}

inline std::string data_of(nlohmann::json const& answer, std::size_t mask = 0) {
  auto bytes = from_base64(answer.at("masks").at(mask).at("data").get<std::string>());
  REQUIRE(bytes);
  return *bytes;
}

inline std::vector<float> floats_of(std::string const& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

inline void check_refused(Reply const& reply, int status, std::string const& words) {
  INFO(reply.body);
  CHECK(reply.status == status);
  auto const json = reply.json();
  CHECK(json.size() == 1);
  std::string const line = json.at("error");
  CHECK(line.find('\n') == std::string::npos);
  CHECK_MESSAGE(line.find(words) != std::string::npos, "expected: ", words);
}

}  // namespace vlsm::test
