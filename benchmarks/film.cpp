// SPDX-License-Identifier: MIT
#include "benchmarks/support/case.hpp"
#include "benchmarks/support/models.hpp"

// CLIPSeg's fusion: three taps reduced to 64 channels, the deepest modulated by the sentence.
namespace vlsm::bench {
namespace {

using Fusion = ClipSeg::Fusion;
constexpr int side = ClipSeg::recipe.image;

/// The fusion in double precision; tap 0 is the shallowest, reduce.0 belongs to the deepest.
std::vector<at::Tensor> plain(Features const& seen, Said const& said) {
  Weights const w(*clipseg().fusion);
  std::vector<at::Tensor> joint;
  for (std::size_t i = 0; i < seen.taps.size(); ++i) {
    std::string const name = "reduce." + std::to_string(seen.taps.size() - 1 - i);
    joint.push_back(w.linear(seen.taps[i].to(at::kDouble), name));
  }
  at::Tensor const sentence = said.sentence.to(at::kDouble);
  joint.back() = w.linear(sentence, "scale").unsqueeze(1) * joint.back() +
                 w.linear(sentence, "shift").unsqueeze(1);
  return joint;
}

Prepared prepare(std::int64_t batch) {
  Fusion const& fusion = *clipseg().fusion;
  Features seen{.taps = {}, .pooled = {}, .image = at::zeros({batch, 3, side, side})};
  constexpr std::int64_t cells = side / Fusion::image.stride[0];
  for (int i = 0; i < Fusion::image.count; ++i)
    seen.taps.push_back(test::recipe_uniform("bench:film:" + std::to_string(i),
                                             {batch, 1 + cells * cells, Fusion::image.width[i]}));
  Said const said{
      .sentence = test::recipe_uniform("bench:film:said", {batch, Fusion::text.sentence}),
      .words = {},
      .padding = {}};
  Features const joint = fusion.forward(seen, said);
  std::vector<at::Tensor> const expected = plain(seen, said);
  std::vector<std::string> findings;
  for (std::size_t i = 0; i < expected.size(); ++i)
    findings.push_back(difference("tap " + std::to_string(i), joint.taps.at(i), expected[i]));
  return {.wrong = first_of(findings), .run = [&fusion, seen, said] {
            Features const result = fusion.forward(seen, said);
            benchmark::DoNotOptimize(result.taps.back().const_data_ptr());
          }};
}

}  // namespace

void add_film() {
  for (int batch : {1, 8})
    add({.name = "BM_Film/image:" + std::to_string(side) + "/batch:" + std::to_string(batch) +
                 "/dtype:f32",
         .work = {.flops = static_cast<double>(batch * Fusion::flops({side, side, 0}))},
         .unit = benchmark::kMicrosecond,
         .prepare = [batch] { return prepare(batch); }});
}

}  // namespace vlsm::bench
