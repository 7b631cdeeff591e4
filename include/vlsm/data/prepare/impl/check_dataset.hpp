// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/file/folders.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/mask_survey.hpp"
#include "vlsm/data/picture_doubts.hpp"
#include "vlsm/data/prepare/impl/incomplete_rows.hpp"
#include "vlsm/data/prepare/impl/published.hpp"
#include "vlsm/data/prepare/impl/workers.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/data/prepare/same_pictures.hpp"
#include "vlsm/image/read.hpp"

namespace vlsm {

namespace detail {

/// Checks a set that is in the study's layout.
class DatasetCheck {
 public:
  /// Throws Error for a folder without annotation lists, or with one that is damaged.
  DatasetCheck(std::filesystem::path const& folder, PrepareOptions const& options)
      : folder_(folder), options_(options), lists_(read_published(folder / "anns")) {
    report_.dataset = folder.filename().string();
    if (report_.dataset.empty()) report_.dataset = folder.parent_path().filename().string();
    read_lists();
  }

  /// Throws Error for a picture or mask that cannot be read.
  PrepareReport run() {
    read_files();
    look_at_meanings();
    look_at_files();
    for (Finding& finding : look_at_lists(lists_)) report_.findings.push_back(std::move(finding));
    look_at_levels();
    look_at_copies();
    return std::move(report_);
  }

 private:
  struct ImageFile {
    std::string name;
    std::set<std::string> splits{};
    bool missing = false;
    PictureKey key{};
    int orientation = 1;  // that its EXIF tag says
    bool clipped = false;
  };
  /// A picture of another size than its mask.
  struct OtherSize {
    std::string image, text;
    bool turned = false;  // by its EXIF tag it has the mask's
  };
  struct MaskFile {
    std::string name;
    std::set<std::string> images{};
    bool missing = false, empty = true;
    bool turned_otherwise = false;  // than a picture of it
    std::vector<OtherSize> sizes{};
    MaskSurvey::File values{};
    std::string trouble{};  // why there are no values
  };

  void read_lists() {
    std::set<std::string> levels;
    std::map<std::string, std::size_t> numbers;              // picture -> its place in images_
    std::map<std::string, std::set<std::string>> images_of;  // by mask: lists need not agree
    for (AnnotationList const& list : lists_) {
      report_.rows[list.split] = list.rows.size();
      for (auto const& row : list.rows) {
        auto const [number, fresh] = numbers.emplace(row["img_name"], images_.size());
        if (fresh) images_.push_back({.name = number->first});
        images_[number->second].splits.insert(list.split);
        images_of[row["mask_name"]].insert(number->first);
        for (auto const& [level, prompt] : row["prompts"].items()) levels.insert(level);
      }
    }
    for (auto const& [mask, images] : images_of) masks_.push_back({.name = mask, .images = images});
    report_.levels.assign(levels.begin(), levels.end());
    std::ranges::sort(report_.levels, strings::natural_less);
    report_.images = images_.size(), report_.masks = masks_.size();
  }

  void read_files() {
    std::size_t const all = images_.size() + masks_.size();
    run_tasks(
        all, options_.threads,
        [&](std::size_t i) {
          if (i < images_.size())
            read(images_[i]);
          else
            read(masks_[i - images_.size()]);
        },
        [&](std::size_t done) {
          if (options_.progress) options_.progress(done, all);
        });
  }

  void read(ImageFile& image) const {
    auto const path = folder_ / "images" / image.name;
    image.missing = !io::is_file(path);
    if (image.missing) return;
    PictureHeader const header = read_picture_header(path);
    image.orientation = header.orientation, image.clipped = is_clipped(header);
    image.key = {content_hash(read_text_file(path)), perceptual_hash(read_image(path)), true};
  }

  /// A mask whose pictures are missing is only decoded.
  void read(MaskFile& mask) const {
    auto const path = folder_ / "masks" / mask.name;
    mask.missing = !io::is_file(path);
    if (mask.missing) return;
    RawPicture const found = read_raw_picture(path);
    std::size_t const height = found.height, width = found.width;
    PictureHeader const own = read_picture_header(path);
    for (std::string const& image : mask.images) {
      auto const picture = folder_ / "images" / image;
      if (!io::is_file(picture)) continue;
      PictureHeader const header = read_picture_header(picture);
      mask.turned_otherwise |= turned_otherwise(own, header);
      if (header.height == height && header.width == width) continue;
      bool const turned = fits_turned(header, height, width);
      mask.sizes.push_back({image,
                            strings::size_text(width, height) + ", its picture " +
                                (mask.images.size() > 1 ? image + " " : "") +
                                strings::size_text(header.width, header.height) +
                                (turned ? exif_text(header) : ""),
                            turned});
    }
    try {
      mask.values = MaskSurvey::file_of(mask_values(found, "masks/" + mask.name), mask.name);
    } catch (Error const& e) {
      mask.trouble = e.what();
    }
  }

  /// As a training would read them: all masks of a list together.
  void look_at_meanings() {
    std::map<std::string, MaskFile*> masks;
    for (MaskFile& mask : masks_)
      if (!mask.missing && mask.trouble.empty()) masks.emplace(mask.name, &mask);
    for (AnnotationList const& list : lists_) {
      std::set<MaskFile*> here;
      for (auto const& row : list.rows)
        if (auto const mask = masks.find(row["mask_name"]); mask != masks.end())
          here.insert(mask->second);
      if (!here.empty()) look_at_meaning(list.split, here);
      if (list.rows.empty())
        report_.findings.push_back(
            {"empty_list", {list.split}, "the list has no rows: what uses it stops there"});
    }
  }

