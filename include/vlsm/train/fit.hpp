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
/// gives the same weights, also through a stop at any step and a resume: the order of an epoch,
/// what an example draws and the dropout of a step are drawn from generators of their own.
/// LibTorch's are put back afterwards. On a GPU some of LibTorch's sums depend on the moment; see
/// `deterministic`.
///
/// Freeze slots before calling: `freeze(*model.vision)`. Returns the epochs that this call
/// completed. Throws Error where a loss or a gradient is not finite, with the names of the pictures
/// and before a weight has moved; for a picture that cannot be read and an example that
/// check_example refuses; for a batch of 0 and for other options out of their range; for a model of
/// which nothing trains; for pictures of another type than its weights; for a folder that cannot be
/// made; and for a state that is not this run's. Trainings at the same time in one process draw
/// their dropout from LibTorch's one generator, so with dropout they do not give the same weights
/// again.
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
