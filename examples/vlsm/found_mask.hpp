// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "common.hpp"
#include "marked_png.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/image/box.hpp"
#include "vlsm/image/overlay.hpp"
#include "vlsm/image/write.hpp"

// What `vlsm segment` writes and says of a mask that it found.
namespace tool {

/// "polyp-9f_one-large-polyp": the picture's name and what a file name can hold of the prompt; a
/// number keeps apart what would fall together, and what would replace a file in `out` that no
/// `vlsm segment` wrote: a picture, a mask drawn by hand.
inline std::string output_name(std::string const& image, std::string const& prompt,
                               std::filesystem::path const& out, std::set<std::string>& taken) {
  std::string slug;
  for (char c : prompt) {
    bool const plain = vlsm::strings::is_letter_or_digit(c);
    if (plain)
      slug += vlsm::strings::lower_case(c);
    else if (!slug.empty() && slug.back() != '-')
      slug += '-';
    if (slug.size() >= 48) break;
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  // A file system takes 255 bytes: room for a number, "_overlay.png" and what it is called while it
  // is written. No character is cut in two.
  constexpr std::size_t longest = 255 - 32;
  std::string stem = std::filesystem::path(image).stem().string();
  stem.resize(vlsm::strings::start_of(stem, longest - std::min(longest, slug.size() + 8)).size());
  std::string const base = stem + "_" + (slug.empty() ? "prompt" : slug);
  return take_name(base, taken, [&](std::string const& name) {
    return !is_foreign_file(out / (name + ".png"));
  });
}

struct Found {
  long long area = 0;
  nlohmann::ordered_json box =
      nullptr;  ///< [x0, y0, x1, y1], the last ones exclusive; null: nothing found
};

inline Found measure(vlsm::Mask const& mask) {
  Found found{.area = std::ranges::count_if(mask, [](std::uint8_t level) { return level > 127; })};
  if (found.area == 0) return found;
  vlsm::Box const box = vlsm::bounding_box(mask);
  found.box = {box.x0, box.y0, box.x1 + 1, box.y1 + 1};
  return found;
}

/// A mask that was found.
struct FoundMask {
  std::string image, prompt;
  std::filesystem::path base;  ///< of its files' names
  vlsm::Mask mask;
  std::shared_ptr<vlsm::Image const> overlaid;  ///< the picture that it is also laid over, or none
  double ms;
};

/// Writes the files of a mask and says so.
inline void deliver(FoundMask const& result, bool json) {
  std::string const mask_file = result.base.string() + ".png";
  write_marked_png(mask_file, result.mask);
  if (result.overlaid)
    write_marked_png(result.base.string() + "_overlay.png",
                     vlsm::overlay(*result.overlaid, result.mask));
  Found const found = measure(result.mask);
  if (json) {
    print_json({{"image", result.image},
                {"prompt", result.prompt},
                {"mask", mask_file},
                {"area", found.area},
                {"bbox", found.box},
                {"ms", result.ms}});
    return;
  }
  std::printf("%s: \"%s\": %.2f %% of the picture, box %s, %.0f ms, %s\n",
              vlsm::one_line(result.image).c_str(), vlsm::one_line(result.prompt).c_str(),
              100.0 * static_cast<double>(found.area) / static_cast<double>(result.mask.size()),
              found.area ? found.box.dump().c_str() : "none", result.ms,
              vlsm::one_line(mask_file).c_str());
  flush_results();
}

}  // namespace tool
