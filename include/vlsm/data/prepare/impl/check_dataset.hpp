// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/file/crc32.hpp"
#include "vlsm/data/formats/source_masks.hpp"
#include "vlsm/data/prepare/impl/published.hpp"
#include "vlsm/data/prepare/impl/workers.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/data/prepare/same_pictures.hpp"

namespace vlsm {

VLSM_INLINE PrepareReport check_dataset(std::filesystem::path const& folder,
                                        PrepareOptions const& options) {
  if (!detail::is_folder(folder / "anns"))
    throw Error("the folder has no anns/", folder.string(),
                "a data set has images/, masks/ and anns/: make it with `vlsm data prepare`");
  auto lists = detail::read_published(folder / "anns");
  PrepareReport report;
  report.dataset = folder.filename().string();
  if (report.dataset.empty()) report.dataset = folder.parent_path().filename().string();
  std::set<std::string> levels;
  std::map<std::string, std::size_t> numbers;           // of pictures
  std::map<std::string, std::string> image_of;          // mask -> picture
  std::map<std::string, std::set<std::string>> splits;  // picture -> its splits
  for (auto const& list : lists) {
    report.rows[list.split] = list.rows.size();
    for (auto const& row : list.rows) {
      numbers.emplace(row["img_name"], numbers.size());
      image_of.emplace(row["mask_name"], row["img_name"]);
      splits[row["img_name"]].insert(list.split);
      for (auto const& [level, prompt] : row["prompts"].items()) levels.insert(level);
    }
  }
  report.levels.assign(levels.begin(), levels.end());
  std::ranges::sort(report.levels, detail::natural_less);
  std::vector<std::string> images(numbers.size());
  for (auto const& [name, number] : numbers) images[number] = name;
  std::vector<std::pair<std::string, std::string>> const masks(image_of.begin(), image_of.end());
  report.images = images.size(), report.masks = masks.size();

  std::vector<PictureKey> keys(images.size());
  std::vector<std::string> trouble(images.size() + masks.size());
  std::vector<char> empty(masks.size());
  std::vector<std::string> doubt(masks.size());
  detail::run_tasks(
      trouble.size(), options.threads,
      [&](std::size_t i) {
        bool const picture = i < images.size();
        auto const path = picture ? folder / "images" / images[i]
                                  : folder / "masks" / masks[i - images.size()].first;
        if (!detail::is_file(path)) {
          trouble[i] = "missing";
        } else if (picture) {
          std::string const bytes = detail::read_text_file(path);
          keys[i] = {std::uint64_t{io::crc32(std::as_bytes(std::span(bytes)))} << 32 ^ bytes.size(),
                     perceptual_hash(read_image(path)), true};
        } else {
          auto const& [name, image] = masks[i - images.size()];
          SourceMask const mask = detail::gray_levels(path);
          auto const picture_path = folder / "images" / image;
          if (!detail::is_file(picture_path)) return;
          PictureHeader const header = read_picture_header(picture_path);
          if (header.height != mask.levels.shape(0) || header.width != mask.levels.shape(1))
            trouble[i] = detail::size_text(mask.levels.shape(1), mask.levels.shape(0)) +
                         ", its picture " + detail::size_text(header.width, header.height);
          empty[i - images.size()] = find_regions(mask.levels).empty();
          doubt[i - images.size()] = mask.doubt;
        }
      },
      [&](std::size_t done) {
        if (options.progress) options.progress(done, trouble.size());
      });

  Finding missing{"missing_file", {}, "the annotations name files that are not there"};
  Finding sizes{"size_differs", {}, "masks of another size than their pictures"};
  Finding without{"empty_mask", {}, "no object"};
  for (std::size_t i = 0; i < trouble.size(); ++i) {
    bool const picture = i < images.size();
    std::string const& name = picture ? images[i] : masks[i - images.size()].first;
    if (trouble[i] == "missing")
      missing.names.push_back((picture ? "images/" : "masks/") + name);
    else if (!trouble[i].empty())
      sizes.names.push_back(name + " (" + trouble[i] + ")");
    if (picture) continue;
    if (empty[i - images.size()]) without.names.push_back(name);
    if (!doubt[i - images.size()].empty())
      report.findings.push_back({"unclear_mask", {name}, doubt[i - images.size()]});
  }
  for (Finding& finding : {std::ref(missing), std::ref(sizes), std::ref(without)})
    if (!finding.names.empty()) report.findings.push_back(std::move(finding));
  for (Finding& finding : detail::look_at_lists(lists))
    report.findings.push_back(std::move(finding));
  auto const identical = same_pictures(keys, false);
  for (bool const looks : {false, true})
    for (auto const& members : same_pictures(keys, looks)) {
      if (looks && std::ranges::find(identical, members) != identical.end()) continue;
      Finding finding{looks ? "look_alikes" : "identical_pictures", {}, ""};
      std::set<std::string> in;
      for (std::size_t i : members) {
        finding.names.push_back(images[i]);
        in.insert(splits[images[i]].begin(), splits[images[i]].end());
      }
      finding.text = looks ? "they show nearly the same (perceptual hashes within " +
                                 std::to_string(most_hash_bits) + " bits)"
                           : "one file under several names";
      if (in.size() > 1) {
        finding.text += ", in several splits:";
        for (std::string const& split : in) finding.text += " " + split;
      }
      report.findings.push_back(std::move(finding));
    }
  return report;
}

}  // namespace vlsm
