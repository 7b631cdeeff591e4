// SPDX-License-Identifier: MIT
#include "benchmarks/support/block.hpp"
#include "benchmarks/support/plain.hpp"
#include "vlsm/models/clipseg.hpp"
#include "vlsm/models/cris.hpp"
#include "vlsm/models/deeplabv3plus.hpp"
#include "vlsm/models/unet.hpp"

// The heads, from a decoder's map to logits: CLIPSeg's two, CRIS's, whose last convolution the
// sentence writes (its projector), and the baselines', of one convolution.
namespace vlsm::bench {
namespace {

/// A transposed convolution whose stride is its kernel: every cell is one product, written as a
/// patch.
at::Tensor plain_upsample(at::Tensor const& x, Weights const& w, std::string const& name) {
  at::Tensor const weight = w[name + ".weight"];  // [in, out, k, k]
  auto const out = weight.size(1), kernel = weight.size(2);
  at::Tensor const cells = at::matmul(x.permute({0, 2, 3, 1}), weight.flatten(1));
  return cells.reshape({x.size(0), x.size(2), x.size(3), out, kernel, kernel})
             .permute({0, 3, 1, 4, 2, 5})
             .reshape({x.size(0), out, x.size(2) * kernel, x.size(3) * kernel}) +
         w[name + ".bias"].reshape({1, out, 1, 1});
}

/// A 3x3 convolution with a border of zeros, as a sum of nine shifted products.
at::Tensor plain_conv(at::Tensor const& x, Weights const& w, std::string const& name) {
  at::Tensor const weight = w[name + ".weight"];  // [out, in, 3, 3]
  at::Tensor const padded = at::constant_pad_nd(x, {1, 1, 1, 1}).permute({0, 2, 3, 1});
  at::Tensor sum = w[name + ".bias"];
  for (int dy = 0; dy < 3; ++dy)
    for (int dx = 0; dx < 3; ++dx)
      sum = sum + at::matmul(padded.slice(1, dy, dy + x.size(2)).slice(2, dx, dx + x.size(3)),
                             weight.select(3, dx).select(2, dy).t());
  return sum.permute({0, 3, 1, 2});
}

at::Tensor plain(Slots<ClipSeg>::Head const& head, at::Tensor const& read) {
  Weights const w(head);
  at::Tensor const sharp = plain_conv(read, w, "smooth").clamp_min(0);
  return plain_upsample(plain_upsample(sharp, w, "up1").clamp_min(0), w, "up2");
}

at::Tensor plain(Slots<ClipSegSimple>::Head const& head, at::Tensor const& read) {
  return plain_upsample(read, Weights(head), "up");
}

/// CLIPSeg's heads, against what is written out above.
template <class A>
Prepared prepare_plain(std::int64_t batch) {
  using Head = typename Slots<A>::Head;
  auto const head = with_recipe_weights<Head>("head.");
  ImageFeatures const read = made_features("bench:head", Head::in, A::recipe.image, batch);
  return against({plain(*head, in_double(read.taps[0]))}, head, read, TextFeatures{});
}

template <class A, io::KeyScheme const& scheme>
Prepared prepare_in_double(std::int64_t batch) {
  using Head = typename Slots<A>::Head;
  return against_double<Head>("head.", scheme,
                              made_features("bench:head", Head::in, A::recipe.image, batch),
                              made_said("bench:head", A::Text::out, 1, batch));
}

template <class A>
void add_head(std::string const& kind, std::int64_t batch, Prepared (*prepare)(std::int64_t)) {
  constexpr int side = A::recipe.image;
  add({.name = "BM_Head/kind:" + kind + "/image:" + std::to_string(side) +
               "/batch:" + std::to_string(batch) + "/dtype:f32",
       .work = {.flops = static_cast<double>(batch * Slots<A>::Head::flops({side, side, 0}))},
       .unit = benchmark::kMicrosecond,
       .prepare = [=] { return prepare(batch); }});
}

Registration const all([] {
  for (int batch : {1, 8}) {
    add_head<ClipSegSimple>("plain", batch, prepare_plain<ClipSegSimple>);
    add_head<ClipSeg>("refined", batch, prepare_plain<ClipSeg>);
  }
  add_head<Cris>("dynamic", 1, prepare_in_double<Cris, io::cris>);
  add_head<Unet>("conv_3x3", 1, prepare_in_double<Unet, io::smp_unet>);
  add_head<DeepLabV3Plus>("conv_1x1", 1, prepare_in_double<DeepLabV3Plus, io::smp_deeplabv3plus>);
});

}  // namespace
}  // namespace vlsm::bench
