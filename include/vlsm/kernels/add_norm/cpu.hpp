// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/add_norm/launch.hpp"
#include "vlsm/kernels/cpu/row.hpp"

// Residual and layer normalization on a CPU: what kernels/add_norm/ does on a GPU. A row stays in
// the nearest cache from its first to its last pass.
namespace vlsm::kernels::cpu {

/// Rows whose sums down the columns are one split of the backward.
inline constexpr std::ptrdiff_t add_norm_rows = 64;

/// Splits of the backward: groups of add_norm_rows rows, the last of which may have fewer.
constexpr std::ptrdiff_t add_norm_splits(AddNormShape const& shape) {
  return (shape.rows + add_norm_rows - 1) / add_norm_rows;
}

/// Floats that a task of either direction needs beside its arrays: six rows.
constexpr std::ptrdiff_t add_norm_scratch(AddNormShape const& shape) {
  return 6 * padded(shape.columns);
}

namespace detail {

/// The factors that dropout gives elements `index` and those that follow, a vector of them.
template <int bytes>
VLSM_ALWAYS_INLINE void dropout_factors(AddNormDropout const& dropout, std::ptrdiff_t index,
                                        typename Lanes<float, bytes>::Vector& to) {
  using T = float;
  constexpr int lanes = Lanes<float, bytes>::count;
  alignas(bytes) float factors[lanes];
  auto const first = static_cast<std::uint64_t>(index);
  if (first % 4 == 0) {
    for (unsigned four = 0; four < lanes; four += 4) {
      bool kept[4];
      dropout.mask.keep_four(first + four, kept);
      for (unsigned i = 0; i < 4; ++i) factors[four + i] = kept[i] ? dropout.scale : 0.0f;
    }
  } else {
    for (unsigned i = 0; i < lanes; ++i)
      factors[i] = dropout.mask.keeps(first + i) ? dropout.scale : 0.0f;
  }
  to = VLSM_AT(factors);
}

}  // namespace detail

/// Rows `first` to `last` - 1 of the forward; the types of with_add_norm_types.
template <class X, class R, class W>
struct AddNormForwardRows {
  using Z = SumType<X, R>;
  AddNormForward const& a;
  std::ptrdiff_t first, last;
  float* scratch;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using T = float;
    using V = typename Lanes<float, bytes>::Vector;
    constexpr int lanes = Lanes<float, bytes>::count;
    std::ptrdiff_t const columns = a.shape.columns, size = padded(columns);
    float const* const weight = floats_of<bytes>(static_cast<W const*>(a.weight), columns, scratch);
    float const* const bias =
        floats_of<bytes>(static_cast<W const*>(a.bias), columns, scratch + size);
    float *const x_buffer = scratch + 2 * size, *const residual_buffer = scratch + 3 * size,
                 *const sum = scratch + 4 * size, *const y_buffer = scratch + 5 * size;
    bool const drops = a.dropout.mask.threshold > 0;
    V inside;  // which lanes of the last vector are columns
    for (int i = 0; i < lanes; ++i) inside[i] = (columns - 1) / lanes * lanes + i < columns;
    for (std::ptrdiff_t row = first; row < last; ++row) {
      std::ptrdiff_t const begin = row * columns;
      float const* const x =
          floats_of<bytes>(static_cast<X const*>(a.x) + begin, columns, x_buffer);
      float const* residual = nullptr;
      if (a.residual != nullptr)
        residual =
            floats_of<bytes>(static_cast<R const*>(a.residual) + begin, columns, residual_buffer);
      auto* const z = static_cast<Z*>(a.z) + (a.z == nullptr ? 0 : begin);
      V sums[4] = {}, squares[4] = {};
      each_vector<bytes>(columns, [&](std::ptrdiff_t at, int k) VLSM_ALWAYS_INLINE_LAMBDA {
        V value = VLSM_AT(x + at);
        if (drops) {
          V factors;
          detail::dropout_factors<bytes>(a.dropout, begin + at, factors);
          value *= factors;
        }
        if (residual != nullptr) value += VLSM_AT(residual + at);
        VLSM_TO(sum + at) = value;
        sums[k] += value;
      });
      if constexpr (!std::is_same_v<Z, float>) {
        // Rounded as it is stored: the backward, and readers of z, see what was normalized.
        Z* const rounded = z != nullptr ? z : reinterpret_cast<Z*>(x_buffer);
        from_floats(rounded, sum, columns);
        to_floats(sum, rounded, columns);
        for (V& one : sums) one = V{};
        each_vector<bytes>(columns, [&](std::ptrdiff_t at, int k) VLSM_ALWAYS_INLINE_LAMBDA {
          sums[k] += VLSM_AT(sum + at);
        });
      } else if (z != nullptr) {
        from_floats(z, sum, columns);
      }
      auto const width = static_cast<float>(columns);
      float const mean = sum_of<bytes>(sums) / width;
      each_vector<bytes>(columns, [&](std::ptrdiff_t at, int k) VLSM_ALWAYS_INLINE_LAMBDA {
        V deviation = VLSM_AT(sum + at) - mean;
        if (at + lanes > columns) deviation *= inside;
        squares[k] += deviation * deviation;
      });
      float const inverse = 1 / __builtin_sqrtf(sum_of<bytes>(squares) / width + a.epsilon);
      Z* const to = static_cast<Z*>(a.y) + begin;
      float* const y = target_of<bytes>(to, columns, y_buffer);
      each_vector<bytes>(columns, [&](std::ptrdiff_t at, int) VLSM_ALWAYS_INLINE_LAMBDA {
        V const normal = (VLSM_AT(sum + at) - mean) * inverse;
        VLSM_TO(y + at) = normal * VLSM_AT(weight + at) + VLSM_AT(bias + at);
      });
      put(to, columns, y);
      if (a.mean == nullptr) continue;
      a.mean[row] = mean;
      a.inverse_deviation[row] = inverse;
    }
  }
};

