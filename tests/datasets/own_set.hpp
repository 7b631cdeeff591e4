// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "vlsm/data/prepare/report.hpp"
#include "vlsm/image/write.hpp"

// A set of a user's own, small and made here.
namespace vlsm::test {

/// Whether a report has a finding of that kind that is about these names, among others.
inline bool finds(vlsm::PrepareReport const& report, std::string const& kind,
                  std::vector<std::string> const& names = {}) {
  return std::ranges::any_of(report.findings, [&](vlsm::Finding const& finding) {
    return finding.kind == kind && std::ranges::all_of(names, [&](std::string const& name) {
             return std::ranges::find(finding.names, name) != finding.names.end();
           });
  });
}

/// A mask [side, side] of one disk.
inline vlsm::Mask disk(std::size_t side, std::size_t x, std::size_t y, std::size_t radius) {
  vlsm::Mask mask = xt::zeros<std::uint8_t>({side, side});
  for (std::size_t i = 0; i < side; ++i)
    for (std::size_t j = 0; j < side; ++j)
      if ((i - y) * (i - y) + (j - x) * (j - x) <= radius * radius) mask(i, j) = 255;
  return mask;
}

/// `count` pictures and masks of a user's own, each of another look.
inline void write_own_set(std::filesystem::path const& root, std::size_t count) {
  std::filesystem::create_directories(root / "images");
  std::filesystem::create_directories(root / "masks");
  for (std::size_t i = 0; i < count; ++i) {
    vlsm::Mask const mask = disk(40, 8 + i * 7 % 24, 8 + i * 5 % 24, 6);
    vlsm::Image image = vlsm::as_image(mask);
    std::mt19937 random(static_cast<unsigned>(i));
    std::array<std::uint8_t, 64> areas;  // of 5 x 5 pixels
    for (std::uint8_t& area : areas) area = static_cast<std::uint8_t>(random() % 128);
    for (std::size_t p = 0; p < image.size(); ++p) {
      std::size_t const y = p / 120, x = p / 3 % 40;
      image.data()[p] = static_cast<std::uint8_t>(image.data()[p] / 2 + areas[y / 5 * 8 + x / 5]);
    }
    vlsm::write_png(root / "images" / ("p" + std::to_string(i) + ".png"), image);
    vlsm::write_png(root / "masks" / ("p" + std::to_string(i) + ".png"), mask);
  }
}

}  // namespace vlsm::test
