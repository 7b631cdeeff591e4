// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/data/dataset.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"
#include "vlsm/train/evaluation.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {

/// Scores every example per image, as the study does: where prediction and target are both empty
/// the score is 1. A target pixel belongs to the object from 0.5 on. Throws Error for a batch of 0
/// and for a set without examples.
Evaluation evaluate(AnySegmenter& model, Dataset const& examples, Encode const& encode,
                    EvaluateOptions const& options = {});

/// The same for a model whose type is known.
template <class A>
Evaluation evaluate(Segmenter<A>& model, Dataset const& examples, Encode const& encode,
                    EvaluateOptions const& options = {}) {
  SegmenterView<A> view(model);
  return evaluate(view, examples, encode, options);
}

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/train/impl/evaluate.hpp"
#endif
