// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/segmentation_loss/pixels.cuh"

namespace vlsm::kernels::dice {

/// A float sum and what its roundings have lost so far (Neumaier).
struct Compensated {
  float sum = 0, rest = 0;

  __device__ void add(float value) {
    float const next = sum + value, part = next - sum;
    rest += (sum - (next - part)) + (value - part);
    sum = next;
  }
  /// The same in fewer steps, for sums that only grow: what is lost where a value is larger than
  /// all before it is at most half of the last place of the sum.
  __device__ void grow(float value) {
    float const next = sum + value;
    rest += value - (next - sum);
    sum = next;
  }
  __device__ void add(Compensated const& other) {
    add(other.sum);
    rest += other.rest;
  }
};

/// What a pixel adds to overlap, predicted, wanted, and the term.
template <class Term>
__device__ void summands(Term const& term, float x, float t, float (&to)[4]) {
  Probability<float> s;
  DeviceMath::probability(x, s);
  to[0] = s.yes * t;
  to[1] = s.yes;
  to[2] = t;
  to[3] = 0;
  if constexpr (!Term::none) term.template value<DeviceMath>(x, s, t, to[3]);
}

/// Four pixels are summed plainly, in pairs, and their sum is added with care; that of targets
/// which are `bytes` is a whole number that a float holds, 255 for each pixel of a block's share.
template <bool bytes, class Term>
__device__ void take_four(Compensated (&sums)[4], Term const& term, float const (&x)[4],
                          float const (&t)[4], int count) {
  float of[4][4] = {};
  VLSM_UNROLL
  for (int i = 0; i < 4; ++i)
    if (i < count) summands(term, x[i], t[i], of[i]);
  VLSM_UNROLL
  for (int i = 0; i < (Term::none ? 3 : 4); ++i)
    if (float const sum = (of[0][i] + of[1][i]) + (of[2][i] + of[3][i]); bytes && i == 2)
      sums[i].sum += sum;
    else
      sums[i].grow(sum);
}

/// Lanes on the two sides of `mask` share two sums: those on the `second` side get the second one.
__device__ inline Compensated halve(Compensated const& one, Compensated const& two, bool second,
                                    int mask) {
  Compensated kept;
  kept.sum = second ? two.sum : one.sum;
  kept.rest = second ? two.rest : one.rest;
  kept.add({shuffle_xor(second ? one.sum : two.sum, mask),
            shuffle_xor(second ? one.rest : two.rest, mask)});
  return kept;
}

/// Each block sums its part of a plane to workspace[block]. `wide`: logits by 16 bytes a thread.
template <class Term, class X, class Y>
__global__ void __launch_bounds__(threads)
    dice_sums(DiceForward const a, Term const term, bool const wide) {
  Part const part(a.size);
  X const* const logits = static_cast<X const*>(a.logits) + part.begin;
  Y const* const target = static_cast<Y const*>(a.target) + part.begin;
  constexpr int unit = Loads<X, Y>::unit, targets = Loads<X, Y>::targets;
  constexpr int pieces = 2, stretch = pieces * unit * threads;
  Compensated sums[4];
  int const whole = wide ? part.count / stretch * stretch : 0;
  for (int first = unit * static_cast<int>(threadIdx.x); first < whole; first += stretch) {
    Vector<X, unit> x[pieces];
    Targets<Y, targets> t[pieces][unit / targets];
    VLSM_UNROLL
    for (int p = 0; p < pieces; ++p) {
      int const begin = first + p * unit * threads;
      x[p] = load_vector<unit>(logits + begin);
      VLSM_UNROLL
      for (int i = 0; i < unit / targets; ++i)
        t[p][i] = Targets<Y, targets>::load(target + begin + i * targets);
    }
    VLSM_UNROLL
    for (int i = 0; i < pieces * unit; i += 4) {
      float fours[2][4];
      VLSM_UNROLL
      for (int k = 0; k < 4; ++k) {
        int const p = i / unit, at = i % unit + k;
        fours[0][k] = to_float(x[p][at]);
        fours[1][k] = t[p][at / targets].at(at % targets);
      }
      take_four<sizeof(Y) == 1>(sums, term, fours[0], fours[1], 4);
    }
  }
  VLSM_ROLLED
  for (int first = whole + step * static_cast<int>(threadIdx.x); first < part.count;
       first += step * threads) {
    int const count = part.count - first < step ? part.count - first : step;
    float x[step] = {}, t[step] = {};
    read(logits + first, count, wide, x);
    read(target + first, count, wide, t);
    take_four<sizeof(Y) == 1>(sums, term, x, t, count);
  }
  // Lanes, then warps, in a fixed order. Half of the lanes go on with two of the sums, a quarter
  // with one.
  constexpr int warps = threads / 32;
  Shared<float> const of_warps = shared_array<float>(0, 8 * warps);
  bool const upper = threadIdx.x % 32 >= 16, later = threadIdx.x % 16 >= 8;
  Compensated const first_two = halve(sums[0], sums[2], upper, 16),
                    last_two = halve(sums[1], sums[3], upper, 16);
  Compensated one = halve(first_two, last_two, later, 8);
  VLSM_UNROLL
  for (int mask = 4; mask > 0; mask /= 2)
    one.add({shuffle_xor(one.sum, mask), shuffle_xor(one.rest, mask)});
  if (threadIdx.x % 8 == 0) {
    of_warps[2 * static_cast<int>(threadIdx.x / 8)] = one.sum;
    of_warps[2 * static_cast<int>(threadIdx.x / 8) + 1] = one.rest;
  }
  __syncthreads();
  if (threadIdx.x >= 4) return;
  int const i = threadIdx.x;
  Compensated total;
  for (int w = 0; w < warps; ++w) total.add({of_warps[8 * w + 2 * i], of_warps[8 * w + 2 * i + 1]});
  double* const to = reinterpret_cast<double*>(a.workspace + blockIdx.x);
  to[i] = static_cast<double>(total.sum) + static_cast<double>(total.rest);
}

__device__ inline double warp_sum_double(double value) {
  VLSM_UNROLL
  for (int mask = 16; mask > 0; mask /= 2) value += __shfl_xor_sync(full_warp, value, mask);
  return value;
}

/// One block makes values of the sums, `each` of a plane: a warp a group, then all groups in order.
template <int warps, class Region>
__global__ void __launch_bounds__(32 * warps)
    dice_finish(DiceForward const a, std::ptrdiff_t const each, Region const region_loss) {
  Shared<double> const of_warps = shared_array<double>(0, 2 * warps);
  std::ptrdiff_t const groups = a.total.groups;
  int const warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  double region = 0, term = 0;
  for (std::ptrdiff_t group = warp; group < groups; group += warps) {
    DiceSums sums;
    for (std::ptrdiff_t plane = group; plane < a.size.planes; plane += groups)
      for (std::ptrdiff_t i = lane; i < each; i += 32) sums += a.workspace[plane * each + i];
    sums = {warp_sum_double(sums.overlap), warp_sum_double(sums.predicted),
            warp_sum_double(sums.wanted), warp_sum_double(sums.term)};
    RegionLoss const loss = region_loss(sums);
    region += loss.value;
    term += sums.term;
    if (lane == 0) a.regions[group] = loss;
  }
  if (lane == 0) {
    of_warps[2 * warp] = region;
    of_warps[2 * warp + 1] = term;
  }
  __syncthreads();
  region = 0, term = 0;
  for (int w = 0; w < warps; ++w) {
    region += of_warps[2 * w];
    term += of_warps[2 * w + 1];
  }
  term *= a.total.term_weight;
  if (a.total.mean || a.total.each_group)
    term /= static_cast<double>(a.size.planes) * static_cast<double>(a.size.pixels);
  if (a.total.mean) region /= static_cast<double>(groups);
  if (!a.total.each_group) {
    if (threadIdx.x == 0) *a.value = static_cast<float>(a.total.region_weight * region + term);
    return;
  }
  // The barrier above made the regions of all warps visible to the block.
  for (std::ptrdiff_t group = threadIdx.x; group < groups; group += 32 * warps)
    a.value[group] = static_cast<float>(a.total.region_weight * a.regions[group].value + term);
}

}  // namespace vlsm::kernels::dice
