// SPDX-License-Identifier: MIT
#include "benchmarks/support/case.hpp"
#include "benchmarks/support/models.hpp"

// The vision tower: CLIPSeg's, which ends at its deepest tap, and that of all 12 blocks.
namespace vlsm::bench {
namespace {

template <class V>
Prepared prepare(V const& tower, std::int64_t batch) {
  Stored const stored;
  at::Tensor const image = stored.image(batch);
  Features const seen = tower.forward(image);
  std::vector<std::string> findings;
  for (std::size_t i = 0; i < seen.taps.size(); ++i)
    findings.push_back(stored.differs("activation" + std::to_string(i), seen.taps[i]));
  if (V::out.pooled > 0) findings.push_back(stored.differs("pooled_output", seen.pooled));
  return {.wrong = first_of(findings), .run = [&tower, image] {
            Features const result = tower.forward(image);
            benchmark::DoNotOptimize(result.taps.back().const_data_ptr());
          }};
}

ClipSegVisual::Vision const& whole_tower() {
  static auto const tower = with_recipe_weights<ClipSegVisual::Vision>("vision.");
  return *tower;
}

template <class V>
void add_tower(std::string const& model, std::int64_t batch, V const& (*tower)()) {
  constexpr int side = ClipSeg::recipe.image;
  constexpr long long work = V::flops({side, side, 0});
  add({.name = "BM_Vision/model:" + model + "/image:" + std::to_string(side) +
               "/batch:" + std::to_string(batch) + "/dtype:f32",
       .work = {.flops = static_cast<double>(batch * work)},
       .prepare = [=] { return prepare(tower(), batch); }});
}

ClipSeg::Vision const& tower() { return *clipseg().vision; }

}  // namespace

void add_vision() {
  add_tower("clipseg", 1, tower);
  add_tower("clipseg", 8, tower);
  add_tower("clip_12_blocks", 1, whole_tower);
}

}  // namespace vlsm::bench