  void look_at_meaning(std::string const& split, std::set<MaskFile*> const& masks) {
    MaskSurvey survey;
    for (MaskFile const* mask : masks) survey.add(mask->values);
    try {
      MaskMeaning const meaning =
          survey.meaning({}, /*allow_empty=*/true, "anns/" + split + ".json");
      bool any = false;
      for (MaskFile* mask : masks)
        for (auto const& [value, count] : mask->values.counts) {
          bool const object = meaning(value) >= 128;
          mask->empty &= !object, any |= object;
        }
      if (!any)
        report_.findings.push_back({"unclear_mask",
                                    {split},
                                    "no mask of the list holds an object: what uses it stops there "
                                    "(--allow-empty)"});
      if (!meaning.notice.empty())
        report_.findings.push_back({"mask_meaning", {split}, meaning.notice});
    } catch (Error const& e) {
      for (MaskFile* mask : masks) mask->empty = false;  // who knows
      report_.findings.push_back({"unclear_mask", {split}, e.what()});
    }
  }

  void look_at_files() {
    Finding missing{"missing_file", {}, "the annotations name files that are not there"};
    Finding sizes{"size_differs", {}, "masks of another size than their pictures"};
    Finding turned{"size_differs", {}, exif_remedy};
    Finding tagged{"exif_orientation", {}, exif_doubt};
    Finding clipped{"deep_gray", {}, clipped_gray}, others{"exif_orientation", {}, turned_doubt};
    std::set<std::string> said;  // pictures whose size says what their tag means
    Finding empty{"empty_mask", {}, "no object"};
    for (ImageFile const& image : images_)
      if (image.missing) missing.names.push_back("images/" + image.name);
    for (MaskFile const& mask : masks_) {
      if (mask.missing) missing.names.push_back("masks/" + mask.name);
      for (auto const& [image, text, by_tag] : mask.sizes) {
        (by_tag ? turned : sizes).names.push_back(mask.name + " (" + text + ")");
        said.insert(image);
      }
      if (mask.turned_otherwise) others.names.push_back(mask.name);
      if (!mask.trouble.empty())
        report_.findings.push_back({"unclear_mask", {mask.name}, mask.trouble});
      else if (mask.empty && !mask.missing)
        empty.names.push_back(mask.name);
    }
    for (ImageFile const& image : images_) {
      if (image.orientation != 1 && !said.contains(image.name)) tagged.names.push_back(image.name);
      if (image.clipped) clipped.names.push_back(image.name);
    }
    for (Finding& finding : {std::ref(missing), std::ref(sizes), std::ref(turned), std::ref(tagged),
                             std::ref(others), std::ref(clipped), std::ref(empty)})
      add_finding(report_.findings, std::move(finding));
  }

  /// Of each list the rows with an object: others need no more than the prompts for that.
  void look_at_levels() {
    std::set<std::string> empty;
    for (MaskFile const& mask : masks_)
      if (mask.empty) empty.insert(mask.name);
    for (AnnotationList const& list : lists_) {
      std::vector<RowLevels> rows;
      for (auto const& row : list.rows)
        if (std::string const mask = row["mask_name"]; !empty.contains(mask))
          rows.emplace_back(list.split + ": " + mask, row);
      add_finding(report_.findings, lacking_levels(rows));
    }
  }

  void look_at_copies() {
    std::vector<PictureKey> keys;
    for (ImageFile const& image : images_) keys.push_back(image.key);
    auto const identical = same_pictures(keys, false);
    for (auto const& members : identical)
      add_copies("identical_pictures", "one file under several names", members);
    for (auto const& members : same_pictures(keys, true))
      if (std::ranges::find(identical, members) == identical.end())
        add_copies("look_alikes",
                   "they show nearly the same (perceptual hashes within " +
                       std::to_string(most_hash_bits) + " bits)",
                   members);
  }

  void add_copies(std::string const& kind, std::string const& text,
                  std::vector<std::size_t> const& members) {
    Finding finding{kind, {}, text};
    std::set<std::string> splits;
    for (std::size_t const i : members) {
      finding.names.push_back(images_[i].name);
      splits.insert(images_[i].splits.begin(), images_[i].splits.end());
    }
    if (splits.size() > 1) finding.text += ", in several splits: " + strings::joined(splits, " ");
    report_.findings.push_back(std::move(finding));
  }

  std::filesystem::path folder_;
  PrepareOptions const& options_;
  std::vector<AnnotationList> lists_;
  std::vector<ImageFile> images_;  // in the order of the lists
  std::vector<MaskFile> masks_;    // by name
  PrepareReport report_;
};

}  // namespace detail

VLSM_INLINE PrepareReport check_dataset(std::filesystem::path const& folder,
                                        PrepareOptions const& options) {
  if (!io::is_folder(folder / "anns"))
    throw Error("the folder has no anns/", folder.string(),
                "a data set has images/, masks/ and anns/: make it with `vlsm data prepare`");
  return detail::DatasetCheck(folder, options).run();
}

}  // namespace vlsm
