// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "support/doctest.hpp"
#include "vlsm/data/mask_survey.hpp"

// Masks of every kind, made here, and how their set reads them.
namespace vlsm::test {

inline constexpr std::size_t side = 40;

/// A square of `value` from 8 to 24 in a background of `rest`; `put(pixel, value)` paints.
template <class Put>
void square(Put put, int value, int rest, std::size_t from = 8, std::size_t to = 24) {
  for (std::size_t y = 0; y < side; ++y)
    for (std::size_t x = 0; x < side; ++x) {
      bool const inside = y >= from && y < to && x >= from && x < to;
      put(y * side + x, inside ? value : rest);
    }
}

inline RawPicture gray(int value, int rest = 0, int bits = 8) {
  RawPicture picture{.height = side, .width = side, .channels = 1, .bits = bits};
  if (bits == 16) {
    picture.words.resize(side * side);
    square([&](auto i, int v) { picture.words[i] = static_cast<std::uint16_t>(v); }, value, rest);
  } else {
    picture.bytes.resize(side * side);
    square([&](auto i, int v) { picture.bytes[i] = static_cast<std::uint8_t>(v); }, value, rest);
  }
  return picture;
}

/// Another square of another value, beside the first.
inline RawPicture with(RawPicture picture, int value) {
  square(
      [&](auto i, int v) {
        if (v) picture.bytes[i] = static_cast<std::uint8_t>(v);
      },
      value, 0, 26, 36);
  return picture;
}

using Color = std::array<std::uint8_t, 4>;

inline RawPicture colored(Color value, Color rest, int channels) {
  RawPicture picture{.height = side, .width = side, .channels = channels, .bits = 8};
  for (int c = 0; c < channels; ++c) {
    auto const at = static_cast<std::size_t>(c);
    picture.bytes.resize(side * side * static_cast<std::size_t>(channels));
    square(
        [&](auto i, int v) {
          picture.bytes[i * static_cast<std::size_t>(channels) + at] = static_cast<std::uint8_t>(v);
        },
        value[at], rest[at]);
  }
  return picture;
}

inline RawPicture indexed(int value, std::vector<Color> colors) {
  RawPicture picture = gray(value);
  colors.resize(256, Color{0, 0, 0, 255});
  picture.palette = colors;
  return picture;
}

inline std::vector<Color> const voc{{0, 0, 0, 255}, {128, 0, 0, 255}, {0, 128, 0, 255}};

/// Blurs the edges as a resize or a JPEG does, and adds a little noise about what is flat.
inline RawPicture blurred(RawPicture picture, int noise) {
  RawPicture const sharp = picture;
  for (std::size_t y = 1; y + 1 < side; ++y)
    for (std::size_t x = 1; x + 1 < side; ++x) {
      int sum = 0;
      for (std::size_t dy = 0; dy < 3; ++dy)
        for (std::size_t dx = 0; dx < 3; ++dx) sum += sharp.bytes[(y + dy - 1) * side + x + dx - 1];
      int const wobble =
          noise ? static_cast<int>((x * 7 + y * 13) % static_cast<std::size_t>(noise)) : 0;
      int const level = sum / 9 < 128 ? sum / 9 + wobble : sum / 9 - wobble;
      picture.bytes[y * side + x] = static_cast<std::uint8_t>(std::clamp(level, 0, 255));
    }
  return picture;
}

struct Read {
  MaskMeaning meaning;
  std::vector<Mask> masks;
};

inline Read read(std::vector<RawPicture> const& pictures, std::string const& choice = "",
                 bool allow_empty = false) {
  MaskSurvey survey;
  for (std::size_t i = 0; i < pictures.size(); ++i)
    survey.add(
        MaskSurvey::file_of(mask_values(pictures[i], "m"), "m" + std::to_string(i) + ".png"));
  auto const chosen = choice.empty() ? std::nullopt : std::optional(parse_mask_choice(choice));
  Read result{survey.meaning(chosen, allow_empty, "masks"), {}};
  for (RawPicture const& picture : pictures)
    result.masks.push_back(result.meaning.apply(mask_values(picture, "m")));
  return result;
}

/// The object is the square: all of it, and nothing else.
inline void check_square(Mask const& mask, int blurred_edge = 0) {
  std::size_t wrong = 0;
  square(
      [&](auto i, int v) {
        auto const y = static_cast<int>(i / side), x = static_cast<int>(i % side);
        auto const edge = [&](int at) {
          return std::abs(at - 8) <= blurred_edge || std::abs(at - 23) <= blurred_edge;
        };
        if (blurred_edge && (edge(y) || edge(x))) return;
        wrong += (mask.data()[i] >= 128) != (v != 0);
      },
      1, 0);
  CHECK(wrong == 0);
}

/// A square of another color beside the first, in a picture of colors.
inline RawPicture with(RawPicture picture, Color const& color) {
  auto const channels = static_cast<std::size_t>(picture.channels);
  square(
      [&](auto i, int inside) {
        for (std::size_t c = 0; inside && c < channels; ++c)
          picture.bytes[i * channels + c] = color[c];
      },
      1, 0, 26, 36);
  return picture;
}

}  // namespace vlsm::test
