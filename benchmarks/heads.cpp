// SPDX-License-Identifier: MIT
#include "benchmarks/support/case.hpp"
#include "benchmarks/support/models.hpp"

// CLIPSeg's two heads: from the decoder's map of 22 x 22 cells to 352 x 352 logits.
namespace vlsm::bench {
namespace {

constexpr int side = ClipSeg::recipe.image;

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

at::Tensor plain(ClipSeg::Head const& head, at::Tensor const& read) {
  Weights const w(head);
  at::Tensor const sharp = plain_conv(read, w, "smooth").clamp_min(0);
  return plain_upsample(plain_upsample(sharp, w, "up1").clamp_min(0), w, "up2");
}

at::Tensor plain(ClipSegSimple::Head const& head, at::Tensor const& read) {
  return plain_upsample(read, Weights(head), "up");
}

template <class Head>
Prepared prepare(std::int64_t batch) {
  auto const head = with_recipe_weights<Head>("head.");
  constexpr std::int64_t cells = side / Head::in.stride[0];
  at::Tensor const read =
      test::recipe_uniform("bench:head", {batch, Head::in.width[0], cells, cells});
  Features const seen{.taps = {read}, .pooled = {}, .image = at::zeros({batch, 3, side, side})};
  return {
      .wrong = difference("logits", head->forward(seen, {}), plain(*head, read.to(at::kDouble))),
      .run = [head, seen] {
        at::Tensor const result = head->forward(seen, {});
        benchmark::DoNotOptimize(result.const_data_ptr());
      }};
}

template <class Head>
void add_head(std::string const& kind, std::int64_t batch) {
  constexpr long long work = Head::flops({side, side, 0});
  add({.name = "BM_Head/kind:" + kind + "/image:" + std::to_string(side) +
               "/batch:" + std::to_string(batch) + "/dtype:f32",
       .work = {.flops = static_cast<double>(batch * work)},
       .unit = benchmark::kMicrosecond,
       .prepare = [batch] { return prepare<Head>(batch); }});
}

}  // namespace

void add_heads() {
  for (int batch : {1, 8}) {
    add_head<ClipSegSimple::Head>("plain", batch);
    add_head<ClipSeg::Head>("refined", batch);
  }
}

}  // namespace vlsm::bench
