// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/gzip.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/image/raw_picture.hpp"
#include "vlsm/volume/frame.hpp"

// What the readers of volume/ share: stored samples to numbers, and what a size may be.
namespace vlsm::detail {

/// The type of a stored sample.
enum class SampleType { uint8, int8, uint16, int16, uint32, int32, float32, float64 };

/// Bytes of a sample.
constexpr std::size_t sample_size(SampleType type) {
  constexpr std::size_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 8};
  return sizes[static_cast<std::size_t>(type)];
}

/// How samples are stored, and the number that one means: stored * slope + intercept.
struct SampleRules {
  SampleType type = SampleType::uint8;
  bool big_endian = false;
  double slope = 1, intercept = 0;
};

/// Throws Error for a side below 1, and for frames that are too large: more than largest_picture
/// pixels, or a side above longest_side (image/raw_picture.hpp).
inline void check_frame_size(long long width, long long height, std::string const& where) {
  std::string const size = strings::size_text(width, height);
  if (width < 1 || height < 1)
    throw Error("a frame's sides must be 1 or more, not " + size, where,
                "fetch the file again, or write it anew");
  if (std::max(width, height) > longest_side || width > largest_picture / height)
    throw Error(
        "the frames are too large: " + size, where,
        "scale them to at most 100 million pixels and " + std::to_string(longest_side) + " a side");
}

/// Which of `frames` frames is read, from 0: `frame`, or the only one. Throws Error where no frame
/// is named though there are several, and for one that the file does not have.
inline std::size_t chosen_frame(std::optional<std::size_t> frame, std::size_t frames,
                                std::string const& where) {
  if (!frame && frames > 1)
    throw Error("the file holds " + std::to_string(frames) + " frames", where,
                "give a file of one frame, or say which one is meant");
  if (frame.value_or(0) >= frames)
    throw Error("there is no frame " + std::to_string(*frame) + ": the file holds " +
                    std::to_string(frames),
                where, "count frames from 0");
  return frame.value_or(0);
}

/// The bytes of frame `k` in `data`, which holds frames of `size` bytes one after another. Throws
/// Error where they are not all there.
inline std::string_view frame_bytes(std::string_view data, std::size_t size, std::size_t k,
                                    std::string const& where) {
  if (k >= data.size() / size)
    throw Error("the pixels are cut off: " + std::to_string(data.size()) + " bytes of " +
                    std::to_string(size) + " a frame",
                where, "fetch the file again");
  return data.substr(k * size, size);
}

/// A number as a float, infinite beyond a float's range: the plain conversion is undefined there.
inline float to_float(double value) {
  constexpr float infinite = std::numeric_limits<float>::infinity();
  if (std::abs(value) > double{std::numeric_limits<float>::max()})
    return value > 0 ? infinite : -infinite;
  return static_cast<float>(value);
}

/// Writes the numbers of stored samples of type T to `out`.
template <class T>
void put_samples(std::string_view bytes, SampleRules const& rules, float* out) {
  bool const turn = sizeof(T) > 1 && rules.big_endian != (std::endian::native == std::endian::big);
  bool const plain = rules.slope == 1 && rules.intercept == 0;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(T)) {
    char stored[sizeof(T)];
    std::memcpy(stored, bytes.data() + at, sizeof(T));
    if (turn) std::reverse(stored, stored + sizeof(T));
    T value;
    std::memcpy(&value, stored, sizeof(T));
    auto const number = static_cast<double>(value);
    *out++ = to_float(plain ? number : number * rules.slope + rules.intercept);
  }
}

/// The frame [height, width] of `bytes`, exactly as many as it takes; sides are not checked here.
inline Frame frame_of(std::string_view bytes, std::size_t height, std::size_t width,
                      SampleRules const& rules) {
  Frame frame{.height = height, .width = width};
  frame.values.resize(height * width);
  float* const out = frame.values.data();
  switch (rules.type) {
    case SampleType::uint8:
      put_samples<std::uint8_t>(bytes, rules, out);
      break;
    case SampleType::int8:
      put_samples<std::int8_t>(bytes, rules, out);
      break;
    case SampleType::uint16:
      put_samples<std::uint16_t>(bytes, rules, out);
      break;
    case SampleType::int16:
      put_samples<std::int16_t>(bytes, rules, out);
      break;
    case SampleType::uint32:
      put_samples<std::uint32_t>(bytes, rules, out);
      break;
    case SampleType::int32:
      put_samples<std::int32_t>(bytes, rules, out);
      break;
    case SampleType::float32:
      put_samples<float>(bytes, rules, out);
      break;
    case SampleType::float64:
      put_samples<double>(bytes, rules, out);
      break;
  }
  return frame;
}

/// The most bytes that a DEFLATE stream of `packed` bytes can unpack to: a file that promises more
/// is refused before memory is asked for.
inline std::size_t most_inflated(std::size_t packed) { return packed * 1032 + 1032; }

/// Bytes as a view of chars.
inline std::string_view text_of(std::span<std::byte const> bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

}  // namespace vlsm::detail

namespace vlsm {

/// What a file holds: its own bytes, or what gzip packed, which `unpacked` then keeps. Throws
/// Error, which names `where`, for gzip that is damaged or of more than `largest` bytes.
inline std::string_view unpacked_bytes(std::string_view file, std::string& unpacked,
                                       std::string const& where, std::size_t largest = 1u << 30) {
  if (!file.starts_with("\x1f\x8b")) return file;
  auto out = io::gunzip(file, std::min(largest, detail::most_inflated(file.size())));
  if (!out)
    throw Error("the gzip file is damaged, cut off, of several members, or holds more than " +
                    std::to_string(largest >> 20) + " MiB",
                where, "fetch the file again, or unpack it with gunzip");
  return unpacked = *std::move(out);
}

}  // namespace vlsm
