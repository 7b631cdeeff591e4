// SPDX-License-Identifier: MIT
#include "support/disk_runs.hpp"
#include "support/disks.hpp"
#include "support/doctest.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/metrics/hausdorff.hpp"
#include "vlsm/metrics/overlap.hpp"
#include "vlsm/train/evaluate.hpp"

// What `evaluate` scores, against the scores of the masks that follow from the logits it hands out.
namespace {

using namespace vlsm;
using test::DiskSeg;

/// Disks whose pictures have another size than the model's, and an object that is not there in
/// every third.
class Pictures : public test::Disks {
 public:
  using Disks::Disks;
  Example at(std::size_t index, Random& random) const override {
    Example example = Disks::at(index, random);
    if (index % 3 == 2) example.mask.zero_();
    return example;
  }
  Mask mask(std::size_t index) const override {
    Random random;
    Mask const small = to_mask(at(index, random).mask[0]);
    return resize_nearest_exact(small, 45, 70);
  }
};

/// What takes a pixel for the object sooner.
struct LowDisks : DiskSeg {
  static constexpr Recipe recipe = [] {
    Recipe low = DiskSeg::recipe;
    low.threshold = 0.4f;
    return low;
  }();
};

struct Expected {
  double dice, hd95;
};

}  // namespace

TEST_CASE("scores are those of the masks, at the model's size and at the pictures'") {
  at::manual_seed(5);
  Segmenter<DiskSeg> model;
  std::size_t finite = 0, empty = 0;
  for (auto const where : {ScoreAt::model, ScoreAt::picture})
    for (float const threshold : {0.0f, 0.45f, 0.5f, 0.55f, 1.0f})
      for (std::size_t const count : {1, 7}) {
        Pictures const examples(count);
        std::vector<Expected> expected;
        EvaluateOptions options{
            .batch = 3,
            .at = where,
            .threshold = threshold,
            .hausdorff = true,
            .on_example = [&](std::size_t index, at::Tensor const& logits) {
              Random random;
              bool const picture = where == ScoreAt::picture;
              at::Tensor const probability = at::sigmoid(logits);
              Mask const wanted = picture ? examples.mask(index)
                                          : to_mask(examples.at(index, random).mask[0].ge(0.5)),
                         found = picture
                                     ? restore_mask(probability, threshold, 45, 70, DiskSeg::recipe)
                                     : to_mask(probability > threshold);
              at::Tensor const p = to_tensor(found).unsqueeze(0),
                               t = to_tensor(wanted).unsqueeze(0);
              expected.push_back(
                  {dice_score(p, t).item<double>(), hausdorff_distance(found, wanted)});
            }};
        Evaluation const result = evaluate(model, examples, test::encode_bytes, options);
        REQUIRE(result.scores.size() == count);
        double sum = 0;
        std::size_t counted = 0;
        for (std::size_t i = 0; i < count; ++i) {
          CHECK(result.scores[i].dice == expected[i].dice);
          double const hd95 = result.scores[i].hd95;
          CHECK((hd95 == expected[i].hd95 || (std::isnan(hd95) && std::isnan(expected[i].hd95))));
          if (std::isnan(hd95)) continue;
          sum += hd95;
          ++counted;
        }
        CHECK(result.dice().count == count);
        CHECK(result.hd95().count == counted);
        (counted == 0 ? empty : finite) += 1;
        if (counted == 0)
          CHECK(std::isnan(result.hd95().mean));
        else
          CHECK(result.hd95().mean == doctest::Approx(sum / static_cast<double>(counted)));
        if (threshold == 1.0f) CHECK(counted == 0);
        if (threshold == 0.0f) CHECK(counted == count - count / 3);
        options.hausdorff = false;
        options.on_example = {};
        CHECK(evaluate(model, examples, test::encode_bytes, options).hd95().count == 0);
      }
  CHECK(finite > 0);
  CHECK(empty > 0);
}

TEST_CASE("where no threshold is asked for it is the recipe's, of a validation, too") {
  test::Disks const examples(6);
  auto const dice = [&](std::optional<float> threshold) {
    at::manual_seed(5);
    Segmenter<LowDisks> model;
    return evaluate(model, examples, test::encode_bytes, {.threshold = threshold}).dice().mean;
  };
  auto const validated = [&](std::optional<float> threshold) {
    at::manual_seed(5);
    Segmenter<LowDisks> model;
    FitOptions how = test::disk_options({}, 1);
    how.threshold = threshold;
    return fit(model, examples, examples, test::encode_bytes, how)[0].val_dice;
  };
  CHECK(dice({}) == dice(0.4f));
  CHECK(dice({}) != dice(0.6f));
  CHECK(validated({}) == validated(0.4f));
  CHECK(validated({}) != validated(0.6f));
}

TEST_CASE("in bf16 a threshold decides alike at both sizes") {
  at::manual_seed(5);
  Segmenter<DiskSeg> model;
  struct AtModelSize : test::Disks {
    using Disks::Disks;
    Mask mask(std::size_t index) const override {
      Random random;
      return to_mask(at(index, random).mask[0]);
    }
  } const examples(7);
  for (int i = 30; i <= 70; i += 2) {
    auto const scores = evaluate(model, examples, test::encode_bytes,
                                 {.threshold = 0.01f * static_cast<float>(i),
                                  .picture_too = true,
                                  .precision = Precision::bf16})
                            .scores;
    for (Score const& score : scores) CHECK(score.dice == score.picture.dice);
  }
}

TEST_CASE("a spread leaves out what is no finite number") {
  Evaluation scored;
  CHECK(scored.dice().count == 0);
  CHECK(std::isnan(scored.dice().mean));
  for (double distance : {3.0, std::nan(""), 5.0, std::numeric_limits<double>::infinity()})
    scored.scores.push_back({{.hd95 = distance}, "", "", {}});
  CHECK(scored.hd95().count == 2);
  CHECK(scored.hd95().mean == 4);
  CHECK(scored.hd95().deviation == 1);
}
