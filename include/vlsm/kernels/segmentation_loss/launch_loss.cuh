// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/base/error.hpp"
#include "vlsm/kernels/segmentation_loss/backward.cuh"
#include "vlsm/kernels/segmentation_loss/forward.cuh"

namespace vlsm::kernels {

namespace dice {

/// Calls `run.operator()<X, Y>()` for the element types that the arguments name.
template <class Run>
void choose(DiceOnDevice const& a, Run const& run) {
  auto const with_target = [&]<class X>() {
    if (a.target_type == Element::f32) return run.template operator()<X, float>();
    if (a.target_type == Element::u8 || a.target_type == Element::boolean)
      return run.template operator()<X, std::uint8_t>();
    throw Error("a target of 16-bit numbers", "segmentation loss",
                "give it as float32, uint8 or bool");
  };
  with_floats(a.logits_type, "logits", "segmentation loss", with_target);
}

inline dim3 grid_of(DiceSizes const& size) {
  return dim3(static_cast<unsigned>(dice_workspace(size)));
}

}  // namespace dice

template <class Region, class Term>
void launch_loss(DiceForward const& a, Region const& region, Term const& term, void* stream) {
  if (a.size.planes == 0 || a.size.pixels == 0) return;
  dice::choose(a, [&]<class X, class Y>() {
    bool const wide = dice::Loads<X, Y>::allow(static_cast<X const*>(a.logits),
                                               static_cast<Y const*>(a.target), a.size.pixels);
    VLSM_LAUNCH((dice::dice_sums<Term, X, Y>), dice::grid_of(a.size), dim3(dice::threads),
                8 * (dice::threads / 32) * sizeof(float), stream, a, term, wide);
  });
  // As many warps as a block may have: each waits for the sums of one group at a time.
  constexpr int warps = 32;
  VLSM_LAUNCH((dice::dice_finish<warps, Region>), dim3(1), dim3(32 * warps),
              2 * warps * sizeof(double), stream, a, dice_shares(a.size), region);
}

template <class Term>
void launch_loss(DiceBackward const& a, Term const& term, void* stream) {
  if (a.size.planes == 0 || a.size.pixels == 0) return;
  dice::choose(a, [&]<class X, class Y>() {
    bool const wide = by_fours(static_cast<X const*>(a.logits), a.size.pixels) &&
                      by_fours(static_cast<Y const*>(a.target), a.size.pixels) &&
                      by_fours(static_cast<X const*>(a.gradient), a.size.pixels);
    VLSM_LAUNCH((dice::dice_gradient<Term, X, Y>), dice::grid_of(a.size), dim3(dice::threads),
                3 * sizeof(float), stream, a, term, wide);
  });
}

}  // namespace vlsm::kernels

#define VLSM_FORWARD_ON_GPU(Region, Term)                                                   \
  template void vlsm::kernels::launch_loss<Region, Term>(vlsm::kernels::DiceForward const&, \
                                                         Region const&, Term const&, void*)
#define VLSM_BACKWARD_ON_GPU(Term)                                                                \
  template void vlsm::kernels::launch_loss<Term>(vlsm::kernels::DiceBackward const&, Term const&, \
                                                 void*)

/// Makes the launches of a loss of these two functors in this file: see kernels::on_gpu.
#define VLSM_LOSS_ON_GPU(Region, Term) \
  VLSM_FORWARD_ON_GPU(Region, Term);   \
  VLSM_BACKWARD_ON_GPU(Term)
