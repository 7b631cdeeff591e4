// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

// Pictures in which only the prompt tells which object is meant: what the demonstration and the tests
// train on where there is no data set.
namespace vlsm {

/// One blob of a synthetic picture, with the words that name it.
struct SyntheticObject {
  std::string size;   ///< small or large
  std::string color;  ///< white, black, yellow or purple
  std::vector<std::uint8_t> mask;  ///< [side * side], 0 or 255

  std::string prompt() const { return size + " " + color + " polyp"; }
};

/// An RGB picture with three objects: one, one of the opposite size and the same colour, and one of the
/// opposite colour and the same size. So each word alone decides between two of them.
struct SyntheticPicture {
  int side = 0;
  std::vector<std::uint8_t> pixels;  ///< [side * side * 3]
  std::array<SyntheticObject, 3> objects;
};

/// The word that means the opposite ("large" -> "small"), as the study's perturbation pairs them.
inline std::string opposite_of(std::string const& word) {
  constexpr std::array<std::array<char const*, 2>, 3> pairs{{{"small", "large"}, {"white", "black"}, {"yellow", "purple"}}};
  for (auto const& [one, other] : pairs) {
    if (word == one) return other;
    if (word == other) return one;
  }
  return word;
}

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

inline std::array<double, 3> color_of(std::string const& name) {
  if (name == "white") return {235, 232, 222};
  if (name == "black") return {48, 32, 36};
  if (name == "yellow") return {222, 190, 70};
  return {118, 62, 150};  // purple
}

}  // namespace detail

/// Draws a picture of side x side pixels; the same generator state gives the same picture.
inline SyntheticPicture draw_synthetic(int side, std::mt19937& random) {
  // std::uniform_real_distribution differs between standard libraries; this does not.
  auto const uniform = [&](double low, double high) { return low + (high - low) * (random() / 4294967296.0); };
  constexpr std::array<char const*, 2> sizes{"small", "large"};
  constexpr std::array<char const*, 4> colors{"white", "black", "yellow", "purple"};
  std::string const size = sizes[random() % 2], color = colors[random() % 4];
  SyntheticPicture picture{.side = side, .pixels = {}, .objects = {}};
  picture.objects[0] = {size, color, {}};
  picture.objects[1] = {opposite_of(size), color, {}};
  picture.objects[2] = {size, opposite_of(color), {}};

  std::array<detail::Ellipse, 3> shapes{};
  for (std::size_t placed = 0, tries = 0; placed < 3; ++tries) {
    if (tries > 200) placed = tries = 0;  // an arrangement without room: begin again
    bool const large = picture.objects[placed].size == "large";
    double const radius = side * (large ? uniform(0.18, 0.21) : uniform(0.10, 0.12));
    double const stretch = uniform(0.85, 1.15), margin = radius * 1.2;
    detail::Ellipse const shape{uniform(margin, side - margin), uniform(margin, side - margin), radius * stretch, radius / stretch, uniform(0, 3.14159)};
    bool const free = std::all_of(shapes.begin(), shapes.begin() + static_cast<std::ptrdiff_t>(placed), [&](detail::Ellipse const& other) {
      return std::hypot(shape.x - other.x, shape.y - other.y) > 1.15 * (std::max(shape.a, shape.b) + std::max(other.a, other.b));
    });
    if (free) shapes[placed++] = shape;
  }

  // A mucosa: a pink gradient with slow waves and speckle.
  std::array<double, 3> const tissue{uniform(170, 205), uniform(95, 125), uniform(90, 120)};
  double const tilt_x = uniform(-30, 30), tilt_y = uniform(-30, 30), wave = uniform(0.05, 0.2), phase = uniform(0, 6);
  auto const count = static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
  picture.pixels.resize(3 * count);
  for (auto& object : picture.objects) object.mask.assign(count, 0);
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      std::size_t const at = static_cast<std::size_t>(y) * static_cast<std::size_t>(side) + static_cast<std::size_t>(x);
      double const light = tilt_x * (x / double(side) - 0.5) + tilt_y * (y / double(side) - 0.5) +
                           8 * std::sin(wave * x + phase) * std::cos(wave * y);
      std::array<double, 3> color_here{tissue[0] + light, tissue[1] + light, tissue[2] + light};
      for (std::size_t o = 0; o < 3; ++o) {
        double const distance = shapes[o].distance(x + 0.5, y + 0.5);
        if (distance < 1) picture.objects[o].mask[at] = 255;
        double const cover = std::clamp((1.08 - distance) / 0.16, 0.0, 1.0);  // soft edges
        auto const paint = detail::color_of(picture.objects[o].color);
        for (std::size_t c = 0; c < 3; ++c)
          color_here[c] += cover * (paint[c] * (1 - 0.15 * distance) + 0.3 * light - color_here[c]);
      }
      double const speckle = uniform(-14, 14);
      for (std::size_t c = 0; c < 3; ++c)
        picture.pixels[3 * at + c] = static_cast<std::uint8_t>(std::clamp(color_here[c] + speckle, 0.0, 255.0));
    }
  return picture;
}

}  // namespace vlsm
