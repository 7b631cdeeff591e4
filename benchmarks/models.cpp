// SPDX-License-Identifier: MIT
#include <memory>
#include <optional>

#include "benchmarks/support/block.hpp"
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/clipseg.hpp"
#include "vlsm/models/cris.hpp"
#include "vlsm/models/deeplabv3plus.hpp"
#include "vlsm/models/unet.hpp"
#include "vlsm/nn/autocast.hpp"
#include "vlsm/segmenter/graphed.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/segmenter/segmenter.hpp"

// Whole models, from normalized pixels and token ids to logits.
namespace vlsm::bench {
namespace {

constexpr int tokens = 16;
/// Pictures and prompts that a batch repeats: so many that mixing up its rows shows.
constexpr std::int64_t different = 2;

template <class A>
at::Tensor pictures() {
  return test::recipe_image("bench:model", {different, 3, A::recipe.image, A::recipe.image});
}

/// [2, tokens], each prompt of other words; undefined for a model that reads none.
template <class A>
at::Tensor prompts() {
  if constexpr (A::Text::vocabulary == 0) return {};
  at::Tensor const ids = repeated(made_ids(A::Text::vocabulary, tokens), different);
  ids.slice(1, 0, tokens - 1).add_(at::arange(different, at::kLong).unsqueeze(1));
  return ids;
}

/// In deviations of both pictures' logits, since random weights may say nearly the same of all of
/// one picture. In bfloat16 the weights stay float32 and products are rounded, as in training.
double tolerance(Dtype const& dtype) {
  return dtype.type == at::kBFloat16 ? 0.2 : dtype.tf32 ? 2e-2 : 2e-4;
}

/// What the model says in double precision of the pictures and prompts that batches repeat.
/// Computed once.
template <class A, io::KeyScheme const& scheme>
at::Tensor const& exact_logits() {
  static at::Tensor const logits = exact_results(with_recipe_weights<Segmenter<A>>("", scheme),
                                                 pictures<A>(), Tokens{prompts<A>()})[0];
  return logits;
}

template <class A, io::KeyScheme const& scheme>
Prepared prepare(std::int64_t batch, Place const& place) {
  at::Tensor const image = repeated(pictures<A>(), batch).to(place.device);
  at::Tensor ids = prompts<A>();
  if (ids.defined()) ids = repeated(ids, batch).to(place.device);
  at::Tensor const& exact = exact_logits<A, scheme>();
  at::Tensor const expected = repeated(exact, batch);
  double const spread = (exact.std() / expected.std()).item<double>();
  auto const model = with_recipe_weights<Segmenter<A>>("", scheme);
  model->to(place.device);
  auto const once = [=, dtype = place.dtype, device = place.device.type()] {
    std::optional<Autocast> rounded;
    if (dtype.type == at::kBFloat16) rounded.emplace(device);
    return model->forward(image, {ids});
  };
  return {.wrong = difference("logits", once(), expected, spread * tolerance(place.dtype)),
          .run = [once] {
            at::Tensor const logits = once();
            benchmark::DoNotOptimize(logits.const_data_ptr());
          }};
}

#ifdef VLSM_KERNELS
/// The same of a prepared model whose passes are replayed; ids come from the CPU each time.
template <class A, io::KeyScheme const& scheme>
Prepared prepare_graphed(std::int64_t batch, Place const& place) {
  at::Tensor const image = repeated(pictures<A>(), batch).to(place.device);
  at::Tensor ids = prompts<A>();
  if (ids.defined()) ids = repeated(ids, batch);
  at::Tensor const& exact = exact_logits<A, scheme>();
  at::Tensor const expected = repeated(exact, batch);
  double const spread = (exact.std() / expected.std()).item<double>();
  auto const model = with_recipe_weights<Segmenter<A>>("", scheme);
  model->to(place.device);
  vlsm::prepare(
      *model, {.precision = place.dtype.type == at::kBFloat16 ? Precision::bf16 : Precision::fp32});
  auto const view = std::make_shared<SegmenterView<A>>(*model);
  auto const graphed = std::make_shared<GraphedSegmenter>(*view);
  auto const once = [=] { return graphed->forward(image, {ids}); };
  return {.wrong = difference("logits", once(), expected, spread * tolerance(place.dtype)),
          .run = [once, model, view] {
            at::Tensor const logits = once();
            benchmark::DoNotOptimize(logits.const_data_ptr());
          }};
}

template <class A, io::KeyScheme const& scheme>
void add_graphed(std::string const& name) {
  for (Dtype const& dtype : {f32, tf32, bf16})
    for (Place const& place : on_device(dtype))
      for (int batch : {1, 8})
        add({.name = "BM_GraphedModel/model:" + name + "/image:" + std::to_string(A::recipe.image) +
                     "/batch:" + std::to_string(batch) + "/dtype:" + dtype.name,
             .work = {.flops = static_cast<double>(batch * flops<A>(tokens))},
             .prepare = [=] { return prepare_graphed<A, scheme>(batch, place); },
             .place = place});
}
#else
template <class A, io::KeyScheme const& scheme>
void add_graphed(std::string const& /*name*/) {}
#endif

template <class A, io::KeyScheme const& scheme>
void add_model(std::string const& name, std::vector<Place> const& where) {
  for (Place const& place : where)
    for (int batch : {1, 8})
      add({.name = "BM_Model/model:" + name + "/image:" + std::to_string(A::recipe.image) +
                   "/batch:" + std::to_string(batch) + "/dtype:" + place.dtype.name,
           .work = {.flops = static_cast<double>(batch * flops<A>(tokens))},
           .prepare = [=] { return prepare<A, scheme>(batch, place); },
           .place = place});
}

Registration const all([] {
  auto const anywhere = places({f32}, {f32, tf32, bf16}), cpu = places({f32}, {});
  add_model<ClipSeg, io::hf_clipseg>("clipseg", anywhere);
  add_model<Cris, io::cris>("cris", anywhere);
  add_graphed<ClipSeg, io::hf_clipseg>("clipseg");
  add_graphed<Cris, io::cris>("cris");
  add_graphed<Unet, io::smp_unet>("unet");
  add_model<BiomedClipSeg, io::biomedclipseg>("biomedclipseg", cpu);
  add_model<Unet, io::smp_unet>("unet", cpu);
  add_model<UnetPlusPlus, io::smp_unetpp>("unetpp", cpu);
  add_model<DeepLabV3Plus, io::smp_deeplabv3plus>("deeplabv3plus", cpu);
});

}  // namespace
}  // namespace vlsm::bench
