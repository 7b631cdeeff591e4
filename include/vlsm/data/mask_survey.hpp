// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/data/drawn_colors.hpp"
#include "vlsm/data/mask_meaning.hpp"
#include "vlsm/data/mask_values.hpp"

// What the masks of a set mean. A file alone does not say: one that holds 0 and 1 is a mask in a
// set of 0 and 1, and a class of three in another. So all files of a set are surveyed, then read
// alike.
namespace vlsm {

/// Collects the values of a set's masks and says what they mean.
class MaskSurvey {
 public:
  using Counts = std::vector<CountedColor>;

  /// What one file holds; for `add`, which wants the files in order.
  struct File {
    std::string name;
    Counts counts;
    int top = 255;
    bool lossy = false, blurred = false, alpha = false, opaque = false;
    MaskValue paint = MaskValue::gray(0);
  };
  static File file_of(MaskValues const& values, std::string name) {
    File file{.name = std::move(name),
              .counts = {},
              .top = values.top,
              .lossy = values.lossy,
              .blurred = values.blurred,
              .alpha = values.alpha,
              .opaque = values.opaque,
              .paint = values.paint};
    auto const counts = count_values(values);
    for (std::size_t i = 0; i < counts.size(); ++i)
      file.counts.emplace_back(values.distinct[i], counts[i]);
    return file;
  }

  void add(File file) {
    lossy_ |= file.lossy, blurred_ |= file.blurred, alpha_ |= file.alpha, deep_ |= file.top > 255;
    for (auto [value, count] : file.counts) {
      color_ |= !value.is_gray();
      values_.insert(value);
      if (value.is_gray()) value = value.without_index();
      found_[value] += count;
      pixels_ += count.pixels;
    }
    if (file.blurred)  // thousands of mixes, most of a few pixels
      std::erase_if(file.counts, [](auto const& entry) { return entry.second.pixels < 8; });
    files_.push_back(std::move(file));
  }

  /// The meaning; `choice` is the user's, where there is one. Throws Error, with `where`, for
  /// several classes without a choice, for masks whose opacity or JPEG's noise leaves open what is
  /// the object, and for a set without any object unless `allow_empty`.
  MaskMeaning meaning(std::optional<MaskChoice> const& choice, bool allow_empty,
                      std::string const& where) const {
    check_opacity(where);
    MaskMeaning result = choice   ? chosen(*choice, where)
                         : color_ ? of_colors(where)
                                  : of_levels(where);
    if (!choice && result.kind == MaskMeaning::Kind::soft) check_each(result, where);
    if (!allow_empty && !has_object(result))
      throw Error("no mask holds an object: of " + listed(), where,
                  "choose what is the object with --mask-value, or say --allow-empty");
    return result;
  }

  /// Whether any of the files holds an object by a meaning.
  bool has_object(MaskMeaning const& meaning) const {
    return std::ranges::any_of(values_, [&](MaskValue value) { return meaning(value) >= 128; });
  }

 private:
  static constexpr double fills = 0.25;  // share of a class's pixels that fill; edges: about none

  MaskMeaning chosen(MaskChoice const& choice, std::string const& where) const {
    MaskMeaning result{
        .kind = MaskMeaning::Kind::chosen, .choice = choice, .background = background()};
    // 255 of a palette of black and white is its white: no index is that large.
    result.choice.level = !choice.any && std::ranges::none_of(values_, [&](MaskValue value) {
      return value.index() == choice.numbers[0];
    });
    if (lossy_) choose_nearest(result, drawn(), where);
    std::string taken;
    for (MaskValue const value :
         lossy_ ? result.objects : std::vector(values_.begin(), values_.end()))
      if (result(value) >= 128 && taken.size() < 60)
        taken += (taken.empty() ? "" : ", ") + value.text();
    result.notice = "the object is " + (taken.empty() ? "nothing" : taken) + " of " + listed();
    return result;
  }

