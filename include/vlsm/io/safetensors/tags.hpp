// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "vlsm/io/tensors/array.hpp"

namespace vlsm::io {

/// The reference implementation (huggingface/safetensors, safetensors/src/tensor.rs) refuses longer
/// headers.
inline constexpr std::size_t longest_safetensors_header = 100'000'000;

/// A dtype and its name in a safetensors header.
struct SafetensorsTag {
  DType dtype;
  std::string_view text;
};

/// In the order of the reference's `Dtype` enum, by which it sorts (the last comes first in a
/// file).
inline constexpr std::array<SafetensorsTag, 10> safetensors_tags{{{DType::boolean, "BOOL"},
                                                                  {DType::u8, "U8"},
                                                                  {DType::i8, "I8"},
                                                                  {DType::i16, "I16"},
                                                                  {DType::f16, "F16"},
                                                                  {DType::bf16, "BF16"},
                                                                  {DType::i32, "I32"},
                                                                  {DType::f32, "F32"},
                                                                  {DType::f64, "F64"},
                                                                  {DType::i64, "I64"}}};

/// Bits of one element of a type that others write and these models do not use, or nothing for a
/// tag that is not known.
constexpr std::optional<std::size_t> foreign_bits(std::string_view tag) {
  struct Foreign {
    std::string_view tag;
    std::size_t bits;
  };
  constexpr Foreign all[] = {{"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"F8_E4M3", 8},
                             {"F8_E5M2", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
                             {"U16", 16},    {"U32", 32},    {"U64", 64},        {"C64", 64}};
  for (Foreign const& one : all)
    if (one.tag == tag) return one.bits;
  return std::nullopt;
}

/// Position in the reference's order; greater ranks are written first.
constexpr std::size_t safetensors_rank(DType dtype) {
  std::size_t rank = 0;
  while (rank < safetensors_tags.size() && safetensors_tags[rank].dtype != dtype) ++rank;
  return rank;
}

/// The dtype of a tag such as "F32", or nothing for one that these models do not use ("F8_E4M3").
constexpr std::optional<DType> safetensors_dtype(std::string_view text) {
  for (SafetensorsTag const& tag : safetensors_tags)
    if (tag.text == text) return tag.dtype;
  return std::nullopt;
}

}  // namespace vlsm::io
