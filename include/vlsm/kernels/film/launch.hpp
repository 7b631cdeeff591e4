// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "vlsm/kernels/common/blocks.hpp"
#include "vlsm/kernels/common/element.hpp"

// Feature-wise linear modulation: y = scale (x + bias) + shift + residual, where the sentence gives
// scale and shift [B, C], and bias [C] is the one of the layer that made x.
namespace vlsm::kernels {

/// The sizes, the layout and the type of the arrays.
struct FilmShape {
  int batch = 0, channels = 0;
  std::ptrdiff_t positions = 0;  ///< N
  bool tokens = true;            ///< x is [B, N, C]; false: [B, C, N]. Both contiguous
  Element type = Element::f32;   ///< of all arrays but the workspace; sums are float

  /// Channels of all pictures together.
  VLSM_HOST_DEVICE constexpr std::ptrdiff_t planes() const {
    return std::ptrdiff_t{batch} * channels;
  }
};

/// Arguments of the forward. scale and shift are [B, C], bias is [C].
struct FilmForward {
  FilmShape shape;
  void const *x = nullptr, *scale = nullptr, *shift = nullptr;
  void const* bias = nullptr;      ///< may be null
  void const* residual = nullptr;  ///< like x; may be null
  void* y = nullptr;               ///< like x; may be x or residual
};

/// Arguments of the backward. The gradients with respect to scale and shift are [B, C], that with
/// respect to the bias is [C]; that with respect to the residual is grad_y itself: hand that on,
/// nothing writes it.
struct FilmBackward {
  FilmShape shape;
  void const *x = nullptr, *scale = nullptr, *bias = nullptr, *grad_y = nullptr;
  void* grad_x = nullptr;  ///< may be x or, where it is not read later, grad_y
  void *grad_scale = nullptr, *grad_shift = nullptr;
  void* grad_bias = nullptr;   ///< may be null
  float* workspace = nullptr;  ///< film_workspace(shape) of them
};

/// Positions of a map's plane that one warp takes.
inline constexpr int film_map_part = 512;

/// Into how many splits the sums over a picture's positions (tokens) or a plane's (maps) are
/// divided.
VLSM_HOST_DEVICE constexpr int film_splits(FilmShape const& shape) {
  return shape.tokens ? ColumnSplit(shape.channels).splits(shape.positions)
                      : static_cast<int>((shape.positions + film_map_part - 1) / film_map_part);
}

/// Floats: two sums of each plane a split, and the gradient with respect to the shift before it is
/// rounded.
constexpr std::ptrdiff_t film_workspace(FilmShape const& shape) {
  return (2 * film_splits(shape) + 1) * shape.planes();
}

/// Starts the forward. `stream` is a cudaStream_t. No synchronization, no atomics, the same bits
/// every run. Throws Error for element types that are not floating-point.
void launch(FilmForward const& arguments, void* stream);
/// Starts the backward, likewise.
void launch(FilmBackward const& arguments, void* stream);

}  // namespace vlsm::kernels
