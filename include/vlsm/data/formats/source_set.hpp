// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "vlsm/image/image.hpp"
#include "vlsm/prompts/mask_attributes.hpp"

// A data set as its publisher gives it, before anything is written: what each reader of a layout in
// this folder makes, and what `prepare` (data/prepare/prepare.hpp) writes in the study's layout.
namespace vlsm {

/// A picture as it was published.
struct SourceImage {
  std::string name;            ///< below images/
  std::filesystem::path file;  ///< its bytes are copied, unless `convert` says what to write
  std::function<Image()> convert{};
  std::string group{};  ///< the patient or sequence that a split keeps together; empty: its own
};

/// A mask's levels [H, W], from 128 on the object, and what may be wrong about them.
struct SourceMask {
  Mask levels;
  std::string doubt{};  ///< empty: nothing
};

/// A row of annotations to be: a picture, a mask, and what is known of them beside their pixels.
struct SourceRow {
  std::string split;
  std::size_t image = 0;             ///< of SourceSet::images
  std::string mask;                  ///< name below masks/
  std::string source;                ///< where the mask comes from, for messages
  std::function<SourceMask()> read;  ///< the mask, at its picture's size; throws Error
  Attributes attributes{};
};

/// Something that a user should know of a data set.
struct Finding {
  std::string kind;                ///< "in_two_splits", "empty_mask", …; docs/data.md lists them
  std::vector<std::string> names;  ///< the files that it is about
  std::string text;                ///< in a few words
};

/// What a reader of a layout found.
struct SourceSet {
  std::string dataset;   ///< "kvasir_polyp", …
  std::string source{};  ///< the folder that it was read from, where that tells sets apart
  std::vector<SourceImage> images{};
  std::vector<SourceRow> rows{};
  std::vector<Finding> findings{};
  std::size_t others = 0;    ///< pictures of the publisher that have no row
  bool look_alikes = false;  ///< compare what pictures show, too, not their bytes alone
};

}  // namespace vlsm
