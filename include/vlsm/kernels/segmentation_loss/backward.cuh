// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/segmentation_loss/pixels.cuh"

namespace vlsm::kernels::dice {

/// What the regions' slopes and the gradient with respect to the value make of one plane.
__device__ inline DiceSlopes slopes_of(DiceBackward const& a, std::ptrdiff_t plane) {
  std::ptrdiff_t const groups = a.total.groups, group = plane % groups;
  double given = static_cast<double>(a.grad[a.total.each_group ? group : 0]);
  double of_term = given;
  if (a.total.each_group) {  // every value holds the mean of the term
    of_term = 0;
    for (std::ptrdiff_t i = 0; i < groups; ++i) of_term += static_cast<double>(a.grad[i]);
  }
  if (a.total.mean) given /= static_cast<double>(groups);
  if (a.total.mean || a.total.each_group)
    of_term /= static_cast<double>(a.size.planes) * static_cast<double>(a.size.pixels);
  RegionLoss const& region = a.regions[group];
  given *= a.total.region_weight;
  return {static_cast<float>(given * region.by_overlap),
          static_cast<float>(given * region.by_predicted),
          static_cast<float>(a.total.term_weight * of_term)};
}

/// Each block writes the gradient of its part of a plane.
template <class Term, class X, class Y>
__global__ void __launch_bounds__(threads)
    dice_gradient(DiceBackward const a, Term const term, bool const wide) {
  Part const part(a.size);
  X const* const logits = static_cast<X const*>(a.logits) + part.begin;
  Y const* const target = static_cast<Y const*>(a.target) + part.begin;
  X* const gradient = static_cast<X*>(a.gradient) + part.begin;
  // Double is slow on many GPUs: one thread of the block computes the slopes.
  Shared<float> const shared = shared_array<float>(0, 3);
  if (threadIdx.x == 0) {
    DiceSlopes const slopes = slopes_of(a, part.plane);
    shared[0] = slopes.by_overlap;
    shared[1] = slopes.by_predicted;
    shared[2] = slopes.by_term;
  }
  __syncthreads();
  float const by_overlap = shared[0], by_predicted = shared[1], by_term = shared[2];
  constexpr int pieces = 4, stretch = pieces * step * threads;
  for (int begin = step * static_cast<int>(threadIdx.x); begin < part.count; begin += stretch) {
    Four<X> logits_of[pieces];
    Four<Y> target_of[pieces];
    auto const count_of = [&](int piece) {
      int const rest = part.count - begin - piece * step * threads;
      return rest < 0 ? 0 : rest < step ? rest : step;
    };
    VLSM_UNROLL
    for (int p = 0; p < pieces; ++p) {
      int const first = begin + p * step * threads;
      fetch(logits + first, count_of(p), wide, logits_of[p]);
      fetch(target + first, count_of(p), wide, target_of[p]);
    }
    VLSM_UNROLL
    for (int p = 0; p < pieces; ++p) {
      float x[step], t[step], sum[step];
      convert(logits_of[p], x);
      convert(target_of[p], t);
      VLSM_UNROLL
      for (int i = 0; i < step; ++i) {
        Probability<float> s;
        DeviceMath::probability(x[i], s);
        sum[i] = (by_overlap * t[i] + by_predicted) * (s.yes * s.no);
        if constexpr (!Term::none) {
          float slope;
          term.template slope<DeviceMath>(x[i], s, t[i], slope);
          sum[i] += by_term * slope;
        }
      }
      store(gradient + begin + p * step * threads, count_of(p), wide, sum);
    }
  }
}

}  // namespace vlsm::kernels::dice
