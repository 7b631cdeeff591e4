// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/frame_files.hpp"
#include "vlsm/data/formats/frame_place.hpp"
#include "vlsm/data/formats/pair_files.hpp"
#include "vlsm/image/read.hpp"

// Rows of the frames of a user's own files. A mask's frame alone does not say which label is the
// object: one may hold label 1 and the next label 2, so all are looked at before any is read.
namespace vlsm::detail {

/// A file of frames and its mask.
struct FramePair {
  std::string stem;
  std::filesystem::path image, mask;
  std::size_t frames = 1;
  std::string group{};                  ///< what a split keeps together
  std::string elsewhere{};              ///< in what the mask's place in space differs: other_place
  std::vector<std::set<int>> labels{};  ///< what each frame of the mask holds
  /// Whether the mask is a picture, a PNG beside a DICOM say, which has no labels.
  bool drawn() const { return is_picture_name(mask.filename().string()); }
};

/// Looks at a pair's files. Throws Error where they cannot be read, and where their numbers of
/// frames differ.
inline FramePair look_at_frames(FrameFiles& files, Pair const& pair,
                                std::filesystem::path const& images,
                                std::filesystem::path const& masks) {
  FramePair result{.stem = pair.stem, .image = images / pair.image, .mask = masks / pair.mask};
  auto const image = files.open(result.image);
  result.frames = image->frames();
  result.group = image->group();
  auto const mask = result.drawn() ? nullptr : files.open(result.mask);
  std::size_t const others = mask ? mask->frames() : 1;
  if (result.frames != others)
    throw Error("a mask has " + std::to_string(others) + " frames, its picture " +
                    std::to_string(result.frames),
                result.mask.string(), "give both of one volume");
  if (!mask) return result;
  result.elsewhere = other_place(image->place(), mask->place());
  for (std::size_t k = 0; k < others; ++k) result.labels.push_back(mask->labels(k));
  return result;
}

/// Throws Error for a label that was chosen of masks that are pictures.
[[noreturn]] inline void refuse_labels(std::string const& where) {
  throw Error("--label is for masks in NIfTI, MetaImage and DICOM, and these are pictures", where,
              "choose the object with --mask-value");
}

/// The label of the object: the `wanted` one, or the only one of all masks beside 0, which becomes
/// a finding. Unset where no mask has labels. Throws Error, with `where`, for several labels
/// without a choice, and, unless `allow_empty`, where no mask holds the label.
inline std::optional<int> object_label(std::vector<FramePair> const& pairs,
                                       std::optional<int> wanted, bool allow_empty,
                                       std::string const& where, std::vector<Finding>& findings) {
  std::set<int> all;
  for (FramePair const& pair : pairs)
    for (auto const& held : pair.labels) all.insert(held.begin(), held.end());
  if (all.empty()) {
    if (wanted) refuse_labels(where);
    return {};
  }
  bool const held = wanted ? all.contains(*wanted) : *all.rbegin() > 0;
  all.erase(0);
  constexpr std::size_t most = 40;
  std::vector<std::string> labels;
  for (int const label : all)
    if (labels.size() < most) labels.push_back(std::to_string(label));
  if (all.size() > most) labels.push_back(std::to_string(all.size() - most) + " more");
  if (!held && !allow_empty)
    throw Error((wanted ? "no mask holds label " + std::to_string(*wanted)
                        : std::string("no mask holds an object")) +
                    (labels.empty() ? ": all is 0" : ": there are " + strings::joined(labels)),
                where,
                labels.empty() ? "check the masks, or say --allow-empty"
                               : "choose one of these with --label, or say --allow-empty");
  if (wanted) return wanted;
  if (labels.size() > 1)
    throw Error("the masks hold the labels " + strings::joined(labels), where,
                "choose the object with --label");
  if (!labels.empty())
    findings.push_back(
        {"mask_meaning", {}, "the object is label " + labels[0] + ", the only one beside 0"});
  return all.empty() ? 255 : *all.begin();
}

/// Adds a row for each frame whose mask holds the label `object`; for the frame of a file of one
/// frame in any case. Rows of masks that are pictures read nothing yet.
inline void add_frames(SourceSet& set, std::shared_ptr<FrameFiles> const& files,
                       FramePair const& pair, std::optional<int> object) {
  std::size_t const digits = std::to_string(pair.frames - 1).size();
  for (std::size_t k = 0; k < pair.frames; ++k) {
    if (pair.frames > 1 && !pair.labels[k].contains(object.value_or(0))) continue;
    std::string number = std::to_string(k);
    number.insert(0, digits - number.size(), '0');
    std::string const name = (pair.frames > 1 ? pair.stem + "_" + number : pair.stem) + ".png";
    SourceRow row{.split = "all",
                  .image = set.images.size(),
                  .mask = name,
                  .source = pair.mask.string(),
                  .read = {}};
    if (!pair.drawn())
      row.read = [files, mask = pair.mask, k, object] {
        return SourceMask{files->open(mask)->mask(k, object.value())};
      };
    set.rows.push_back(std::move(row));
    set.images.push_back(
        {.name = name,
         .file = pair.image,
         .convert = [files, image = pair.image, k] { return files->open(image)->picture(k); },
         .group = pair.group});
  }
}

}  // namespace vlsm::detail
