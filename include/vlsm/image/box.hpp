// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/image/image.hpp"

namespace vlsm {

/// A rectangle of pixels, both corners inside: columns x0 to x1, rows y0 to y1. It may reach beyond
/// the picture, as the boxes of annotation files do by a pixel.
struct Box {
  std::int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  constexpr bool operator==(Box const&) const = default;
};

/// The smallest box that holds both.
constexpr Box united(Box const& a, Box const& b) {
  return {std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1, b.x1), std::max(a.y1, b.y1)};
}

namespace detail {

/// Throws Error unless some pixel of `box` lies in a picture [height, width].
inline void check_box(Box box, std::size_t height, std::size_t width) {
  auto const h = static_cast<std::int64_t>(height), w = static_cast<std::int64_t>(width);
  if (box.x0 > box.x1 || box.y0 > box.y1 || box.x0 >= w || box.y0 >= h || box.x1 < 0 || box.y1 < 0)
    throw Error("no pixel of the picture lies in the box",
                "box " + shape_text(std::array{box.x0, box.y0, box.x1, box.y1}) + ", picture of " +
                    strings::size_text(width, height) + " pixels",
                "give [x0, y0, x1, y1] in the picture's own pixels");
}

}  // namespace detail

/// The smallest box that holds all pixels above 127 of a mask [H, W]. Throws Error where there are
/// none.
inline Box bounding_box(Mask const& mask) {
  std::size_t const height = mask.shape(0), width = mask.shape(1);
  Box box{.x0 = static_cast<std::int64_t>(width), .y0 = 0, .x1 = -1, .y1 = -1};
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) {
      if (mask.data()[y * width + x] <= 127) continue;
      auto const column = static_cast<std::int64_t>(x), row = static_cast<std::int64_t>(y);
      if (box.y1 < 0) box.y0 = row;
      box.y1 = row;
      box.x0 = std::min(box.x0, column);
      box.x1 = std::max(box.x1, column);
    }
  if (box.y1 < 0)
    throw Error("the mask holds no object", "bounding_box", "leave out pictures without one");
  return box;
}

/// How a box is drawn around an object. By default as the study's questions show it (Poudel et al.
/// 2024): green lines of 5 pixels.
struct BoxStyle {
  std::array<std::uint8_t, 3> color = {0, 255, 0};
  int margin = 10;  ///< pixels between the object's box and the outer edge of the lines
  int line = 5;     ///< pixels from the outer edge inwards
};

/// The picture [H, W, 3] with a box around what lies in `box`, not filled: the outer edge stands
/// `margin` pixels outside of it, the lines go inwards. The same pixels as the
/// ImageDraw.rectangle([x0 - 10, y0 - 10, x1 + 10, y1 + 10], outline="#00ff00", width=5) of Pillow;
/// lines beyond the picture's edge are not drawn. Throws Error where no pixel lies in the box.
inline Image draw_box(Image image, Box box, BoxStyle const& style = {}) {
  detail::check_box(box, image.shape(0), image.shape(1));
  auto const height = static_cast<std::int64_t>(image.shape(0)),
             width = static_cast<std::int64_t>(image.shape(1));
  Box const outer{box.x0 - style.margin, box.y0 - style.margin, box.x1 + style.margin,
                  box.y1 + style.margin};
  auto const on_line = [&](std::int64_t x, std::int64_t y) {
    return x < outer.x0 + style.line || x > outer.x1 - style.line || y < outer.y0 + style.line ||
           y > outer.y1 - style.line;
  };
  for (std::int64_t y = std::max<std::int64_t>(outer.y0, 0); y <= std::min(outer.y1, height - 1);
       ++y)
    for (std::int64_t x = std::max<std::int64_t>(outer.x0, 0); x <= std::min(outer.x1, width - 1);
         ++x)
      if (on_line(x, y)) std::copy_n(style.color.data(), 3, image.data() + (y * width + x) * 3);
  return image;
}

/// The part of the picture [H, W, 3] that lies in `box`, [h, w, 3], smaller than the box where that
/// reaches beyond the picture. Throws Error where no pixel lies in the box.
inline Image crop(Image const& image, Box box) {
  detail::check_box(box, image.shape(0), image.shape(1));
  auto const clipped = [](std::int64_t value, std::size_t length) {
    return static_cast<std::size_t>(
        std::clamp<std::int64_t>(value, 0, static_cast<std::int64_t>(length) - 1));
  };
  std::size_t const x0 = clipped(box.x0, image.shape(1)), x1 = clipped(box.x1, image.shape(1)),
                    y0 = clipped(box.y0, image.shape(0)), y1 = clipped(box.y1, image.shape(0));
  Image part = Image::from_shape({y1 - y0 + 1, x1 - x0 + 1, 3});
  for (std::size_t y = y0; y <= y1; ++y)
    std::copy_n(image.data() + (y * image.shape(1) + x0) * 3, part.shape(1) * 3,
                part.data() + (y - y0) * part.shape(1) * 3);
  return part;
}

/// The square around a box, as wide as its longer side, moved so that it lies in a picture
/// [height, width]. Where a side of the picture is shorter than the square, the result spans that
/// whole side and is not a square. Throws Error where no pixel lies in the box.
inline Box square_around(Box box, std::size_t height, std::size_t width) {
  detail::check_box(box, height, width);
  std::int64_t const side = std::max(box.x1 - box.x0, box.y1 - box.y0) + 1;
  auto const along = [side](std::int64_t first, std::int64_t last, std::size_t length) {
    auto const most = static_cast<std::int64_t>(length);
    std::int64_t const taken = std::min(side, most),
                       middle = first - (side - (last - first + 1)) / 2;
    std::int64_t const begin = std::clamp<std::int64_t>(middle, 0, most - taken);
    return std::array{begin, begin + taken - 1};
  };
  auto const [x0, x1] = along(box.x0, box.x1, width);
  auto const [y0, y1] = along(box.y0, box.y1, height);
  return {x0, y0, x1, y1};
}

}  // namespace vlsm
