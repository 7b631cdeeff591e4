// SPDX-License-Identifier: MIT
#pragma once

#include <torch/types.h>

#include <cmath>
#include <cstdint>
#include <string_view>

// Weights and inputs without files: deterministic tensors from a name and a shape. The definition
// is in the fixtures' README; the worked examples there are checked in tests/core/test_recipe.cpp.
namespace vlsm::test {

/// Element `index` of the stream of `seed`, in [-1, 1).
inline double recipe_unit(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return static_cast<double>(z >> 40) * 0x1p-23 - 1.0;
}

inline std::uint64_t recipe_seed(std::string_view key) {
  std::uint64_t h = 0xCBF29CE484222325u;
  for (unsigned char byte : key) h = (h ^ byte) * 0x100000001B3u;
  return h;
}

/// offset + scale * u, flat index running row-major.
inline at::Tensor recipe_fill(std::string_view key, at::IntArrayRef shape, double offset,
                              double scale) {
  at::Tensor out = at::empty(shape);
  float* values = out.mutable_data_ptr<float>();
  std::uint64_t const seed = recipe_seed(key);
  for (std::int64_t i = 0; i < out.numel(); ++i)
    values[i] =
        static_cast<float>(offset + scale * recipe_unit(seed, static_cast<std::uint64_t>(i)));
  return out;
}

inline at::Tensor recipe_uniform(std::string_view key, at::IntArrayRef shape, double scale = 1) {
  return recipe_fill(key, shape, 0, scale);
}

/// The value of the state-dict tensor `key`.
inline at::Tensor recipe_weight(std::string_view key, at::IntArrayRef shape) {
  if (shape.size() >= 2) {
    double fan = 1;
    if (shape.size() == 3)
      fan = static_cast<double>(shape[2]);
    else
      for (std::int64_t size : shape.slice(1)) fan *= static_cast<double>(size);
    return recipe_fill(key, shape, 0, std::sqrt(3.0 / fan));
  }
  if (key.ends_with("running_var")) return recipe_fill(key, shape, 1, 0.5);
  if (key.ends_with("running_mean")) return recipe_fill(key, shape, 0, 0.1);
  if (shape.size() == 1 && key.ends_with("weight")) return recipe_fill(key, shape, 1, 0.1);
  return recipe_fill(key, shape, 0, 0.1);
}

/// A picture [B, C, H, W]: blocks of 24 pixels plus fine noise.
inline at::Tensor recipe_image(std::string const& key, at::IntArrayRef shape) {
  constexpr std::int64_t block = 24;
  std::int64_t const h = (shape[2] + block - 1) / block, w = (shape[3] + block - 1) / block;
  std::uint64_t const coarse = recipe_seed(key + ":coarse"), fine = recipe_seed(key + ":fine");
  at::Tensor out = at::empty(shape);
  float* value = out.mutable_data_ptr<float>();
  std::uint64_t flat = 0;
  for (std::int64_t plane = 0; plane < shape[0] * shape[1]; ++plane)
    for (std::int64_t y = 0; y < shape[2]; ++y)
      for (std::int64_t x = 0; x < shape[3]; ++x, ++flat)
        *value++ = static_cast<float>(
            1.2 * recipe_unit(coarse,
                              static_cast<std::uint64_t>((plane * h + y / block) * w + x / block)) +
            0.6 * recipe_unit(fine, flat));
  return out;
}

}  // namespace vlsm::test
