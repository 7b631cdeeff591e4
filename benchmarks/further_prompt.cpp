// SPDX-License-Identifier: MIT
#include "benchmarks/support/block.hpp"
#include "benchmarks/support/stored.hpp"
#include "vlsm/models/clipseg.hpp"

// What a further prompt on a picture costs that CLIPSeg has seen already, against transformers'
// logits.
namespace vlsm::bench {
namespace {

constexpr int side = ClipSeg::recipe.image;

/// Tokens up to the end of the stored prompt; the tower reads no more of them.
constexpr int length = 11;

std::string check_length(at::Tensor const& ids) {
  auto const end = (ids == clip_text.end).to(at::kInt).argmax(1).max().item<std::int64_t>();
  if (end + 1 == length) return {};
  return "the stored prompt ends after " + std::to_string(end + 1) + " tokens, counted were " +
         std::to_string(length);
}

Prepared prepare() {
  auto const model = with_recipe_weights<Segmenter<ClipSeg>>("");
  Stored const stored;
  ImageFeatures const seen = model->vision->forward(stored.image(1));
  Tokens const prompt{stored.ids(1)};
  auto const once = [=] { return model->segment(seen, model->text->forward(prompt)); };
  return {
      .wrong = first_of({check_length(prompt.ids), stored.differs("logits", once().squeeze(1))}),
      .run = [once] {
        at::Tensor const logits = once();
        benchmark::DoNotOptimize(logits.const_data_ptr());
      }};
}

Registration const all([] {
  constexpr Workload load{side, side, length};
  constexpr long long work = ClipSeg::Text::flops(load) + Slots<ClipSeg>::Fusion::flops(load) +
                             Slots<ClipSeg>::Decoder::flops(load) +
                             Slots<ClipSeg>::Head::flops(load);
  add({.name = "BM_FurtherPrompt/model:clipseg/image:" + std::to_string(side) +
               "/tokens:" + std::to_string(length) + "/batch:1/dtype:f32",
       .work = {.flops = static_cast<double>(work)},
       .prepare = prepare});
});

}  // namespace
}  // namespace vlsm::bench
