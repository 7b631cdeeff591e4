// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "vlsm/base/error.hpp"
#include "vlsm/image/image.hpp"
#include "vlsm/image/raw_picture.hpp"

// COCO's run lengths: how many pixels in turn are background, object, background, ..., down the
// columns. As text a number is a row of characters, '0' + 6 bits: 5 bits of the number, the lowest
// first, and a bit that says whether more follow. From the fourth run on the number is the
// difference to the run two before.
namespace vlsm {

namespace detail {

[[noreturn]] inline void throw_run_lengths(std::string const& what, std::string const& where) {
  throw Error("the run lengths " + what, where, "fetch the annotations again");
}

/// Paints runs of background and object in turn into a mask [height, width], or, with `paints`
/// false, only checks them. Throws Error for sizes and runs that cannot be.
class RunPainter {
 public:
  RunPainter(long long height, long long width, std::string const& where, bool paints = true)
      : where_(where), paints_(paints) {
    std::string const size = shape_text(std::array{height, width});
    if (height < 1 || width < 1)
      throw Error("run lengths of a mask without pixels: size " + size, where,
                  "fetch the annotations again");
    if (height > longest_side || width > longest_side || height > largest_picture / width)
      throw Error(
          "run lengths of a mask that is too large: size " + size, where,
          "scale it to at most 100 million pixels and " + std::to_string(longest_side) + " a side");
    height_ = static_cast<std::size_t>(height), width_ = static_cast<std::size_t>(width);
    if (!paints_) return;
    mask_ = Mask::from_shape({height_, width_});
    mask_.fill(0);
  }

  /// The next run, of background first. Throws Error where it is negative or too long.
  void paint(std::int64_t run) {
    std::size_t const left = height_ * width_ - at_;
    if (run < 0) throw_run_lengths("hold a run below 0: " + std::to_string(run), where_);
    if (static_cast<std::uint64_t>(run) > left)
      throw_run_lengths("are longer than the mask's " + pixels(), where_);
    auto const end = at_ + static_cast<std::size_t>(run);
    holds_object_ |= object_ && run > 0;
    if (object_ && paints_)
      for (std::size_t x = at_ / height_, y = at_ % height_; at_ < end; ++at_) {
        mask_.data()[y * width_ + x] = 255;
        if (++y == height_) ++x, y = 0;
      }
    at_ = end;
    object_ = !object_;
  }

  /// The mask. Throws Error where the runs do not fill it.
  Mask done() {
    check_end();
    return std::move(mask_);
  }

  /// Whether a pixel is of the object. Throws Error where the runs do not fill the mask.
  bool holds_object() const {
    check_end();
    return holds_object_;
  }

 private:
  void check_end() const {
    if (at_ != height_ * width_)
      throw_run_lengths("end after " + std::to_string(at_) + " of " + pixels(), where_);
  }
  std::string pixels() const {
    return std::to_string(height_) + " x " + std::to_string(width_) + " pixels";  // as in "size"
  }

  std::string where_;
  std::size_t height_ = 0, width_ = 0, at_ = 0;
  bool paints_, object_ = false, holds_object_ = false;
  Mask mask_;
};

/// The number that starts at place `at` of the text; `at` moves behind it. Throws Error for a
/// number that is cut off, holds a character outside of '0' to 'o', or has more than 64 bits.
inline std::int64_t run_number(std::string_view text, std::size_t& at, std::string const& where) {
  constexpr unsigned bits = 5, most = 64;
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += bits) {
    if (at >= text.size()) throw_run_lengths("end inside a number", where);
    if (shift + bits > most) throw_run_lengths("hold a number of more than 64 bits", where);
    unsigned const code = static_cast<unsigned char>(text[at++]) - unsigned{'0'};
    if (code > 63)
      throw_run_lengths("hold a character that is none of theirs, at place " + std::to_string(at),
                        where);
    value |= std::uint64_t{code & 31} << shift;
    if (code & 32) continue;
    if (code & 16) value |= ~std::uint64_t{0} << (shift + bits);  // negative
    return static_cast<std::int64_t>(value);
  }
}

}  // namespace detail

namespace detail {

/// Paints the runs of a text. Throws Error for an invalid number (run_number) or an invalid run.
inline void paint_runs(RunPainter& painter, std::string_view text, std::string const& where) {
  std::int64_t before[2] = {0, 0};  // the last run, and the one before
  for (std::size_t at = 0, count = 0; at < text.size(); ++count) {
    std::int64_t run = run_number(text, at, where);
    if (count > 2) run += before[1];  // at most 60 bits, and at most so many pixels
    painter.paint(run);
    before[1] = before[0], before[0] = run;
  }
}
inline void paint_runs(RunPainter& painter, std::span<std::int64_t const> runs,
                       std::string const& /*where*/) {
  for (std::int64_t run : runs) painter.paint(run);
}

}  // namespace detail

/// The mask [height, width], 0 and 255, of run lengths as COCO compresses them into text. Throws
/// Error, which names `where`, for a size without pixels or beyond `largest_picture` or
/// `longest_side`, for text that is not valid, and for runs that do not fill it exactly.
inline Mask mask_of_run_lengths(std::string_view text, long long height, long long width,
                                std::string const& where) {
  detail::RunPainter painter(height, width, where);
  detail::paint_runs(painter, text, where);
  return painter.done();
}

/// The same of run lengths as a list of numbers. Throws Error likewise.
inline Mask mask_of_run_lengths(std::span<std::int64_t const> runs, long long height,
                                long long width, std::string const& where) {
  detail::RunPainter painter(height, width, where);
  detail::paint_runs(painter, runs, where);
  return painter.done();
}

/// Whether the mask [height, width] of run lengths, a text or a list of numbers, holds an object:
/// without its memory. Throws Error as mask_of_run_lengths does.
template <class Runs>
bool run_lengths_hold_object(Runs const& runs, long long height, long long width,
                             std::string const& where) {
  detail::RunPainter painter(height, width, where, /*paints=*/false);
  detail::paint_runs(painter, runs, where);
  return painter.holds_object();
}

/// The run lengths of a mask [H, W] as COCO compresses them; 128 and more is the object.
inline std::string run_lengths_of(Mask const& mask) {
  std::size_t const height = mask.shape(0), width = mask.shape(1);
  std::string text;
  std::int64_t before[2] = {0, 0}, run = 0;
  std::size_t count = 0;
  auto const put = [&] {
    std::int64_t value = count++ > 2 ? run - before[1] : run;
    for (bool more = true; more;) {
      auto const code = static_cast<unsigned>(value & 31);
      value >>= 5;
      more = value != (code & 16 ? -1 : 0);
      text += static_cast<char>('0' + (code | (more ? 32u : 0u)));
    }
    before[1] = before[0], before[0] = run, run = 0;
  };
  bool object = false;
  for (std::size_t x = 0; x < width; ++x)
    for (std::size_t y = 0; y < height; ++y, ++run)
      if ((mask(y, x) >= 128) != object) put(), object = !object;
  put();
  return text;
}

}  // namespace vlsm
