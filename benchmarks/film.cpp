// SPDX-License-Identifier: MIT
#include "benchmarks/support/block.hpp"
#include "benchmarks/support/plain.hpp"
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/clipseg.hpp"

// CLIPSeg's fusion: three taps reduced to 64 channels, the deepest modulated by the sentence.
namespace vlsm::bench {
namespace {

/// The fusion in double precision; tap 0 is the shallowest, reduce.0 belongs to the deepest.
std::vector<at::Tensor> plain(Module const& fusion, ImageFeatures const& seen,
                              TextFeatures const& said) {
  Weights const w(fusion);
  std::vector<at::Tensor> joint;
  for (std::size_t i = 0; i < seen.taps.size(); ++i) {
    std::string const name = "reduce." + std::to_string(seen.taps.size() - 1 - i);
    joint.push_back(w.linear(in_double(seen.taps[i]), name));
  }
  at::Tensor const sentence = in_double(said.sentence);
  joint.back() = w.linear(sentence, "scale").unsqueeze(1) * joint.back() +
                 w.linear(sentence, "shift").unsqueeze(1);
  return joint;
}

template <class A, io::KeyScheme const& scheme>
void add_model(std::string const& model, std::int64_t batch) {
  using Fusion = typename Slots<A>::Fusion;
  constexpr int side = A::recipe.image;
  add({.name = "BM_Film" + picture_axes(model, side, batch),
       .work = {.flops = static_cast<double>(batch * Fusion::flops({side, side, 0}))},
       .unit = benchmark::kMicrosecond,
       .prepare = [batch] {
         auto const fusion = with_recipe_weights<Fusion>("fusion.", scheme);
         ImageFeatures const seen = made_features("bench:film", Fusion::image, side, batch);
         TextFeatures const said = made_said("bench:film", Fusion::text, 0, batch);
         return against(plain(*fusion, seen, said), fusion, seen, said);
       }});
}

Registration const all([] {
  for (int batch : {1, 8}) add_model<ClipSeg, io::hf_clipseg>("clipseg", batch);
  add_model<BiomedClipSeg, io::biomedclipseg>("biomedclipseg", 1);
});

}  // namespace
}  // namespace vlsm::bench
