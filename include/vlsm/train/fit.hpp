// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "vlsm/data/dataset.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {

/// Trains `model` on `train`, watches `val` after each epoch, keeps the weights of the best Dice in
/// `run`/best.safetensors and everything needed to go on in `run`/last.safetensors. The same seed
/// gives the same weights, also through a stop and a resume (at the granularity of epochs): order,
/// prompts and dropout are drawn from generators that each epoch seeds. LibTorch's own are put back
/// afterwards. On a card some of LibTorch's sums depend on the moment; see `deterministic`.
///
/// Freeze slots before calling: `freeze(*model.vision)`. Throws Error where a loss is not finite,
/// for a batch of 0, and for a state that is not this run's.
std::vector<Epoch> fit(AnySegmenter& model, Dataset const& train, Dataset const& val,
                       Encode const& encode, FitOptions const& options = {},
                       FitHooks const& hooks = {});

/// The same for a model whose type is known.
template <class A>
std::vector<Epoch> fit(Segmenter<A>& model, Dataset const& train, Dataset const& val,
                       Encode const& encode, FitOptions const& options = {},
                       FitHooks const& hooks = {}) {
  SegmenterView<A> view(model);
  return fit(view, train, val, encode, options, hooks);
}

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/train/impl/fit.hpp"
#endif
