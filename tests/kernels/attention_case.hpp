// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "vlsm/kernels/attention/launch.hpp"
#include "vlsm/kernels/common/element.hpp"

namespace vlsm::test {

using kernels::Arithmetic;
using kernels::AttentionStrides;
using Numbers = std::vector<double>;  // [B, N, H, D] without gaps

/// How a tensor lies in memory: without gaps; as a third of a fused projection; the same with an
/// address and strides that are multiples of nothing; heads before rows.
enum class Layout { contiguous, sliced, odd, transposed };

struct AttentionCase {
  int batch, heads, queries, keys, width;
  Arithmetic arithmetic;
  Layout layout = Layout::contiguous;
  std::vector<std::int32_t> lengths = {};
  double dropout = 0;

  std::string name() const {
    static char const* const names[] = {"f32", "tf32", "f16", "bf16"};
    std::string text = names[static_cast<int>(arithmetic)];
    for (int part : {batch, heads, queries, keys, width, static_cast<int>(layout)})
      text += " " + std::to_string(part);
    return text + (lengths.empty() ? "" : " lengths") + (dropout > 0 ? " dropout" : "");
  }

  kernels::AttentionShape shape() const {
    return {.batch = batch,
            .heads = heads,
            .queries = queries,
            .keys = keys,
            .width = width,
            .arithmetic = arithmetic,
            .scale = 1.0f / std::sqrt(static_cast<float>(width)),
            .key_lengths = lengths.empty() ? nullptr : lengths.data(),
            .dropout = {.seed = 42, .offset = 11, .threshold = kernels::dropout_threshold(dropout)},
            .dropout_scale = static_cast<float>(1 / (1 - dropout))};
  }

  int length(int b) const { return lengths.empty() ? keys : lengths[b]; }
  std::size_t at(int b, int row, int rows, int h) const {
    return ((static_cast<std::size_t>(b) * rows + row) * heads + h) * width;
  }
};

/// The nearest value that the arithmetic's tensors hold (TF32 tensors are float).
inline float stored(Arithmetic arithmetic, double value) {
  auto const x = static_cast<float>(value);
  if (arithmetic == Arithmetic::f16) return to_float(kernels::from_float<kernels::Half>(x));
  if (arithmetic == Arithmetic::bf16) return to_float(kernels::from_float<kernels::BFloat16>(x));
  return x;
}

/// What a multiplication makes of a value that is not stored yet.
inline float multiplied(Arithmetic arithmetic, double value) {
  if (arithmetic == Arithmetic::tf32)
    return kernels::from_bits(kernels::to_tf32(static_cast<float>(value)));
  return stored(arithmetic, value);
}

/// A tensor of `rows` rows in a layout, in memory that holds a sign wherever the tensor is not.
class Laid {
 public:
  Laid(AttentionCase const& c, int rows) : case_(c), rows_(rows) {
    std::int64_t const line = std::int64_t{c.heads} * c.width;
    switch (c.layout) {
      case Layout::contiguous:
        strides = {rows * line, line, c.width};
        break;
      case Layout::sliced:
        strides = {rows * 3 * line, 3 * line, c.width}, first_ = line;
        break;
      case Layout::odd:
        strides = {rows * (line + c.heads + 3) + 1, line + c.heads + 3, c.width + 1}, first_ = 1;
        break;
      case Layout::transposed:
        strides = {rows * line, c.width, std::int64_t{rows} * c.width};
    }
    bytes_.assign((first_ + c.batch * strides.batch) * size(), 0x5a);
  }

  Laid(AttentionCase const& c, int rows, Numbers const& numbers) : Laid(c, rows) {
    each([&](std::size_t at, std::size_t i) { put(at, static_cast<float>(numbers[i])); });
  }

  void* data() { return bytes_.data() + first_ * size(); }

  /// The tensor's numbers; what lies between them must not have changed.
  Numbers numbers(bool& untouched) const {
    std::vector<bool> inside(bytes_.size() / size());
    Numbers result(static_cast<std::size_t>(case_.batch) * rows_ * case_.heads * case_.width);
    each([&](std::size_t at, std::size_t i) {
      inside[at] = true;
      result[i] = get(at);
    });
    for (std::size_t at = 0; at < inside.size(); ++at)
      for (std::size_t i = 0; !inside[at] && i < size(); ++i)
        untouched = untouched && bytes_[at * size() + i] == 0x5a;
    return result;
  }

  bool same_bits(Laid const& other) const { return bytes_ == other.bytes_; }

  AttentionStrides strides{};

 private:
  std::size_t size() const {
    return case_.arithmetic == Arithmetic::f16 || case_.arithmetic == Arithmetic::bf16 ? 2 : 4;
  }

  template <class Visit>
  void each(Visit const& visit) const {
    std::size_t i = 0;
    for (int b = 0; b < case_.batch; ++b)
      for (int row = 0; row < rows_; ++row)
        for (int h = 0; h < case_.heads; ++h)
          for (int d = 0; d < case_.width; ++d)
            visit(first_ + b * strides.batch + row * strides.row + h * strides.head + d, i++);
  }

  void put(std::size_t at, float value) {
    auto const half = case_.arithmetic == Arithmetic::f16
                          ? kernels::from_float<kernels::Half>(value).bits
                          : kernels::from_float<kernels::BFloat16>(value).bits;
    if (size() == 2)
      std::memcpy(&bytes_[at * 2], &half, 2);
    else
      std::memcpy(&bytes_[at * 4], &value, 4);
  }

  float get(std::size_t at) const {
    float value = 0;
    std::uint16_t half = 0;
    if (size() == 4) std::memcpy(&value, &bytes_[at * 4], 4);
    if (size() == 2) std::memcpy(&half, &bytes_[at * 2], 2);
    if (case_.arithmetic == Arithmetic::f16) return to_float(kernels::Half{half});
    return size() == 4 ? value : to_float(kernels::BFloat16{half});
  }

  AttentionCase case_;
  int rows_;
  std::int64_t first_ = 0;
  std::vector<unsigned char> bytes_;
};

/// Numbers that the tensors hold exactly.
inline Numbers random_numbers(AttentionCase const& c, int rows, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  Numbers numbers(static_cast<std::size_t>(c.batch) * rows * c.heads * c.width);
  for (double& x : numbers) x = stored(c.arithmetic, normal(generator));
  return numbers;
}

}  // namespace vlsm::test
