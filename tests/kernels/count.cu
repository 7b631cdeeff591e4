// SPDX-License-Identifier: MIT
// The kernels with the sizes of one problem as constants, for count.py: what a compiler knows it
// cuts out, so that nearly all that is left is the path that such a problem takes. A loop's trips
// are in the table of docs/kernels.md, in the order of the loops in the machine code.

#include <atomic>
#include <cmath>
#include <limits>
#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/kernels/common/element.hpp"
#include "vlsm/kernels/common/philox.hpp"

// As functions, which are compiled as part of who calls them.
#pragma push_macro("__global__")
#pragma push_macro("__launch_bounds__")
#undef __global__
#undef __launch_bounds__
#define __global__ __device__ __forceinline__
#define __launch_bounds__(...)
#define VLSM_LAUNCH(...)
#include "vlsm/kernels/add_norm/backward.cuh"
#include "vlsm/kernels/add_norm/forward.cuh"
#include "vlsm/kernels/attention/backward_fused.cuh"
#include "vlsm/kernels/attention/forward.cuh"
#include "vlsm/kernels/attention/tensor_cores.cuh"
#include "vlsm/kernels/film/film.cuh"
#include "vlsm/kernels/segmentation_loss/backward.cuh"
#include "vlsm/kernels/segmentation_loss/forward.cuh"
#pragma pop_macro("__launch_bounds__")
#pragma pop_macro("__global__")

using namespace vlsm::kernels;

namespace {

/// 8 pictures of 10816 queries, 8 heads, 77 keys.
template <class Arguments>
__device__ void fix(Arguments& a, int width, bool drops) {
  a.shape.batch = a.shape.heads = 8;
  a.shape.queries = 10816;
  a.shape.keys = 77;
  a.shape.width = width;
  a.shape.key_lengths = nullptr;
  a.shape.scale = 0.125f;
  if (!drops) a.shape.dropout.threshold = 0;
  if (drops) __builtin_assume(a.shape.dropout.threshold != 0);
}

template <class E>
__device__ void forward(FusionAttentionForward a, ScoreMask const& keys, bool drops) {
  fix(a, E::width, drops);
  attention::fusion_attention_forward<E>(a, keys, QueryPlan{4, 80, 8, 0}, true);
}

}  // namespace

// 16 queries of a warp, of the eight groups that its block takes.
__global__ void __launch_bounds__(128, 3)
    attention_forward_64(FusionAttentionForward a, ScoreMask keys) {
  forward<attention::Mma16<BFloat16, 64, 80>>(a, keys, false);
}
__global__ void __launch_bounds__(128, 3)
    attention_forward_64_dropout(FusionAttentionForward a, ScoreMask keys) {
  forward<attention::Mma16<BFloat16, 64, 80>>(a, keys, true);
}
__global__ void __launch_bounds__(128, 3)
    attention_forward_16(FusionAttentionForward a, ScoreMask keys) {
  forward<attention::Mma16<BFloat16, 16, 80>>(a, keys, false);
}
// A tile of 32 queries, of the 13 that a block of five warps takes.
template <bool drops>
__device__ void backward(FusionAttentionBackward a, ScoreMask const& keys, float* k, float* v) {
  fix(a, 64, drops);
  attention::fusion_attention_backward<attention::Mma16<BFloat16, 64, 16>, 192, 2>(
      a, keys, k, v, FusedPlan{5, 32, 2, 26, 416, 0}, true);
}
__global__ void __launch_bounds__(192, 2)
    attention_backward_64(FusionAttentionBackward a, ScoreMask keys, float* k, float* v) {
  backward<false>(a, keys, k, v);
}
__global__ void __launch_bounds__(192, 2)
    attention_backward_64_dropout(FusionAttentionBackward a, ScoreMask keys, float* k, float* v) {
  backward<true>(a, keys, k, v);
}

// A row of 512 numbers, 16 a lane; x 16 bit, the rest float.
__global__ void __launch_bounds__(256) add_norm_forward_512(AddNormForward a) {
  a.shape.columns = 512;
  a.dropout.mask.threshold = 0;
  add_norm::add_norm_forward<BFloat16, float, float, add_norm::Layout<32, 4>>(a, true);
}
__global__ void __launch_bounds__(256, 2) add_norm_backward_512(AddNormBackward a) {
  a.shape.columns = 512;
  a.dropout.mask.threshold = 0;
  add_norm::add_norm_backward<BFloat16, float, float, add_norm::Layout<32, 4>>(a, true);
}

// The share of a block: 16384 pixels, 64 a thread.
template <class Term, class X, class Y>
__device__ void sums(DiceForward a, Term const& term) {
  a.size.planes = 64;
  a.size.pixels = 8 * 16384;
  dice::dice_sums<Term, X, Y>(a, term, true);
}
__global__ void __launch_bounds__(256) dice_sums_f32_f32(DiceForward a) {
  sums<EntropyOfLogits, float, float>(a, {});
}
__global__ void __launch_bounds__(256) dice_sums_f16_u8(DiceForward a) {
  sums<EntropyOfLogits, Half, std::uint8_t>(a, {});
}
__global__ void __launch_bounds__(256) dice_gradient_f16_u8(DiceBackward a) {
  a.size.planes = 64;
  a.size.pixels = 8 * 16384;
  dice::dice_gradient<EntropyOfLogits, Half, std::uint8_t>(a, {}, true);
}

// Maps: 16 numbers a thread.
__global__ void __launch_bounds__(256) film_forward_map(FilmForward a) {
  a.shape.channels = 64;
  a.shape.positions = 10752;
  a.shape.tokens = false;
  film::film_forward<BFloat16, film::MapPlaces>(a, true);
}
