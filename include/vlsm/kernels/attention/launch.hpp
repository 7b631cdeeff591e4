// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "vlsm/kernels/common/philox.hpp"

namespace vlsm::kernels {

// Attention of many queries (the pixels of a picture) to few keys (the words of a sentence):
//   O = dropout(softmax(scale Q K^T)) V,  Q and O [B, Nq, H, D], K and V [B, Nk, H, D].

/// How far apart neighbors lie, in elements. The last dimension is contiguous.
struct AttentionStrides {
  std::int64_t batch, row, head;
};

/// What the numbers are and how they are multiplied. All sums are float.
enum class Arithmetic : std::uint8_t {
  f32,   ///< float, multiplied as float
  tf32,  ///< float, rounded to TF32 for the tensor cores
  f16,
  bf16,
};

/// What forward and backward share.
struct AttentionShape {
  int batch, heads, queries, keys;
  int width;  ///< D: 16, 32, 64, 80 or 128
  Arithmetic arithmetic;
  float scale;
  std::int32_t const* key_lengths =
      nullptr;  ///< [B]: keys from there on do not count; null: all do
  /// Of the scores of (b, h, query), which are row (b H + h) Nq + query of the ScoreMask.
  DropoutMask dropout = {};
  float dropout_scale = 1;  ///< 1 / (1 - probability)
};

/// Arguments of the forward: q and out [B, Nq, H, D], k and v [B, Nk, H, D]. A row without keys
/// gets zeros, and minus infinity in `lse`.
struct FusionAttentionForward {
  AttentionShape shape;
  void const *q, *k, *v;
  void* out;
  float* lse;  ///< [B, H, Nq]: log(sum(exp(scale Q K^T))); may be null
  AttentionStrides q_strides, k_strides, v_strides, out_strides;
};

/// Arguments of the backward: q, out and their gradients [B, Nq, H, D], k, v and their gradients
/// [B, Nk, H, D]. `out` and `lse` are what the forward wrote.
struct FusionAttentionBackward {
  AttentionShape shape;
  void const *q, *k, *v, *out, *grad_out;
  float const* lse;  ///< [B, H, Nq]
  void *grad_q, *grad_k, *grad_v;
  void* workspace;  ///< workspace_bytes() of it, aligned to 16
  AttentionStrides q_strides, k_strides, v_strides, out_strides, grad_out_strides;
  AttentionStrides grad_q_strides, grad_k_strides, grad_v_strides;
};

/// Rows must lie closer than so many elements: places within 4096 of them have 32 bits.
inline constexpr std::int64_t attention_row_stride = std::int64_t{1} << 20;

/// Widths that the kernels are compiled for.
constexpr bool fusion_attention_takes(int width) {
  return width == 16 || width == 32 || width == 64 || width == 80 || width == 128;
}

/// Starts the forward. `stream` is a cudaStream_t. No synchronization, no memory of their own, the
/// same bits every run. Throws Error for widths that `fusion_attention_takes` says no to, and
/// for rows attention_row_stride elements apart or more.
void launch(FusionAttentionForward const& arguments, void* stream);
/// Starts the backward, likewise.
void launch(FusionAttentionBackward const& arguments, void* stream);

/// Bytes of the backward's workspace. Depends on the shape and on the GPU in use.
std::size_t workspace_bytes(AttentionShape const& shape);

}  // namespace vlsm::kernels
