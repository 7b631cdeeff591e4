// SPDX-License-Identifier: MIT
#include "benchmarks/support/case.hpp"
#include "benchmarks/support/models.hpp"

// CLIPSeg's decoder: three transformer layers of 64 channels.
namespace vlsm::bench {
namespace {

using Decoder = ClipSeg::Decoder;
constexpr int side = ClipSeg::recipe.image;
constexpr std::int64_t cells = side / Decoder::out.stride[0];

/// The decoder in double precision, line by line: deepest tap first, norms after the sums.
at::Tensor plain(Features const& joint) {
  constexpr std::int64_t heads = 4;
  Weights const w(*clipseg().decoder);
  at::Tensor x;
  for (int i = 0; i < Decoder::in.count; ++i) {
    std::string const layer = "layers." + std::to_string(i) + ".";
    at::Tensor const tap =
        joint.taps[static_cast<std::size_t>(Decoder::in.count - 1 - i)].to(at::kDouble);
    x = i == 0 ? tap : tap + x;
    x = w.norm(x + w.attention(x, layer + "attn", heads, false), layer + "norm1");
    at::Tensor const up = w.linear(x, layer + "mlp.up").clamp_min(0);
    x = w.norm(x + w.linear(up, layer + "mlp.down"), layer + "norm2");
  }
  at::Tensor const grid = x.slice(1, Decoder::in.class_tokens);
  return grid.reshape({x.size(0), cells, cells, Decoder::out.width[0]}).permute({0, 3, 1, 2});
}

Prepared prepare(std::int64_t batch) {
  Decoder const& decoder = *clipseg().decoder;
  Features joint{.taps = {}, .pooled = {}, .image = at::zeros({batch, 3, side, side})};
  for (int i = 0; i < Decoder::in.count; ++i)
    joint.taps.push_back(test::recipe_uniform("bench:decoder:" + std::to_string(i),
                                              {batch, 1 + cells * cells, Decoder::in.width[i]}));
  return {.wrong = difference("map", decoder.forward(joint, {}).taps[0], plain(joint)),
          .run = [&decoder, joint] {
            at::Tensor const result = decoder.forward(joint, {}).taps[0];
            benchmark::DoNotOptimize(result.const_data_ptr());
          }};
}

}  // namespace

void add_decoder() {
  for (int batch : {1, 8})
    add({.name = "BM_Decoder/model:clipseg/image:" + std::to_string(side) +
                 "/batch:" + std::to_string(batch) + "/dtype:f32",
         .work = {.flops = static_cast<double>(batch * Decoder::flops({side, side, 0}))},
         .prepare = [batch] { return prepare(batch); }});
}

}  // namespace vlsm::bench
