// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cstdio>
#include <string_view>

#include "vlsm/models/clipseg.hpp"
#include "vlsm/version.hpp"
#include "vlsm/weights/load.hpp"

// What a user of the library writes: a small variant of CLIPSeg, composed, run once, and weights
// asked for that are not there. One project links vlsm::vlsm, another vlsm::compiled.
namespace {

using namespace vlsm;

constexpr VitConfig small_vit{.layer = {.width = 32, .heads = 2, .ffn = 64},
                              .blocks = 2,
                              .patch = 8,
                              .grid = 4,
                              .taps = {0, 1},
                              .count = 2};
constexpr ClipTextConfig small_text{.layer = {.width = 32, .heads = 2, .ffn = 64},
                                    .blocks = 1,
                                    .vocabulary = 100,
                                    .end = 99,
                                    .sentence = 32};

struct SmallSeg {
  using Vision = VisionTransformer<small_vit>;
  using Text = ClipText<small_text>;
  using Fusion = Film<FilmConfig{.width = 16}>;
  using Decoder = TransformerDecoder<DecoderConfig{.heads = 2, .ffn = 32}>;
  using Head = TransposedHead<>;
  static constexpr Recipe recipe{.image = 32, .normalize = imagenet_normalization};
};

}  // namespace

int main() {
  at::NoGradGuard const no_grad;
  Segmenter<SmallSeg> model;
  at::Tensor const ids = at::arange(96, 100, at::kLong).unsqueeze(0);  // 99 ends the prompt
  at::Tensor const logits = model.forward(at::rand({2, 3, 32, 32}), {ids});
  bool const right =
      logits.sizes() == at::IntArrayRef{2, 1, 32, 32} && at::isfinite(logits).all().item<bool>();
  std::printf("vlsm %s: logits %s\n", VLSM_VERSION,
              right ? "as expected" : "of another shape, or not finite");
  try {
    io::load(model, "missing.safetensors");
  } catch (Error const& e) {
    std::printf("%s\n", e.what());
    return right && std::string_view(e.what()).find("missing.safetensors") != std::string_view::npos
               ? 0
               : 1;
  }
  return 1;
}
