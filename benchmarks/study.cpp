// SPDX-License-Identifier: MIT
#include "benchmarks/support/case.hpp"
#include "benchmarks/support/models.hpp"
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/cris.hpp"
#include "vlsm/models/deeplabv3plus.hpp"
#include "vlsm/models/unetpp.hpp"

// The study's other models, slot by slot and whole. The parity tests hold their numbers against the
// references; what is timed here is checked against the same block in double precision.
namespace vlsm::bench {
namespace {

constexpr int tokens = 16;

/// A model in both precisions, and what each slot writes for one picture and one prompt.
template <class A>
struct Trial {
  explicit Trial(io::KeyScheme const& scheme)
      : model(with_recipe_weights<Segmenter<A>>("", scheme)),
        exact(with_recipe_weights<Segmenter<A>>("", scheme)) {
    exact->to(at::kDouble);
    image = test::recipe_image("bench:study", {1, 3, A::recipe.image, A::recipe.image});
    if (A::Text::vocabulary > 0) {
      ids = at::arange(1000, 1000 + tokens, at::kLong).unsqueeze(0);
      ids[0][tokens - 1] = std::min<std::int64_t>(A::Text::vocabulary - 1, 49407);
    }
    seen = model->vision->forward(image);
    said = model->text->forward({ids});
    joint = model->fusion->forward(seen, said);
    read = model->decoder->forward(joint, said);
  }

  std::shared_ptr<Segmenter<A>> model, exact;
  at::Tensor image, ids;
  Features seen, joint, read;
  Said said;
};

Features to_double(Features features) {
  for (at::Tensor& tap : features.taps) tap = tap.to(at::kDouble);
  features.image = features.image.to(at::kDouble);
  return features;
}
Said to_double(Said said) {
  if (said.sentence.defined()) said.sentence = said.sentence.to(at::kDouble);
  if (said.words.defined()) said.words = said.words.to(at::kDouble);
  return said;
}

/// Checks once, then times `run(model, …)` of one precision.
template <class A, class Run>
void add_part(std::string const& block, std::string const& model, long long flops,
              std::shared_ptr<Trial<A>> (*trial)(), Run run) {
  std::string const side = std::to_string(A::recipe.image);
  add({.name = "BM_" + block + "/model:" + model + "/image:" + side + "/batch:1/dtype:f32",
       .work = {.flops = static_cast<double>(flops)},
       .prepare = [trial, run, block] {
         auto const t = trial();
         at::Tensor const expected =
             run(*t->exact, t->image.to(at::kDouble), t->ids, to_double(t->seen),
                 to_double(t->said), to_double(t->joint), to_double(t->read));
         auto const once = [t, run] {
           return run(*t->model, t->image, t->ids, t->seen, t->said, t->joint, t->read);
         };
         return Prepared{.wrong = difference(block, once(), expected, 2e-4), .run = [once] {
                           at::Tensor const result = once();
                           benchmark::DoNotOptimize(result.const_data_ptr());
                         }};
       }});
}

template <class A, io::KeyScheme const& scheme>
std::shared_ptr<Trial<A>> trial() {
  static auto const one = std::make_shared<Trial<A>>(scheme);
  return one;
}

template <class A, io::KeyScheme const& scheme>
void add_model(std::string const& name) {
  constexpr Load load{A::recipe.image, A::recipe.image, tokens};
  auto const get = trial<A, scheme>;
  add_part<A>("Vision", name, A::Vision::flops(load), get,
              [](auto& m, at::Tensor const& image, auto&&...) {
                return m.vision->forward(image).taps.back();
              });
  if constexpr (A::Text::vocabulary > 0)
    add_part<A>("Text", name, A::Text::flops(load), get,
                [](auto& m, auto&&, at::Tensor const& ids, auto&&...) {
                  return m.text->forward({ids}).sentence;
                });
  if constexpr (A::Fusion::parameter_count() > 0)
    add_part<A>("Fusion", name, A::Fusion::flops(load), get,
                [](auto& m, auto&&, auto&&, Features const& seen, Said const& said, auto&&...) {
                  return m.fusion->forward(seen, said).taps.back();
                });
  add_part<A>("Decoder", name, A::Decoder::flops(load), get,
              [](auto& m, auto&&, auto&&, auto&&, Said const& said, Features const& joint, auto&&) {
                return m.decoder->forward(joint, said).taps[0];
              });
  add_part<A>("Head", name, A::Head::flops(load), get,
              [](auto& m, auto&&, auto&&, auto&&, Said const& said, auto&&, Features const& read) {
                return m.head->forward(read, said);
              });
  add_part<A>("Model", name, flops<A>(tokens), get,
              [](auto& m, at::Tensor const& image, at::Tensor const& ids, auto&&...) {
                return m.forward(image, {ids});
              });
}

}  // namespace

void add_study() {
  add_model<Cris, io::cris>("cris");
  add_model<BiomedClipSeg, io::biomedclipseg>("biomedclipseg");
  add_model<Unet, io::smp_unet>("unet");
  add_model<UnetPlusPlus, io::smp_unetpp>("unetpp");
  add_model<DeepLabV3Plus, io::smp_deeplabv3plus>("deeplabv3plus");
}

}  // namespace vlsm::bench
