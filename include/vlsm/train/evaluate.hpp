// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "vlsm/data/dataset.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {

/// How well a mask was found.
struct Measures {
  double dice = 0;
  double iou = 0;
  /// 95th percentile of the Hausdorff distance in pixels of the size that is scored at
  /// (metrics/hausdorff.hpp); NaN where prediction or target is empty, and where it is not asked
  /// for.
  double hd95 = std::numeric_limits<double>::quiet_NaN();
};

/// How well one example was segmented, at the size of EvaluateOptions::at.
struct Score : Measures {
  std::string name;
  std::string prompt;
  Measures picture;  ///< at the picture's size, where EvaluateOptions::picture_too asks for it
};

/// A mean with its standard deviation (of the population, as numpy's std) over the examples whose
/// score is a finite number; NaN where there are none.
struct Spread {
  double mean = 0;
  double deviation = 0;
  std::size_t count = 0;  ///< of how many examples
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

 private:
  Spread spread(double Measures::*member) const {
    double sum = 0, squares = 0;
    std::size_t count = 0;
    for (Score const& score : scores) {
      if (!std::isfinite(score.*member)) continue;
      sum += score.*member;
      ++count;
    }
    double const mean = sum / static_cast<double>(count);
    for (Score const& score : scores)
      if (std::isfinite(score.*member)) squares += (score.*member - mean) * (score.*member - mean);
    return {mean, std::sqrt(squares / static_cast<double>(count)), count};
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
/// the score is 1. A target pixel belongs to the object from 0.5 on. Throws Error for a batch of 0,
/// for a threshold outside 0 to 1, for a set without examples, for examples that check_example
/// refuses, for pictures of another type than the weights, and for logits that are NaN.
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
