// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vlsm/data/formats/frame_files.hpp"
#include "vlsm/data/formats/pairs.hpp"
#include "vlsm/data/mask_meaning.hpp"
#include "vlsm/image/write.hpp"

namespace vlsm {

/// Where a user's own pictures and masks lie.
struct FolderLayout {
  std::string images = "images";  ///< folder of the pictures, below the source
  std::string masks = "masks";    ///< folder of the masks; the same one where names tell them apart
  std::string mask_suffix{};      ///< what a mask's name has behind its picture's: "_mask"
  /// Of masks in NIfTI, MetaImage or DICOM: the label of the object; unset: the only one beside 0.
  std::optional<int> label{};
  /// Of masks that are pictures: the value of the object; unset: told from all (mask_meaning.hpp).
  std::optional<MaskChoice> mask_value{};
  bool allow_empty = false;  ///< whether a set without any object is read, too
};

namespace detail {

/// A name without its ending, which may be double: "a" of "a.png" and of "a.nii.gz".
inline std::string frame_stem(std::string const& name) {
  return stem_of(ends_in(name, {".gz"}) ? stem_of(name) : name);
}

/// Adds a row for each frame of a file whose mask holds an object; for the frame of a file of one
/// frame in any case. Throws Error where the files' numbers of frames differ.
inline void add_frames(SourceSet& set, std::shared_ptr<FrameFiles> const& files,
                       std::filesystem::path const& image, std::filesystem::path const& mask,
                       std::string const& stem, std::optional<int> label) {
  bool const drawn = is_picture_name(mask.filename().string());  // a PNG beside a DICOM
  std::size_t const frames = files->open(image)->frames();
  std::size_t const others = drawn ? 1 : files->open(mask)->frames();
  if (frames != others)
    throw Error(
        "a mask has " + std::to_string(others) + " frames, its picture " + std::to_string(frames),
        mask.string(), "give both of one volume");
  std::size_t const digits = std::to_string(frames - 1).size();
  for (std::size_t k = 0; k < frames; ++k) {
    auto const read = [files, mask, drawn, label, k] {
      return drawn ? gray_levels(mask) : SourceMask{files->open(mask)->mask(k, label)};
    };
    if (frames > 1 && find_regions(read().levels).empty()) continue;
    std::string number = std::to_string(k);
    number.insert(0, digits - number.size(), '0');
    std::string const name = (frames > 1 ? stem + "_" + number : stem) + ".png";
    set.rows.push_back({.split = "all",
                        .image = set.images.size(),
                        .mask = name,
                        .source = mask.string(),
                        .read = read});
    set.images.push_back({.name = name,
                          .file = image,
                          .convert = [files, image, k] { return files->open(image)->picture(k); },
                          .group = stem});
  }
}

/// Looks at all masks, the files that each row's `source` names, and lets rows read them by what
/// they mean together. `where` is their folder. Throws Error where the meaning is not clear.
inline void read_by_meaning(SourceSet& set, FolderLayout const& layout, std::string const& where) {
  auto const values = [](std::string const& file) {
    return mask_values(read_raw_picture(file), file);
  };
  MaskSurvey survey;
  for (SourceRow const& row : set.rows)
    survey.add(MaskSurvey::file_of(values(row.source), stem_of(row.source)));
  MaskMeaning const meaning = survey.meaning(layout.mask_value, layout.allow_empty, where);
  if (!meaning.notice.empty()) set.findings.push_back({"mask_meaning", {}, meaning.notice});
  for (SourceRow& row : set.rows)
    row.read = [file = row.source, meaning, values] {
      return SourceMask{meaning.apply(values(file))};
    };
}

}  // namespace detail

/// A user's own pictures and masks, paired by their names, all of the split "all". PNG and JPEG are
/// copied, TIFF becomes PNG; so do the frames of NIfTI, MetaImage and DICOM: of a volume those
/// whose mask is not empty, as NAME_K.png, K from 0. What masks that are pictures mean follows from
/// all of them (mask_meaning.hpp). Where there are frames, pictures of other kinds are not read.
/// Throws Error for what cannot be read, paired or understood.
inline SourceSet read_folder(std::filesystem::path const& source, FolderLayout const& layout = {}) {
  SourceSet set{.dataset = "folder",
                .source = std::filesystem::absolute(source).lexically_normal().string(),
                .look_alikes = true};
  std::filesystem::path const images = source / layout.images, masks = source / layout.masks;
  for (std::filesystem::path const& folder : {images, masks})
    detail::check_folder(folder,
                         "name the folders of pictures and masks with --images and --masks");
  if (layout.images == layout.masks && layout.mask_suffix.empty())
    throw Error("pictures and masks lie in one folder", images.string(),
                "say how the masks' names end with --mask-suffix");
  auto const files = std::make_shared<detail::FrameFiles>();
  Finding others{"left_out", {}, "pictures of other kinds beside files of frames"};
  std::map<std::string, std::string> by_stem;
  for (std::string const& name : detail::files_in(masks)) {
    if (!detail::is_picture_name(name) && !detail::is_frame_name(name)) continue;
    auto const [other, fresh] = by_stem.emplace(detail::frame_stem(name), name);
    if (!fresh && layout.images != layout.masks)
      throw Error("two masks differ in their ending alone: " + other->second + " and " + name,
                  masks.string(), "keep the one that belongs to the picture");
  }
  for (std::string const& name : detail::files_in(images)) {
    std::string const stem = detail::frame_stem(name);
    bool const is_mask = !layout.mask_suffix.empty() && stem.ends_with(layout.mask_suffix);
    if (is_mask) continue;
    if (!detail::is_frame_name(name)) {
      if (detail::is_picture_name(name)) others.names.push_back(name);
      continue;
    }
    auto const mask = by_stem.find(stem + layout.mask_suffix);
    if (mask == by_stem.end() || (layout.images == layout.masks && mask->second == name))
      throw Error("a picture has no mask", (images / name).string(),
                  "add the mask in " + masks.string() + ", or take the picture out");
    detail::add_frames(set, files, images / name, masks / mask->second, stem, layout.label);
  }
  if (!set.images.empty()) {
    detail::add_finding(set.findings, others);
    return set;
  }
  detail::add_pairs(set, images, masks, "all", detail::gray_levels, layout.mask_suffix);
  detail::read_by_meaning(set, layout, masks.string());
  detail::convert_tiffs(set);
  return set;
}

}  // namespace vlsm
