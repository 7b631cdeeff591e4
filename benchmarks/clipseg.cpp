// SPDX-License-Identifier: MIT
#include "benchmarks/support/case.hpp"
#include "benchmarks/support/models.hpp"

// The whole CLIPSeg, and what a second prompt on a picture costs that has been seen already.
namespace vlsm::bench {
namespace {

constexpr int side = ClipSeg::recipe.image;

/// Tokens up to the end of the longest of the stored prompts; the tower reads no more of them.
constexpr int longest(int batch) { return batch == 1 ? 11 : 17; }

long long prompt_flops(Load load) {
  return ClipSeg::Text::flops(load) + ClipSeg::Fusion::flops(load) + ClipSeg::Decoder::flops(load) +
         ClipSeg::Head::flops(load);
}

std::string check_length(at::Tensor const& ids, int batch) {
  auto const end = (ids == clip_text.end).to(at::kInt).argmax(1).max().item<std::int64_t>();
  if (end + 1 == longest(batch)) return {};
  return "the stored prompts end after " + std::to_string(end + 1) + " tokens, counted were " +
         std::to_string(longest(batch));
}

Prepared prepare(int batch) {
  Stored const stored;
  at::Tensor const image = stored.image(batch);
  Tokens const tokens{stored.ids(batch)};
  at::Tensor const logits = clipseg().forward(image, tokens).squeeze(1);
  return {.wrong = first_of({check_length(tokens.ids, batch), stored.differs("logits", logits)}),
          .run = [image, tokens] {
            at::Tensor const result = clipseg().forward(image, tokens);
            benchmark::DoNotOptimize(result.const_data_ptr());
          }};
}

Prepared prepare_second_prompt() {
  Stored const stored;
  Features const seen = clipseg().vision->forward(stored.image(1));
  Tokens const tokens{stored.ids(1)};
  at::Tensor const logits = clipseg().segment(seen, clipseg().text->forward(tokens)).squeeze(1);
  return {.wrong = first_of({check_length(tokens.ids, 1), stored.differs("logits", logits)}),
          .run = [seen, tokens] {
            at::Tensor const result = clipseg().segment(seen, clipseg().text->forward(tokens));
            benchmark::DoNotOptimize(result.const_data_ptr());
          }};
}

std::string axes(int batch) {
  return "/image:" + std::to_string(side) + "/batch:" + std::to_string(batch) +
         "/tokens:" + std::to_string(longest(batch)) + "/dtype:f32";
}

}  // namespace

void add_clipseg() {
  for (int batch : {1, 8}) {
    Load const load{side, side, longest(batch)};
    long long const work = batch * (ClipSeg::Vision::flops(load) + prompt_flops(load));
    add({.name = "BM_ClipSeg/part:all" + axes(batch),
         .work = {.flops = static_cast<double>(work)},
         .prepare = [batch] { return prepare(batch); }});
  }
  add({.name = "BM_ClipSeg/part:second_prompt" + axes(1),
       .work = {.flops = static_cast<double>(prompt_flops({side, side, longest(1)}))},
       .prepare = prepare_second_prompt});
}

}  // namespace vlsm::bench