  MaskMeaning of_levels(std::string const& where) const {
    MaskMeaning result{.top = deep_ && largest() > 255 ? 65535 : 255};
    int const top = result.top, most = largest();
    std::vector<MaskValue> levels;  // that are neither 0 nor white
    for (auto const& [value, count] : found_)
      if (value.level() != 0 && value.level() != top) levels.push_back(value);
    bool const white = found_.contains(MaskValue::gray(static_cast<std::uint16_t>(top)));
    std::string const kind = alpha_ ? "opacity level " : deep_ ? "16-bit level " : "level ";

    if (lossy_ && most > 0 && most < 8)
      throw Error("a JPEG blurs levels as near as 0 to " + std::to_string(most), where,
                  "write masks as PNG");
    if (levels.empty()) {
      if (white && (alpha_ || deep_)) result.notice = "the object is " + kind + std::to_string(top);
      return result;
    }
    if (levels.size() == 1 && !white) {
      result.kind = MaskMeaning::Kind::threshold;
      result.level = most - 1;
      result.notice = "the object is " + kind + std::to_string(most) + ", the only one beside 0";
      return result;
    }
    // Few levels without a white: numbers of classes. Else classes are what fills areas, and what
    // does not is an edge, or JPEG's noise about black and white.
    bool const numbers = !lossy_ && !white && levels.size() <= 32 && most < top * 15 / 16;
    bool const noisy = lossy_ || levels.size() > 8;
    std::vector<MaskValue> classes;
    for (MaskValue const value : levels) {
      ValueCount const& count = found_.at(value);
      bool const noise = most >= top * 15 / 16 &&
                         (value.level() >= top - top / 16 || (noisy && value.level() <= top / 16));
      if (numbers || (fill(count) && !noise)) classes.push_back(value);
    }
    bool const near = !classes.empty() && !numbers && lossy_ &&
                      classes.back().level() - classes.front().level() <= 16;
    bool const bright = most >= top * 15 / 16 && !(near && !fills_white(top));
    if (classes.size() + (bright && !classes.empty()) > 1 && !(near && !bright)) several(where);
    if (bright) {
      result.notice = "the object is gray from " + std::to_string((128 * top + 254) / 255) +
                      " on (levels from 0 to " + std::to_string(most) +
                      (lossy_ ? ", JPEG)" : ", soft edges)");
      return result;
    }
    int const peak = classes.empty() ? most : classes.back().level();
    result.kind = MaskMeaning::Kind::threshold;
    result.level = peak / 2;
    result.notice = "the object is " + kind + "above " + std::to_string(peak / 2) +
                    " (the masks reach " + std::to_string(most) + ")";
    return result;
  }

  MaskMeaning of_colors(std::string const& where) const {
    MaskMeaning result{.kind = MaskMeaning::Kind::nearest, .background = background()};
    result.others = {result.background};
    for (MaskValue const color :
         lossy_ ? drawn().beside(result.background) : classes(result.background))
      if (!alike(color, result.background)) result.objects.push_back(color);
    if (result.objects.size() > 1) several(where);
    if (!result.objects.empty())
      result.notice = "the object is color " + result.objects[0].text() + ", the background " +
                      result.background.text();
    return result;
  }

  /// What colors there are beside the background: those of areas and of palettes, else all.
  std::vector<MaskValue> classes(MaskValue background) const {
    std::vector<MaskValue> classes, thin;
    for (auto const& entry : found_) {
      MaskValue const value = entry.first;
      if (alike(value, background)) continue;
      auto& list = value.index() >= 0 || fill(entry.second) ? classes : thin;
      if (std::ranges::none_of(list, [&](MaskValue one) { return alike(one, value); }))
        list.push_back(value);
    }
    return classes.empty() ? thin : classes;
  }

  /// The values and how often they are seen; where JPEG blurred them, those of areas.
  Counts seen() const {
    Counts areas = lossy_ ? drawn().areas() : Counts();
    return areas.empty() ? Counts(found_.begin(), found_.end()) : areas;
  }

  /// What masks that JPEG blurred were drawn in.
  DrawnColors drawn() const {
    return {found_, [&](ValueCount const& count) { return fill(count); }};
  }

  [[noreturn]] void several(std::string const& where) const {
    throw Error("the masks hold several classes: " + listed(/*with_files=*/true), where,
                "choose the object with --mask-value, a value of these, or any");
  }

