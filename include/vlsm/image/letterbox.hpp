// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

// A picture in the middle of a square, its proportions kept, and the way back, as CRIS's data set
// does it (getTransformMat and cv2.warpAffine). The arithmetic is that of OpenCV 4 (imgwarp.cpp):
// places are rounded to 1/1024 and cut to 1/32 pixel; a picture is within a level of its result.
namespace vlsm::detail {

/// A side of the square as a function of the picture's: y = scale * x + offset.
struct Letterbox1d {
  double scale, offset;
};

/// Down and across. The corners are rounded to float on the way, as the original's are.
inline std::array<Letterbox1d, 2> letterbox(std::size_t height, std::size_t width,
                                            std::size_t side) {
  auto const high = static_cast<double>(height), wide = static_cast<double>(width),
             square = static_cast<double>(side);
  double const scale = std::min(square / high, square / wide);
  auto const axis = [&](double length) -> Letterbox1d {
    double const bias = (square - length * scale) / 2;
    double const first = static_cast<float>(bias), last = static_cast<float>(length * scale + bias);
    return {(last - first) / length, first};
  };
  return {axis(high), axis(wide)};
}

/// The way back: the function from the square to the picture.
inline Letterbox1d inverse(Letterbox1d map) { return {1 / map.scale, -map.offset / map.scale}; }

/// Four neighbors, the first of which may lie outside, and their weights.
struct Neighbors {
  std::int64_t first;
  std::array<float, 4> weights;
};

/// The direction that places are computed for: rows (down) or columns (across).
enum class Axis { down, across };
/// The interpolation between neighbors.
enum class Kernel { linear, cubic };

/// For each of `count` places what `map` takes it from; the cubic is Keys' with a = -0.75.
inline std::vector<Neighbors> neighbors(Letterbox1d map, Axis axis, std::size_t count,
                                        Kernel kernel) {
  std::vector<Neighbors> result(count);
  auto const rounded_place = [](double place) {
    return static_cast<std::int64_t>(std::nearbyint(place * 1024));
  };
  for (std::size_t i = 0; i < count; ++i) {
    double const step = map.scale * static_cast<double>(i);
    // The original rounds a row's place as one number, a column's in two parts.
    std::int64_t const place = axis == Axis::down ? rounded_place(step + map.offset)
                                                  : rounded_place(map.offset) + rounded_place(step);
    std::int64_t const at = (place + 16) >> 5;  // in 1/32 pixel
    float const x = static_cast<float>(at & 31) / 32.0f, a = -0.75f, y = 1 - x;
    result[i].first = (at >> 5) - 1;
    if (kernel == Kernel::cubic) {
      float const before = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a,
                  here = ((a + 2) * x - (a + 3)) * x * x + 1,
                  next = ((a + 2) * y - (a + 3)) * y * y + 1;
      result[i].weights = {before, here, next, 1 - before - here - next};
    } else {
      result[i].weights = {0, y, x, 0};
    }
  }
  return result;
}

/// What a sample outside of the array is: the border's value, or the nearest one inside.
enum class Outside { border, nearest };

/// Samples an array [rows, columns, channels] at `down` x `across`, and calls `put` with each row
/// of results, from the first on.
template <std::size_t channels, Outside beyond = Outside::border, class Sample, class Put>
void sample(Sample const* source, std::size_t rows, std::size_t columns,
            std::vector<Neighbors> const& down, std::vector<Neighbors> const& across,
            std::array<float, channels> const& border, Put put) {
  std::size_t const width = across.size() * channels;
  std::vector<float> wide(rows * width), outside(width), result(width);
  for (std::size_t i = 0; i < width; ++i) outside[i] = border[i % channels];
  for (std::size_t y = 0; y < rows; ++y) {
    Sample const* const row = source + y * columns * channels;
    float* out = wide.data() + y * width;
    for (Neighbors const& from : across)
      for (std::size_t c = 0; c < channels; ++c) {
        float sum = 0;
        for (std::int64_t k = 0; k < 4; ++k) {
          std::int64_t const last = static_cast<std::int64_t>(columns) - 1;
          std::int64_t x = from.first + k;
          if constexpr (beyond == Outside::nearest) x = std::clamp<std::int64_t>(x, 0, last);
          bool const inside = x >= 0 && x <= last;
          sum += from.weights[static_cast<std::size_t>(k)] *
                 (inside ? static_cast<float>(row[static_cast<std::size_t>(x) * channels + c])
                         : border[c]);
        }
        *out++ = sum;
      }
  }
  for (std::size_t y = 0; y < down.size(); ++y) {
    std::array<float const*, 4> from;
    for (std::size_t k = 0; k < 4; ++k) {
      std::int64_t const last = static_cast<std::int64_t>(rows) - 1;
      std::int64_t row = down[y].first + static_cast<std::int64_t>(k);
      if constexpr (beyond == Outside::nearest) row = std::clamp<std::int64_t>(row, 0, last);
      bool const inside = row >= 0 && row <= last;
      from[k] = inside ? wide.data() + static_cast<std::size_t>(row) * width : outside.data();
    }
    auto const& w = down[y].weights;
    for (std::size_t i = 0; i < width; ++i)
      result[i] = w[0] * from[0][i] + w[1] * from[1][i] + w[2] * from[2][i] + w[3] * from[3][i];
    put(y, result.data());
  }
}

/// `value` to the nearest level, 0 to 255.
inline std::uint8_t level_of(float value) {
  return static_cast<std::uint8_t>(std::clamp(std::lrint(value), 0L, 255L));
}

}  // namespace vlsm::detail
