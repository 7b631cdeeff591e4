// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vlsm/base/file/files.hpp"
#include "vlsm/base/file/folders.hpp"
#include "vlsm/data/formats/frame_files.hpp"
#include "vlsm/data/formats/frame_rows.hpp"
#include "vlsm/data/formats/not_read.hpp"
#include "vlsm/data/formats/pair_files.hpp"
#include "vlsm/data/formats/pairs.hpp"
#include "vlsm/data/mask_survey.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/write.hpp"

namespace vlsm {

/// Where a user's own pictures and masks lie.
struct FolderLayout {
  std::string images = "images";  ///< folder of the pictures, below the source
  std::string masks = "masks";    ///< folder of the masks; the same one where names tell them apart
  std::string mask_suffix{};      ///< what a mask's name has behind its picture's: "_mask"
  /// Of masks in NIfTI, MetaImage or DICOM: the label of the object; unset: the only one beside 0.
  std::optional<int> label{};
  /// Of masks that are pictures: the value of the object; unset: told from all (mask_survey.hpp).
  std::optional<MaskChoice> mask_value{};
  bool allow_empty = false;  ///< whether a set without any object is read, too
};

namespace detail {

/// Looks at all masks that are pictures, the files that each row's `source` names, and lets rows
/// read them by what they mean together. `where` is their folder. Throws Error where the meaning is
/// not clear.
inline void read_by_meaning(SourceSet& set, std::optional<MaskChoice> const& choice,
                            bool allow_empty, std::string const& where) {
  auto const values = [](std::string const& file) {
    return mask_values(read_raw_picture(file), file);
  };
  MaskSurvey survey;
  std::vector<SourceRow*> rows;
  for (SourceRow& row : set.rows)
    if (is_picture_name(row.source)) rows.push_back(&row);
  if (rows.empty()) {
    if (choice)
      throw Error("--mask-value is for masks that are pictures, and here are none", where,
                  "choose the object with --label");
    return;
  }
  for (SourceRow const* row : rows)
    survey.add(MaskSurvey::file_of(values(row->source),
                                   std::filesystem::path(row->source).filename().string()));
  MaskMeaning const meaning = survey.meaning(choice, allow_empty, where);
  if (!meaning.notice.empty()) set.findings.push_back({"mask_meaning", {}, meaning.notice});
  for (SourceRow* row : rows)
    row->read = [file = row->source, meaning, values] {
      return SourceMask{meaning.apply(values(file))};
    };
}

/// Adds the rows of files of frames. Returns false, and adds nothing, where there are none. Throws
/// Error as read_folder does.
inline bool add_frame_files(SourceSet& set, std::filesystem::path const& images,
                            std::filesystem::path const& masks, FolderLayout const& layout) {
  PairKinds const kinds{.picture = is_frame_name, .mask = is_read_name};
  PairKinds const pictures{.mask = is_read_name};
  auto const by_stem = masks_by_stem(masks, layout.mask_suffix, kinds);
  if (pictures_in(images, masks, layout.mask_suffix, by_stem, kinds).empty()) return false;
  Finding others{"left_out", {}, "pictures of other kinds beside files of frames"};
  others.names = pictures_in(images, masks, layout.mask_suffix, by_stem, pictures);
  std::set<std::string> left_out;  // their masks
  for (std::string const& name : others.names)
    if (auto const mask = by_stem.find(file_stem(name)); mask != by_stem.end())
      left_out.insert(mask->second);
  auto const files = std::make_shared<FrameFiles>();
  std::vector<FramePair> pairs;
  std::vector<Finding> lonely;
  for (Pair const& pair : pair_files(images, masks, lonely, layout.mask_suffix, kinds))
    pairs.push_back(look_at_frames(*files, pair, images, masks));
  auto const object =
      object_label(pairs, layout.label, layout.allow_empty, masks.string(), set.findings);
  Finding empty{"no_row", {}, "no frame of these volumes holds the object: none was written"};
  std::map<std::string, Finding> elsewhere;
  for (FramePair const& pair : pairs) {
    std::size_t const before = set.rows.size();
    add_frames(set, files, pair, object);
    if (set.rows.size() == before) empty.names.push_back(pair.image.filename().string());
    if (!pair.elsewhere.empty())
      elsewhere[pair.elsewhere].names.push_back(pair.mask.filename().string());
  }
  if (set.rows.empty())
    throw Error("no frame holds an object, and of volumes those alone are written", masks.string(),
                "check the masks");
  read_by_meaning(set, layout.mask_value, layout.allow_empty || object, masks.string());
  add_finding(set.findings, std::move(empty));
  for (auto& [what, finding] : elsewhere)
    set.findings.push_back({"other_place", std::move(finding.names),
                            "the " + what +
                                " in these masks' headers is not their pictures': "
                                "rows, columns and frames were paired as stored"});
  add_finding(set.findings, others);
  for (Finding& finding : lonely)
    if (!left_out.contains(finding.names[0])) set.findings.push_back(std::move(finding));
  return true;
}

}  // namespace detail

/// A user's own pictures and masks, paired by their names, all of the split "all". PNG and JPEG are
/// copied, TIFF becomes PNG; so do the frames of NIfTI, MetaImage and DICOM: of a volume those
/// whose mask is not empty, as NAME_K.png, K from 0. What masks mean follows from all of them:
/// those that are pictures by mask_survey.hpp, others by their labels. Where there are frames,
/// pictures of other kinds are not read. What is passed over is a finding. Throws Error for what
/// cannot be read, paired or understood, and for choices that cannot apply.
inline SourceSet read_folder(std::filesystem::path const& source, FolderLayout const& layout = {}) {
  SourceSet set{.dataset = "folder",
                .source = std::filesystem::absolute(source).lexically_normal().string(),
                .look_alikes = true};
  std::filesystem::path const images = source / layout.images, masks = source / layout.masks;
  for (std::filesystem::path const& folder : {images, masks})
    io::check_folder(folder, "name the folders of pictures and masks with --images and --masks" +
                                 detail::unpack_hint(source));
  bool const together = io::is_same_file(images, masks);
  if (together && layout.mask_suffix.empty())
    throw Error("pictures and masks lie in one folder", images.string(),
                "say how the masks' names end with --mask-suffix");
  if (!detail::add_frame_files(set, images, masks, layout)) {
    auto const by_stem = detail::masks_by_stem(masks, layout.mask_suffix);
    if (detail::pictures_in(images, masks, layout.mask_suffix, by_stem).empty())
      detail::refuse_no_pictures(images, layout.mask_suffix);
    if (layout.label) detail::refuse_labels(masks.string());
    detail::add_pairs(set, images, masks, "all", gray_levels, layout.mask_suffix);
    detail::read_by_meaning(set, layout.mask_value, layout.allow_empty, masks.string());
    detail::convert_tiffs(set);
  }
  Finding passed{
      "not_read", {}, "no " + std::string(detail::read_kinds) + ", or in a folder of their own"};
  std::vector<std::string> parts{layout.images};
  if (!together) parts.push_back(layout.masks);
  for (std::string const& part : parts)
    for (std::string const& name : detail::not_read(source / part, {images, masks}))
      passed.names.push_back((std::filesystem::path(part) / name).lexically_normal().string());
  detail::add_finding(set.findings, std::move(passed));
  return set;
}

}  // namespace vlsm
