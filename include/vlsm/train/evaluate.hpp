// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "vlsm/data/dataset.hpp"
#include "vlsm/metrics/measures.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {

/// How well one example was segmented, at the size of EvaluateOptions::at.
struct Score : Measures {
  std::string name;
  std::string prompt;
  Measures picture;  ///< at the picture's size, where EvaluateOptions::picture_too asks for it
};

/// The scores of a data set.
struct Evaluation {
  std::vector<Score> scores;
  double loss = 0;  ///< mean over the examples that the loss counts (counted_pictures)

  Spread dice() const { return spread(&Measures::dice); }
  Spread iou() const { return spread(&Measures::iou); }
  /// Where EvaluateOptions::hausdorff asks for it. Examples with an empty prediction or target have
  /// no distance and are left out, so compare means of equal counts only.
  Spread hd95() const { return spread(&Measures::hd95); }
  /// Of one of named_measures.
  Spread spread(double Measures::*measure) const {
    std::vector<double> values;
    for (Score const& score : scores) values.push_back(score.*measure);
    return spread_of(values);
  }
};

class FrozenTowers;
class ProcessGroup;
class PromptIds;

namespace detail {
/// Of several processes each scores a share, and all get the measures of all examples, in the data
/// set's order; the names are of their own alone.
Evaluation evaluate_with(AnySegmenter& model, FrozenTowers const& towers, Dataset const& examples,
                         PromptIds& ids, EvaluateOptions const& options, ProcessGroup const& group);
}  // namespace detail

/// Scores every example per image, as the study does: where prediction and target are both empty
/// the score is 1. A target pixel belongs to the object from 0.5 on. The model evaluates meanwhile,
/// and then does again what it did before. Throws Error for a batch of 0,
/// for a threshold outside 0 to 1, for a set without examples, for examples that check_example
/// refuses, for pictures of another type than the weights, and for logits that are NaN or
/// infinite.
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