  /// Throws Error where opacity alone cannot say what is the object: of files drawn in several
  /// colors, and of one that is opaque as a whole beside those that are drawn in their opacity.
  void check_opacity(std::string const& where) const {
    File const* first = nullptr;
    for (File const& file : files_)
      if (file.alpha && (file.counts.size() > 1 || file.counts[0].first.level() > 0)) {
        if (first && !alike(first->paint, file.paint))
          throw Error("masks are drawn in their opacity, in " + first->paint.text() + " and in " +
                          file.paint.text(),
                      where + ", " + first->name + " and " + file.name,
                      "write the colors opaque, on a background of another one");
        first = &file;
      }
    for (File const& file : files_)
      if (first && file.opaque && file.counts.size() == 1)
        throw Error("a mask is opaque as a whole where others are drawn in their opacity",
                    where + ", " + file.name, "write 0 and 255 without transparency");
  }

  /// Black where there is black, else what is most.
  MaskValue background() const {
    MaskValue most = MaskValue::gray(0);
    long long pixels = -1;
    int const near = blurred_ ? drawn().wavers() : 0;
    for (auto const& [value, count] : seen()) {
      if (alike(value, MaskValue::gray(0), near)) return value;
      if (count.pixels > pixels) most = value, pixels = count.pixels;
    }
    return color_ ? most : MaskValue::gray(0);
  }

  int largest() const {
    int most = 0;
    for (auto const& [value, count] : found_) most = std::max(most, value.level());
    return most;
  }

  bool fills_white(int top) const {
    for (auto const& [value, count] : found_)
      if (value.level() >= top - top / 16 && fill(count)) return true;
    return false;
  }

  /// Throws Error where a file of a set of 0 and white has areas, but nothing that white is near
  /// to: it is of another kind than the others.
  void check_each(MaskMeaning const& meaning, std::string const& where) const {
    for (File const& file : files_) {
      int most = 0;
      bool area = false;
      for (auto const& [value, count] : file.counts) {
        most = std::max(most, value.level());
        area |= value.level() > 0 && fill(count);
      }
      if (area && most < meaning.top / 2)
        throw Error("the masks are of two kinds: most reach " + std::to_string(meaning.top) +
                        ", this one " + std::to_string(most),
                    where + ", " + file.name,
                    "write them alike, or choose what is the object with --mask-value");
    }
  }

  /// Whether a value makes areas, beyond what chance makes of noise.
  bool fill(ValueCount const& count) const {
    return static_cast<double>(count.filling) >= fills * static_cast<double>(count.pixels) &&
           static_cast<double>(count.filling) * static_cast<double>(files_.size()) >=
               1e-4 * static_cast<double>(pixels_);
  }

  /// The names of the files that hold a value, or one that is no more than `near` levels from it.
  std::vector<std::string> files_with(MaskValue value, int near) const {
    std::vector<std::string> names;
    for (File const& file : files_)
      if (std::ranges::any_of(file.counts,
                              [&](auto const& entry) { return alike(entry.first, value, near); }))
        names.push_back(file.name);
    return names;
  }

  /// "0 (97.1 %, 30 files), 1 (2.1 %, 29 files), 2 (0.8 %, 1 files)": the commonest first.
  /// `with_files`: of a value that less than half of the files hold, the first one, for in a set of
  /// two kinds of masks this is one of the fewer.
  std::string listed(bool with_files = false) const {
    Counts sorted = seen();
    std::ranges::stable_sort(
        sorted, [](auto const& a, auto const& b) { return a.second.pixels > b.second.pixels; });
    std::string text;
    constexpr std::size_t shown = 10;
    int const near = lossy_ ? drawn().wavers() : 0;
    for (std::size_t i = 0; i < std::min(sorted.size(), shown); ++i) {
      auto const& [value, count] = sorted[i];
      auto const files = files_with(value, near);
      char share[64];
      std::snprintf(
          share, sizeof share, " (%.3g %%, %zu files",
          100.0 * static_cast<double>(count.pixels) / static_cast<double>(std::max(pixels_, 1LL)),
          files.size());
      text += (i ? ", " : "") + value.text() + share;
      if (with_files && !files.empty() && 2 * files.size() < files_.size())
        text += ", first " + files[0];
      text += ")";
    }
    if (sorted.size() > shown) text += " and " + std::to_string(sorted.size() - shown) + " more";
    return text;
  }

  std::map<MaskValue, ValueCount> found_;  // gray levels without their index in a palette
  std::set<MaskValue> values_;             // with it
  std::vector<File> files_;
  long long pixels_ = 0;
  bool lossy_ = false, blurred_ = false, alpha_ = false, deep_ = false, color_ = false;
};

}  // namespace vlsm
