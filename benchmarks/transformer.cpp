// SPDX-License-Identifier: MIT
#include <type_traits>

#include "benchmarks/support/block.hpp"
#include "benchmarks/support/plain.hpp"
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/clipseg.hpp"

// CLIPSeg's decoder: three transformer layers of 64 channels.
namespace vlsm::bench {
namespace {

using Decoder = Slots<ClipSeg>::Decoder;

/// The decoder in double precision, line by line: deepest tap first, norms after the sums.
at::Tensor plain(Module const& decoder, ImageFeatures const& joint) {
  constexpr std::int64_t heads = 4;
  Weights const w(decoder);
  at::Tensor x;
  for (int i = 0; i < Decoder::in.count; ++i) {
    std::string const layer = "layers." + std::to_string(i) + ".";
    at::Tensor const tap =
        in_double(joint.taps[static_cast<std::size_t>(Decoder::in.count - 1 - i)]);
    x = i == 0 ? tap : tap + x;
    x = w.norm(x + w.attention(x, layer + "attn", heads, false), layer + "norm1");
    at::Tensor const up = w.linear(x, layer + "mlp.up").clamp_min(0);
    x = w.norm(x + w.linear(up, layer + "mlp.down"), layer + "norm2");
  }
  std::int64_t const cells = joint.height() / Decoder::out.stride[0];
  at::Tensor const grid = x.slice(1, Decoder::in.class_tokens);
  return grid.reshape({x.size(0), cells, cells, Decoder::out.width[0]}).permute({0, 3, 1, 2});
}

void add_size(std::string const& model, int side, std::int64_t batch) {
  add({.name = "BM_Decoder" + picture_axes(model, side, batch),
       .work = {.flops = static_cast<double>(batch * Decoder::flops({side, side, 0}))},
       .prepare = [=] {
         auto const decoder = with_recipe_weights<Decoder>("decoder.");
         ImageFeatures const joint = made_features("bench:decoder", Decoder::in, side, batch);
         return against({plain(*decoder, joint)}, decoder, joint, TextFeatures{});
       }});
}

Registration const all([] {
  for (int batch : {1, 8}) add_size("clipseg", ClipSeg::recipe.image, batch);
  static_assert(std::is_same_v<Slots<BiomedClipSeg>::Decoder, Decoder>);
  add_size("biomedclipseg", BiomedClipSeg::recipe.image, 1);
});

}  // namespace
}  // namespace vlsm::bench
