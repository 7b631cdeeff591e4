// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/Parallel.h>

#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/data/mask_survey.hpp"
#include "vlsm/data/mask_value.hpp"
#include "vlsm/data/picture_doubts.hpp"
#include "vlsm/image/fit.hpp"
#include "vlsm/image/read.hpp"

namespace vlsm {

/// How a data set is read.
struct DatasetOptions {
  std::optional<MaskChoice> mask{};  ///< which value is the object; unset: told from the masks
  bool allow_empty = false;          ///< a split whose masks hold no object at all is meant
  /// Changes the rows of the annotations once they are read, before files and prompts are looked
  /// for: other prompts (prompts/perturb.hpp), fewer rows.
  std::function<void(std::vector<Annotation>& rows)> rewrite{};
};

/// A mask at the model's size whose values wait for their meaning.
struct SmallMask {
  std::vector<MaskValue> distinct;
  Mask codes;  ///< indices into `distinct`; no pixels: the file has to be read again
  bool lossy = false;

  /// No pixels where a value's neighbors matter: in a JPEG they tell edges from areas.
  Mask apply(MaskMeaning const& meaning) const {
    if (lossy && meaning.kind == MaskMeaning::Kind::nearest) return {};
    Mask mask = codes;
    for (std::uint8_t& code : mask) code = meaning(distinct[code]);
    return mask;
  }
};

/// What a data set should know of its files before it begins: the sizes of all pictures, and the
/// values of all masks.
class DatasetSurvey {
 public:
  explicit DatasetSurvey(Recipe const& recipe) : recipe_(recipe) {}

  /// Reads `count` pairs; `paths(i)` are a picture and its mask. Returns the small masks, in order,
  /// the first `keep` of them with their pixels.
  /// Throws Error for the first file that can't be read, or for all masks of another size than
  /// their picture.
  template <class Paths>
  std::vector<SmallMask> read(std::size_t count, std::size_t keep, Paths const& paths) {
    std::vector<Pair> pairs(count);
    at::parallel_for(0, static_cast<std::int64_t>(count), 1,
                     [&](std::int64_t from, std::int64_t to) {
                       for (std::int64_t i = from; i < to; ++i) {
                         Pair& pair = pairs[static_cast<std::size_t>(i)];
                         try {
                           auto const [image, mask] = paths(static_cast<std::size_t>(i));
                           read_pair(image, mask, static_cast<std::size_t>(i) < keep, pair);
                         } catch (...) {
                           pair.failed = std::current_exception();
                         }
                       }
                     });
    std::vector<SmallMask> small;
    for (std::size_t i = 0; i < count; ++i) {
      if (pairs[i].failed) std::rethrow_exception(pairs[i].failed);
      auto const [image, mask] = paths(i);
      count_picture(pairs[i], image, mask);
      masks_.add(std::move(pairs[i].file));
      small.push_back(std::move(pairs[i].small));
    }
    if (mismatched_)
      throw Error(mismatched_ == 1 ? "a mask has another size than its picture"
                                   : std::to_string(mismatched_) +
                                         " masks have another size than their pictures, the first",
                  first_mismatch_, mismatch_remedy_);
    return small;
  }

  MaskMeaning meaning(DatasetOptions const& options, std::string const& where) const {
    return masks_.meaning(options.mask, options.allow_empty, where);
  }

  /// A line each.
  std::vector<std::string> notices(MaskMeaning const& meaning) const {
    std::vector<std::string> lines;
    if (!meaning.notice.empty()) lines.push_back("masks: " + meaning.notice);
    auto const tell = [&](Seen const& seen, std::string const& what) {
      if (seen.count)
        lines.push_back(std::to_string(seen.count) + " pictures " + what + ", first " + seen.first);
    };
    tell(masks_turned_,
         "have masks whose header names another orientation (EXIF's is not applied, "
         "a TIFF's is)");
    tell(turned_, "hold an EXIF orientation, which is not applied (as PIL's open does not)");
    tell(deep_, "have 16 bits of gray: levels above 255 are white, as PIL has them");
    tell(squeezed_, "are more than twice as long as wide and are squeezed to a square");
    return lines;
  }

 private:
  struct Pair {
    PictureHeader header, mask;
    std::size_t height = 0, width = 0;  // of the mask
    MaskSurvey::File file;
    SmallMask small;
    std::exception_ptr failed;
  };
  struct Seen {
    std::size_t count = 0;
    std::string first;
    void add(std::filesystem::path const& path) {
      if (++count == 1) first = path.filename().string();
    }
  };

  void read_pair(std::filesystem::path const& image, std::filesystem::path const& mask, bool keep,
                 Pair& pair) const {
    pair.header = read_picture_header(image);
    pair.mask = read_picture_header(mask);
    MaskValues const values = mask_values(read_raw_picture(mask), mask.string());
    pair.height = values.height, pair.width = values.width;
    pair.file = MaskSurvey::file_of(values, mask.filename().string());
    // A letterbox mixes neighbors, which only their meanings allow.
    if (!keep || values.distinct.size() > 256 || recipe_.fit != Fit::stretch) return;
    Mask codes = Mask::from_shape({values.height, values.width});
    std::transform(values.codes.begin(), values.codes.end(), codes.begin(),
                   [](std::uint16_t code) { return static_cast<std::uint8_t>(code); });
    pair.small = {values.distinct, fit_mask(codes, recipe_), values.lossy};
  }

  void count_picture(Pair const& pair, std::filesystem::path const& image,
                     std::filesystem::path const& mask) {
    PictureHeader const& header = pair.header;
    if (header.orientation != 1) turned_.add(image);
    if (detail::turned_otherwise(pair.mask, header)) masks_turned_.add(image);
    if (is_clipped(header)) deep_.add(image);
    if (recipe_.fit == Fit::stretch && is_long(header)) squeezed_.add(image);
    if (header.height == pair.height && header.width == pair.width) return;
    if (++mismatched_ > 1) return;
    auto const size = [](std::size_t width, std::size_t height) {
      return std::to_string(width) + " x " + std::to_string(height);
    };
    first_mismatch_ = mask.string() + ", " + size(pair.width, pair.height) + ", its picture " +
                      size(header.width, header.height);
    bool const turned = detail::fits_turned(header, pair.height, pair.width);
    if (turned) first_mismatch_ += detail::exif_text(header);
    mismatch_remedy_ = turned ? detail::exif_remedy : "give each mask its picture's size";
  }

  Recipe recipe_;
  MaskSurvey masks_;
  Seen turned_, masks_turned_, deep_, squeezed_;
  std::size_t mismatched_ = 0;
  std::string first_mismatch_, mismatch_remedy_;
};

}  // namespace vlsm
