// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/source_set.hpp"
#include "vlsm/data/picture_doubts.hpp"
#include "vlsm/data/prepare/same_pictures.hpp"
#include "vlsm/image/raw_picture.hpp"
#include "vlsm/prompts/mask_attributes.hpp"

// The files that a set becomes, and that no two of them are one.
namespace vlsm::detail {

/// Throws Error for a set without rows, for two files that would be written to one name, and for a
/// name that an annotation list cannot hold.
inline void check_names(SourceSet const& set) {
  if (set.rows.empty())
    throw Error("the data set has no picture with a mask", set.dataset, "check the folder");
  std::map<std::string, std::string> images, masks;  // name -> what is written to it
  auto const check = [](auto& names, std::string const& name, std::string const& from,
                        std::string const& file) {
    if (strings::as_utf8(name) != name)
      throw Error("the name " + strings::as_utf8(name) + " is not UTF-8, as annotation lists are",
                  strings::as_utf8(file), "rename it, and the other file of the pair");
    if (auto const [other, fresh] = names.emplace(name, from); !fresh && other->second != from)
      throw Error("two files would have the name " + name, from + " and " + other->second,
                  "rename one of them, and its mask");
  };
  for (SourceImage const& image : set.images)
    check(images, image.name, image.file.string(), image.file.string());
  for (SourceRow const& row : set.rows)
    check(masks, row.mask, set.images[row.image].name, row.source);
}

/// What is known of a picture once it was written.
struct WrittenPicture {
  std::size_t height = 0, width = 0;
  PictureKey key;       ///< of the written file
  int orientation = 1;  ///< that its EXIF tag says, and that is not applied
  int turned = 1;       ///< that a TIFF's tag says, and that is applied
  bool deep = false;    ///< whether the publisher's is gray of 16 bits

  /// Takes what the header of the publisher's file says.
  void look_at(PictureHeader const& header) {
    orientation = header.orientation, turned = header.turned, deep = is_clipped(header);
  }
};

/// What is known of a mask once it was written.
struct WrittenMask {
  MaskAttributes attributes;       ///< of the publisher's levels
  std::string doubt;               ///< as SourceMask's
  bool written_otherwise = false;  ///< whether the written 0 and 255 have another size or position
  bool turned_otherwise = false;   ///< as the function of that name says of it and its picture
  ContentHash levels{};            ///< of the publisher's levels
};

/// What the headers of the publisher's pictures say and the written ones do not.
inline std::vector<Finding> header_findings(SourceSet const& set,
                                            std::vector<WrittenPicture> const& pictures) {
  Finding turned{"exif_orientation", {}, exif_doubt};
  Finding clipped{"deep_gray", {}, clipped_gray}, scaled{"deep_gray", {}, scaled_gray};
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    SourceImage const& image = set.images[i];
    if (pictures[i].orientation != 1) turned.names.push_back(image.name);
    if (pictures[i].deep) (image.convert ? scaled : clipped).names.push_back(image.name);
  }
  return {turned, clipped, scaled};
}

/// Throws Error where two rows would write one mask's file with different levels: a picture that is
/// published twice (ISIC's Training and Test) with two masks. `masks` are those of the set's rows.
inline void check_masks(SourceSet const& set, std::vector<WrittenMask> const& masks) {
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < set.rows.size(); ++i)
    if (auto const [other, fresh] = first.emplace(set.rows[i].mask, i);
        !fresh && masks[other->second].levels != masks[i].levels)
      throw Error("two masks that differ would have the name " + set.rows[i].mask,
                  set.rows[other->second].source + " and " + set.rows[i].source,
                  "keep the one that is right, or fetch the archives again");
}

}  // namespace vlsm::detail
