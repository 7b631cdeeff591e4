// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "vlsm/kernels/common/blocks.hpp"
#include "vlsm/kernels/common/element.hpp"
#include "vlsm/kernels/common/philox.hpp"

// A residual connection and the layer normalization of its sum, as a transformer's layers chain
// them, row by row:
//   z = dropout(x) + residual, y = (z - mean(z)) / sqrt(var(z) + epsilon) weight + bias
namespace vlsm::kernels {

/// The sizes and the type of the arrays [rows, columns].
struct AddNormShape {
  std::ptrdiff_t rows = 0;
  int columns = 0;              ///< up to add_norm_columns; rows are contiguous
  Element type = Element::f32;  ///< of all arrays but those that are float*; sums are float
};

/// A warp holds a row in its registers.
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

/// Arguments of the backward. z and the gradients by x, y, z and the residual are [rows, columns],
/// weight and its gradients [columns].
struct AddNormBackward {
  AddNormShape shape;
  void const *z = nullptr, *weight = nullptr, *grad_y = nullptr;
  void const* grad_z = nullptr;  ///< what comes to z from elsewhere; may be null
  float const *mean = nullptr, *inverse_deviation = nullptr;  ///< [rows], of the forward
  AddNormDropout dropout{};
  void* grad_x = nullptr;  ///< may be z, grad_y or grad_z
  /// May be null. Without dropout it equals grad_x: hand that on.
  void* grad_residual = nullptr;
  void *grad_weight = nullptr, *grad_bias = nullptr;
  float* workspace = nullptr;  ///< add_norm_workspace(shape) of them
};

/// Floats: two sums of each column a split.
constexpr std::ptrdiff_t add_norm_workspace(AddNormShape const& shape) {
  return shape.columns == 0
             ? 0
             : std::ptrdiff_t{2} * ColumnSplit(shape.columns).splits(shape.rows) * shape.columns;
}

/// Starts the forward. `stream` is a cudaStream_t. No synchronization, no atomics, the same bits
/// every run. Throws Error for rows of more than add_norm_columns numbers and for element types
/// that are no floats.
void launch(AddNormForward const& arguments, void* stream);
/// Starts the backward, likewise.
void launch(AddNormBackward const& arguments, void* stream);

}  // namespace vlsm::kernels
