// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

// Pictures in which only the prompt tells which object is meant: what the demonstration and the
// tests train on where there is no data set.
namespace vlsm {

/// One blob of a synthetic picture, with the word that names it.
struct SyntheticObject {
  std::string color;
  std::vector<std::uint8_t> mask;  ///< [side * side], 0 or 255

  /// Worded as the study's prompts.
  std::string prompt() const { return color + " polyp"; }
};

/// What is drawn.
struct SyntheticStyle {
  int side = 64;       ///< pixels
  int objects = 3;     ///< 1 to 3; a single one is meant whatever the prompt says
  bool other = false;  ///< as another camera sees it: red, green and blue change places
};

/// An RGB picture with up to three objects: of some color, of its opposite, and of a third one.
/// Their sizes, shapes and places say nothing, so without the word none of them is meant more than
/// another.
struct SyntheticPicture {
  int side = 0;
  std::vector<std::uint8_t> pixels;      ///< [side * side * 3]
  std::vector<SyntheticObject> objects;  ///< as many as the style says
};

/// Colors in opposite pairs, as the study's perturbation pairs them, and how they are painted.
struct SyntheticColor {
  char const* name;
  std::array<double, 3> rgb;
};
inline constexpr std::array<SyntheticColor, 6> synthetic_colors{{{"white", {235, 232, 222}},
                                                                 {"black", {48, 32, 36}},
                                                                 {"yellow", {228, 196, 60}},
                                                                 {"purple", {122, 58, 152}},
                                                                 {"green", {84, 150, 70}},
                                                                 {"red", {205, 38, 48}}}};

namespace detail {

struct Ellipse {
  double x, y, a, b, angle;

  /// Below 1 inside; the boundary wobbles, as outlines of tissue do.
  double distance(double px, double py) const {
    double const dx = px - x, dy = py - y;
    double const u = (dx * std::cos(angle) + dy * std::sin(angle)) / a;
    double const v = (dy * std::cos(angle) - dx * std::sin(angle)) / b;
    return std::sqrt(u * u + v * v) * (1 + 0.08 * std::sin(3 * std::atan2(v, u) + angle));
  }
};

}  // namespace detail

/// Draws a picture; the same generator state gives the same picture.
inline SyntheticPicture draw_synthetic(SyntheticStyle const& style, std::mt19937& random) {
  int const side = style.side;
  // std::uniform_real_distribution differs between standard libraries; this does not.
  auto const uniform = [&](double low, double high) {
    return low + (high - low) * (random() / 4294967296.0);
  };
  std::size_t const first = random() % 6, pair = first / 2;
  std::size_t const third = (2 * pair + 2 + random() % 4) % 6;  // of another pair
  std::array<std::size_t, 3> const colors{first, first ^ 1, third};
  auto const objects = static_cast<std::size_t>(std::clamp(style.objects, 1, 3));
  SyntheticPicture picture{.side = side, .pixels = {}, .objects = {}};
  for (std::size_t o = 0; o < objects; ++o)
    picture.objects.push_back({synthetic_colors[colors[o]].name, {}});

  std::array<detail::Ellipse, 3> shapes{};
  for (std::size_t placed = 0, tries = 0; placed < 3; ++tries) {
    if (tries > 200) placed = tries = 0;  // an arrangement without room: begin again
    double const radius = side * uniform(0.11, 0.17), stretch = uniform(0.85, 1.15),
                 margin = radius * 1.2;
    detail::Ellipse const shape{uniform(margin, side - margin), uniform(margin, side - margin),
                                radius * stretch, radius / stretch, uniform(0, 3.14159)};
    bool const free =
        std::all_of(shapes.begin(), shapes.begin() + static_cast<std::ptrdiff_t>(placed),
                    [&](detail::Ellipse const& other) {
                      return std::hypot(shape.x - other.x, shape.y - other.y) >
                             1.15 * (std::max(shape.a, shape.b) + std::max(other.a, other.b));
                    });
    if (free) shapes[placed++] = shape;
  }

  // A mucosa: a pink gradient with slow waves and speckle.
  std::array<double, 3> const tissue{uniform(170, 205), uniform(95, 125), uniform(90, 120)};
  double const tilt_x = uniform(-30, 30), tilt_y = uniform(-30, 30), wave = uniform(0.05, 0.2),
               phase = uniform(0, 6);
  auto const count = static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
  picture.pixels.resize(3 * count);
  for (auto& object : picture.objects) object.mask.assign(count, 0);
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      std::size_t const at = static_cast<std::size_t>(y) * static_cast<std::size_t>(side) +
                             static_cast<std::size_t>(x);
      double const light = tilt_x * (x / double(side) - 0.5) + tilt_y * (y / double(side) - 0.5) +
                           8 * std::sin(wave * x + phase) * std::cos(wave * y);
      std::array<double, 3> color_here{tissue[0] + light, tissue[1] + light, tissue[2] + light};
      for (std::size_t o = 0; o < objects; ++o) {
        double const distance = shapes[o].distance(x + 0.5, y + 0.5);
        if (distance < 1) picture.objects[o].mask[at] = 255;
        double const cover = std::clamp((1.08 - distance) / 0.16, 0.0, 1.0);  // soft edges
        auto const& paint = synthetic_colors[colors[o]].rgb;
        for (std::size_t c = 0; c < 3; ++c)
          color_here[c] += cover * (paint[c] * (1 - 0.15 * distance) + 0.3 * light - color_here[c]);
      }
      double const speckle = uniform(-14, 14);
      for (std::size_t c = 0; c < 3; ++c)
        picture.pixels[3 * at + (style.other ? (c + 1) % 3 : c)] =
            static_cast<std::uint8_t>(std::clamp(color_here[c] + speckle, 0.0, 255.0));
    }
  return picture;
}

}  // namespace vlsm
