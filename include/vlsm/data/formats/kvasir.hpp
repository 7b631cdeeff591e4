// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "vlsm/data/formats/pairs.hpp"

namespace vlsm {

/// Kvasir-SEG (Jha et al. 2020): `Kvasir-SEG/{images,masks}/ID.jpg`. Masks are JPEG with gray
/// noise; size and position follow from the noisy levels, as in the study. Throws Error.
inline SourceSet read_kvasir(std::filesystem::path const& source) {
  SourceSet set{.dataset = "kvasir_polyp"};
  auto const root = detail::find_layout(
      source, {"Kvasir-SEG", "kvasir-seg", ""}, {"images", "masks"}, "Kvasir-SEG",
      "Kvasir-SEG/images and Kvasir-SEG/masks", detail::Names::common);
  detail::add_pairs(set, detail::peeled(root / "images"), detail::peeled(root / "masks"), "all");
  return set;
}

}  // namespace vlsm
