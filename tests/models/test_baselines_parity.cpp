// SPDX-License-Identifier: MIT
#include <ATen/core/grad_mode.h>

#include "support/reference.hpp"
#include "vlsm/models/deeplabv3plus.hpp"
#include "vlsm/models/unet.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/weights/load.hpp"

// The image-only baselines against segmentation_models_pytorch: recipe weights at full size.
namespace {

using namespace vlsm;
using test::Reference;

constexpr double evaluating = 1e-4, training = 1e-3;  // of the reference's standard deviation

struct UnetR18 : Unet {
  using Vision = ResNet<resnet18>;
  using Fusion = PassThrough<>;
  using Decoder = UnetDecoder<>;
  using Head = ConvHead<>;
};

// Equal to what segmentation_models_pytorch counts.
static_assert(parameter_count<Unet>() == 32'521'105);
static_assert(parameter_count<UnetR18>() == 14'328'209);
static_assert(parameter_count<UnetPlusPlus>() == 48'985'745);
static_assert(parameter_count<DeepLabV3Plus>() == 26'677'585);

/// The running statistics after one step in training, under the reference's names.
template <class A>
void check_statistics(Segmenter<A> const& model, io::KeyScheme const& scheme,
                      Reference const& reference) {
  int found = 0;
  for (auto const& item : model.named_buffers()) {
    std::string const theirs = io::origins_of(scheme, item.key()).at(0).theirs + ".after";
    if (!reference.has(theirs)) continue;
    ++found;
    if (item.value().is_floating_point())
      reference.check(theirs, item.value(), training);
    else
      CHECK(item.value().equal(reference[theirs].squeeze()));
  }
  CHECK(found == 9);
}

template <class A>
void check(std::string const& name, io::KeyScheme const& scheme) {
  auto const path = test::fixture("baselines/" + name + ".safetensors");
  VLSM_NEEDS(path, "baselines");
  Reference const reference(*path);
  at::NoGradGuard const no_grad;
  WithoutInitialization const fast;
  Segmenter<A> model;
  auto const report =
      io::load_tensors(model, test::recipe_state(model, scheme), "recipe", omitted<Segmenter<A>>);
  CHECK(report.scheme == scheme.name);
  model.eval();
  at::Tensor const image = reference.input("pixel_values");
  auto const check_outputs = [&](Segmenter<A> const& model) {
    ImageFeatures const seen = model.vision->forward(image);
    for (int i = 0; i < A::Vision::out.count; ++i)
      reference.check("feature" + std::to_string(A::Vision::settings.taps[i] + 1),
                      seen.taps[static_cast<std::size_t>(i)], evaluating);
    reference.check("logits", model.forward(image, {}), evaluating);
  };
  check_outputs(model);
  Segmenter<A> prepared;
  io::load_tensors(prepared, test::recipe_state(prepared, scheme), "recipe", omitted<Segmenter<A>>);
  std::puts("prepared for inference:");
  prepare(prepared);
  check_outputs(prepared);
  if (!reference.has("logits_train")) return;
  model.train();
  reference.check("logits_train", model.forward(image, {}), training);
  check_statistics(model, scheme, reference);
}

TEST_CASE("U-Net over ResNet-50 gives the reference's numbers, in training too") {
  check<Unet>("unet_resnet50", io::smp_unet);
}
TEST_CASE("U-Net over ResNet-18 gives the reference's numbers, in training too") {
  check<UnetR18>("unet_resnet18", io::smp_unet);
}
TEST_CASE("UNet++ gives the reference's numbers") {
  check<UnetPlusPlus>("unetplusplus_resnet50", io::smp_unetpp);
}
TEST_CASE("DeepLabV3+ gives the reference's numbers") {
  check<DeepLabV3Plus>("deeplabv3plus_resnet50", io::smp_deeplabv3plus);
}

}  // namespace
