// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "vlsm/data/dataset.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {

/// How well one example was segmented.
struct Score {
  std::string name;
  std::string prompt;
  double dice = 0;
  double iou = 0;
};

/// A mean with its standard deviation over the examples (of the population, as numpy's std).
struct Spread {
  double mean = 0;
  double deviation = 0;
};

/// The scores of a data set.
struct Evaluation {
  std::vector<Score> scores;
  double loss = 0;  ///< mean over the examples that the loss counts (counted_pictures)

  Spread dice() const { return spread(&Score::dice); }
  Spread iou() const { return spread(&Score::iou); }

 private:
  Spread spread(double Score::*member) const {
    double sum = 0, squares = 0;
    for (Score const& score : scores) sum += score.*member;
    double const count = static_cast<double>(scores.size()), mean = sum / count;
    for (Score const& score : scores) squares += (score.*member - mean) * (score.*member - mean);
    return {mean, std::sqrt(squares / count)};
  }
};

class FrozenTowers;
class PromptIds;

namespace detail {
Evaluation evaluate_with(AnySegmenter& model, FrozenTowers const& towers, Dataset const& examples,
                         PromptIds& ids, EvaluateOptions const& options);
}

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
