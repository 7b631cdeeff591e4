// SPDX-License-Identifier: MIT
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/small.hpp"
#include "vlsm/segmenter/join_texts.hpp"
#include "vlsm/segmenter/segmenter.hpp"
#include "vlsm/train/batch.hpp"

using namespace vlsm;

namespace {

/// Sentences of these lengths, each read by itself.
template <class Model>
std::vector<TextFeatures> read(Model& model, std::vector<std::size_t> const& lengths) {
  std::vector<TextFeatures> texts;
  for (std::size_t const length : lengths) {
    std::vector<std::int64_t> ids{256};
    for (std::size_t i = 0; i < length; ++i)
      ids.push_back(static_cast<std::int64_t>((i * 31 + length) % 256));
    ids.push_back(257);
    texts.push_back(model.encode_text(pad_ids({ids}, model.text->pad_to)));
  }
  return texts;
}

}  // namespace

TEST_CASE("sentences of any lengths together are what each is alone") {
  at::NoGradGuard const no_grad;
  at::manual_seed(3);
  Segmenter<CrisSmall> model;  // its decoder reads words, and its words are masked
  model.eval();
  ImageFeatures const seen = model.encode_image(at::randn({1, 3, 128, 128}));
  auto const texts = read(model, {1, 40, 0, 7});
  at::Tensor const together = model.segment(seen, join_texts(texts));
  REQUIRE(together.size(0) == 4);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    at::Tensor const alone = model.segment(seen, texts[i]);
    CHECK((together[static_cast<std::int64_t>(i)] - alone[0]).abs().max().item<float>() < 1e-4f);
  }
}

TEST_CASE("words without a mask are all words, beside those that are padded") {
  TextFeatures const unmarked{
      .sentence = at::ones({1, 2}), .words = at::ones({1, 3, 4}), .padding = {}};
  TextFeatures const marked{.sentence = at::ones({2, 2}),
                            .words = at::ones({2, 2, 4}),
                            .padding = at::zeros({2, 2}, at::kBool)};
  TextFeatures const joined = join_texts({unmarked, marked});
  CHECK(joined.sentence.size(0) == 3);
  CHECK(joined.words.sizes() == at::IntArrayRef({3, 3, 4}));
  CHECK(joined.words.sum().item<float>() == 3 * 4 + 2 * 2 * 4);
  at::Tensor const behind = at::tensor({0, 0, 0, 0, 0, 1, 0, 0, 1}, at::kLong);
  CHECK(joined.padding.equal(behind.to(at::kBool).reshape({3, 3})));
  CHECK_FALSE(join_texts({unmarked, unmarked}).padding.defined());
}

TEST_CASE("a model without sentences has none to join") {
  TextFeatures const none = join_texts({TextFeatures{}});
  CHECK_FALSE(none.sentence.defined());
  CHECK_FALSE(none.words.defined());
  CHECK(vlsm::test::error_of([] { join_texts({}); }).find("no sentences") != std::string::npos);
}
