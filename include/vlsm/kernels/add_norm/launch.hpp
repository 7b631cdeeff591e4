// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <type_traits>

#include "vlsm/kernels/common/blocks.hpp"
#include "vlsm/kernels/common/element.hpp"
#include "vlsm/kernels/common/philox.hpp"

// A residual connection and the layer normalization of its sum, as a transformer's layers chain
// them, row by row:
//   z = dropout(x) + residual, y = (z - mean(z)) / sqrt(var(z) + epsilon) weight + bias
namespace vlsm::kernels {

/// The sizes and the types of the arrays [rows, columns]; sums are float. x and the residual of one
/// type make a z of that type, which weight and bias may have too, or be float; of a 16-bit type
/// and float (as under autocast) they make a float z, and weight and bias are float.
struct AddNormShape {
  std::ptrdiff_t rows = 0;
  int columns = 0;              ///< up to add_norm_columns; rows are contiguous
  Element type = Element::f32;  ///< of z and y
  /// Of the other arrays but those that are float*; each gradient has the type of its array.
  Element x_type = type, residual_type = type, weight_type = type;
};

/// What the sum of two numbers is kept as.
template <class X, class Residual>
using SumType = std::conditional_t<std::is_same_v<X, Residual>, X, float>;

/// Calls `run.operator()<X, Residual, Weight>()` with the types of x, the residual, and weight and
/// bias. Throws Error for types that do not go together.
template <class Run>
void with_add_norm_types(AddNormShape const& shape, char const* where, Run const& run) {
  auto const is = [&](Element z, Element x, Element residual, Element weight) {
    return shape.type == z && shape.x_type == x && shape.residual_type == residual &&
           shape.weight_type == weight;
  };
  with_floats(shape.type, "rows", where, [&]<class T>() {
    constexpr Element f32 = Element::f32, f16 = Element::f16, bf16 = Element::bf16;
    if (is(shape.type, shape.type, shape.type, shape.type))
      return run.template operator()<T, T, T>();
    if constexpr (std::is_same_v<T, float>) {
      if (is(f32, f16, f32, f32)) return run.template operator()<Half, float, float>();
      if (is(f32, f32, f16, f32)) return run.template operator()<float, Half, float>();
      if (is(f32, bf16, f32, f32)) return run.template operator()<BFloat16, float, float>();
      if (is(f32, f32, bf16, f32)) return run.template operator()<float, BFloat16, float>();
    } else if (is(shape.type, shape.type, shape.type, f32)) {
      return run.template operator()<T, T, float>();
    }
    throw Error("arrays of types that do not go together", where,
                "give z the type of x + residual, weight and bias that type or float32");
  });
}

/// A row lies in the registers of a team of threads, of four warps at most.
inline constexpr int add_norm_columns = 2048;

/// What dropout leaves of x; the element's index is row * columns + column.
struct AddNormDropout {
  DropoutMask mask;  ///< its threshold is 0: everything is kept
  float scale = 1;   ///< of what is kept: 1 / (1 - p)
};

/// Arguments of the forward. x, residual, y and z are [rows, columns], weight and bias [columns].
struct AddNormForward {
  AddNormShape shape;
  void const* x = nullptr;
  void const* residual = nullptr;  ///< may be null: z = x
  void const *weight = nullptr, *bias = nullptr;
  float epsilon = 1e-5f;  ///< is added to the variance
  AddNormDropout dropout{};
  void* y = nullptr;
  void* z = nullptr;  ///< may be null; may be x or residual
  /// [rows] each, for the backward: mean, and 1 / sqrt(var + epsilon). May be null.
  float *mean = nullptr, *inverse_deviation = nullptr;
};

/// Arguments of the backward. z and the gradients with respect to x, y, z and the residual are
/// [rows, columns], weight and its gradients [columns].
struct AddNormBackward {
  AddNormShape shape;
  void const *z = nullptr, *weight = nullptr, *grad_y = nullptr;
  void const* grad_z = nullptr;  ///< what comes to z from elsewhere; may be null
  float const *mean = nullptr, *inverse_deviation = nullptr;  ///< [rows], of the forward
  AddNormDropout dropout{};
  void* grad_x = nullptr;  ///< of x's type; may be z, grad_y or grad_z where these have it too
  /// May be null. Without dropout, and of x's type, it equals grad_x: hand that on.
  void* grad_residual = nullptr;
  void *grad_weight = nullptr, *grad_bias = nullptr;
  float* workspace = nullptr;  ///< add_norm_workspace(shape) of them
};

/// The most splits of the backward, whatever the GPU: it takes two a multiprocessor.
inline constexpr int add_norm_most_splits = 512;

/// Floats: two sums of each column a split.
constexpr std::ptrdiff_t add_norm_workspace(AddNormShape const& shape) {
  std::ptrdiff_t const splits =
      shape.rows < add_norm_most_splits ? shape.rows : add_norm_most_splits;
  return 2 * splits * shape.columns;
}

/// Starts the forward. `stream` is a cudaStream_t. No synchronization, no atomics, the same bits
/// every run on a GPU. Throws Error for rows of more than add_norm_columns numbers and for element
/// types that are not floating-point or do not go together.
void launch(AddNormForward const& arguments, void* stream);
/// Starts the backward, likewise.
void launch(AddNormBackward const& arguments, void* stream);

}  // namespace vlsm::kernels
