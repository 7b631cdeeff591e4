// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>

#include "vlsm/volume/nifti.hpp"

// Pictures and masks of one size that lie elsewhere in space, as those of two scans do.
namespace vlsm::detail {

/// In what two files' places differ: "spacing", by more than 1 %, "orientation" (signs and axes),
/// by more than 8 degrees, "origin", by more than a quarter of the smallest spacing; empty: in
/// nothing that both of them say.
inline std::string other_place(std::optional<VoxelPlace> const& a,
                               std::optional<VoxelPlace> const& b) {
  if (!a || !b) return {};
  auto const axis = [](VoxelPlace const& place, std::size_t column) {
    return std::array{place.affine[column], place.affine[4 + column], place.affine[8 + column]};
  };
  auto const dot = [](auto const& u, auto const& v) {
    return u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
  };
  std::array<float, 3> length{};
  for (std::size_t i = 0; i < 3; ++i) {
    float const one = std::sqrt(dot(axis(*a, i), axis(*a, i)));
    length[i] = std::sqrt(dot(axis(*b, i), axis(*b, i)));
    if (std::abs(one - length[i]) > 0.01f * std::max(one, length[i])) return "spacing";
  }
  if (!a->known || !b->known) return {};
  for (std::size_t i = 0; i < 3; ++i)
    if (dot(axis(*a, i), axis(*b, i)) < 0.99f * length[i] * length[i]) return "orientation";
  auto const from = axis(*a, 3), to = axis(*b, 3);
  std::array const apart{from[0] - to[0], from[1] - to[1], from[2] - to[2]};
  float const nearest = *std::ranges::min_element(length) / 4;
  return dot(apart, apart) > nearest * nearest ? "origin" : "";
}

}  // namespace vlsm::detail