/// Split `split` of the backward: its rows' gradients, and in workspace [splits, 2, columns] the
/// sums down its columns, of grad_y (z - mean) / deviation and of grad_y.
template <class X, class R, class W>
struct AddNormBackwardSplit {
  using Z = SumType<X, R>;
  AddNormBackward const& a;
  std::ptrdiff_t split;
  float* scratch;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using T = float;
    using V = typename Lanes<float, bytes>::Vector;
    std::ptrdiff_t const columns = a.shape.columns, size = padded(columns);
    float const* const weight = floats_of<bytes>(static_cast<W const*>(a.weight), columns, scratch);
    float *const by_weight = scratch + size, *const by_bias = scratch + 2 * size;
    float *const z_buffer = scratch + 3 * size, *const y_buffer = scratch + 4 * size,
                 *const buffer = scratch + 5 * size;
    bool const drops = a.dropout.mask.threshold > 0;
    for (std::ptrdiff_t i = 0; i < size; ++i) by_weight[i] = by_bias[i] = 0;
    std::ptrdiff_t const first = split * add_norm_rows;
    for (std::ptrdiff_t row = first; row < std::min(first + add_norm_rows, a.shape.rows); ++row) {
      std::ptrdiff_t const begin = row * columns;
      float const* const z =
          floats_of<bytes>(static_cast<Z const*>(a.z) + begin, columns, z_buffer);
      float const* const grad_y =
          floats_of<bytes>(static_cast<Z const*>(a.grad_y) + begin, columns, y_buffer);
      float const mean = a.mean[row], inverse = a.inverse_deviation[row];
      V sums[4] = {}, products[4] = {};
      each_vector<bytes>(columns, [&](std::ptrdiff_t at, int k) VLSM_ALWAYS_INLINE_LAMBDA {
        V const normal = (VLSM_AT(z + at) - mean) * inverse, grad = VLSM_AT(grad_y + at);
        V const by_normal = grad * VLSM_AT(weight + at);  // zero beyond the last column
        sums[k] += by_normal;
        products[k] += by_normal * normal;
        VLSM_TO(by_weight + at) = VLSM_AT(by_weight + at) + grad * normal;
        VLSM_TO(by_bias + at) = VLSM_AT(by_bias + at) + grad;
      });
      auto const width = static_cast<float>(columns);
      float const by_mean = sum_of<bytes>(sums) / width,
                  by_deviation = sum_of<bytes>(products) / width;
      float const* grad_z = nullptr;
      if (a.grad_z != nullptr)
        grad_z = floats_of<bytes>(static_cast<Z const*>(a.grad_z) + begin, columns, buffer);
      X* const to = static_cast<X*>(a.grad_x) + begin;
      float* const grad_x = target_of<bytes>(to, columns, buffer);
      each_vector<bytes>(columns, [&](std::ptrdiff_t at, int) VLSM_ALWAYS_INLINE_LAMBDA {
        V const normal = (VLSM_AT(z + at) - mean) * inverse,
                by_normal = VLSM_AT(grad_y + at) * VLSM_AT(weight + at);
        V sum = ((by_normal - by_mean) - normal * by_deviation) * inverse;
        if (grad_z != nullptr) sum += VLSM_AT(grad_z + at);
        VLSM_TO(grad_x + at) = sum;
      });
      if (a.grad_residual != nullptr)
        from_floats(static_cast<R*>(a.grad_residual) + begin, grad_x, columns);
      if (drops)
        each_vector<bytes>(columns, [&](std::ptrdiff_t at, int) VLSM_ALWAYS_INLINE_LAMBDA {
          V factors;
          detail::dropout_factors<bytes>(a.dropout, begin + at, factors);
          VLSM_TO(grad_x + at) = VLSM_AT(grad_x + at) * factors;
        });
      put(to, columns, static_cast<float const*>(grad_x));
    }
    float* const sums = a.workspace + 2 * columns * split;
    for (std::ptrdiff_t i = 0; i < columns; ++i) {
      sums[i] = by_weight[i];
      sums[columns + i] = by_bias[i];
    }
  }
};

}  // namespace vlsm::kernels::cpu
