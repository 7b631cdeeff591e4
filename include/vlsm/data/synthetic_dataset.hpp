// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/data/synthetic.hpp"
#include "vlsm/image/write.hpp"

namespace vlsm {

/// How many pictures each split gets; every picture makes a row for each of its objects.
struct SyntheticCounts {
  int train = 600;
  int val = 30;
  int test = 100;
};

/// Writes a synthetic data set in the study's layout. Levels: p0 "" (no text), p1 "polyp", p2
/// "{color} polyp". A further split, `test_opposite`, has the test pictures with the color turned
/// into its opposite and the mask of the object that the changed words name; the row keeps what
/// they were in `instead_of`. `progress` hears of every picture. Throws Error where a file cannot
/// be written.
inline void write_synthetic(std::filesystem::path const& root, SyntheticStyle const& style,
                            SyntheticCounts const& counts, unsigned seed,
                            std::function<void(int done, int all)> const& progress = {}) {
  for (char const* folder : {"images", "masks", "anns"})
    io::make_folder(root / folder, "choose another folder");
  auto const row = [](std::string const& image, std::string const& mask,
                      std::string const& prompt) {
    return nlohmann::json{{"img_name", image},
                          {"mask_name", mask},
                          {"prompts", {{"p0", ""}, {"p1", "polyp"}, {"p2", prompt}}}};
  };
  int const all = counts.train + counts.val + counts.test;
  int done = 0;
  std::mt19937 random(seed);
  for (auto const& [split, count] :
       {std::pair{"train", counts.train}, {"val", counts.val}, {"test", counts.test}}) {
    nlohmann::json rows = nlohmann::json::array(), opposite = nlohmann::json::array();
    for (int i = 0; i < count; ++i) {
      SyntheticPicture const picture = draw_synthetic(style, random);
      std::string const stem = std::string(split) + "_" + std::to_string(i),
                        image_name = stem + ".png";
      auto const pixels = static_cast<std::size_t>(picture.side);
      Image image = Image::from_shape({pixels, pixels, 3});
      std::copy(picture.pixels.begin(), picture.pixels.end(), image.data());
      write_png(root / "images" / image_name, image, false);
      std::vector<std::string> masks(picture.objects.size());
      for (std::size_t o = 0; o < masks.size(); ++o) {
        SyntheticObject const& object = picture.objects[o];
        masks[o] = stem + "_" + object.color + ".png";
        Mask mask = Mask::from_shape({pixels, pixels});
        std::copy(object.mask.begin(), object.mask.end(), mask.data());
        write_png(root / "masks" / masks[o], mask, false);
        rows.push_back(row(image_name, masks[o], object.prompt()));
      }
      for (std::size_t o = 0; o < 2 && masks.size() > 1; ++o) {  // whose colors are opposites
        opposite.push_back(row(image_name, masks[1 - o], picture.objects[1 - o].prompt()));
        opposite.back()["instead_of"] = picture.objects[o].prompt();
      }
      if (progress) progress(++done, all);
    }
    auto const write = [&](std::string const& name, nlohmann::json const& list) {
      io::write_whole_file(root / "anns" / (name + ".json"), list.dump(1) + "\n", /*flush=*/false);
    };
    write(split, rows);
    if (std::string_view(split) == "test") write("test_opposite", opposite);
  }
}

}  // namespace vlsm
