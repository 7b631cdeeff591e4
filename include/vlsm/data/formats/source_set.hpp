// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/image/image.hpp"
#include "vlsm/prompts/mask_attributes.hpp"

// A data set as its publisher gives it, before anything is written: what each reader of a layout in
// this folder makes, and what `prepare_dataset` (data/prepare/prepare.hpp) writes in the study's
// layout.
namespace vlsm {

/// A picture as it was published.
struct SourceImage {
  std::string name;                  ///< its path below images/ in the study's layout
  std::filesystem::path file;        ///< where it is now
  std::function<Image()> convert{};  ///< the picture [H, W, 3] to write; unset: `file` is copied
  std::string group{};  ///< the patient or sequence that a split keeps together; empty: its own
};

/// A mask's levels [H, W], where 128 and more is the object, and what may be wrong about them.
struct SourceMask {
  Mask levels;
  std::string doubt{};  ///< why the levels may not mean the object; empty: they do
};

/// A row of an annotation list: a picture, a mask, and what is known of them beside their pixels.
struct SourceRow {
  std::string split;                 ///< "train", "val", "test", or "all"
  std::size_t image = 0;             ///< index in SourceSet::images
  std::string mask;                  ///< the mask's path below masks/
  std::string source;                ///< where the mask comes from, for messages
  std::function<SourceMask()> read;  ///< reads the mask; throws Error; any thread may call it
  Attributes attributes{};           ///< what the publisher's files and names say
};

/// Something that a user should know of a data set.
struct Finding {
  std::string kind;                ///< "in_two_splits", "empty_mask", …; docs/data.md lists them
  std::vector<std::string> names;  ///< the files, patients or slots that it is about; may be empty
  std::string text;                ///< what was found, in a few words
};

/// What a reader of a publisher's layout returns.
struct SourceSet {
  std::string dataset;   ///< "kvasir_polyp", …
  std::string source{};  ///< absolute path of a user's own folder; empty for the study's sets
  std::vector<SourceImage> images{};
  std::vector<SourceRow> rows{};
  std::vector<Finding> findings{};
  std::size_t others = 0;    ///< how many of the publisher's pictures have no row
  bool look_alikes = false;  ///< pictures are compared by what they show, not by their bytes alone
};

namespace detail {

/// Adds a finding that is about some names, unless there turned out to be none.
inline void add_finding(std::vector<Finding>& findings, Finding finding) {
  if (!finding.names.empty()) findings.push_back(std::move(finding));
}

}  // namespace detail

}  // namespace vlsm
