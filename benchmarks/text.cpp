// SPDX-License-Identifier: MIT
#include "benchmarks/support/case.hpp"
#include "benchmarks/support/models.hpp"

// CLIP's text tower, by the length of the prompt.
namespace vlsm::bench {
namespace {

using Text = ClipSeg::Text;

/// start, words, end: [1, length]
at::Tensor prompt(std::int64_t length) {
  at::Tensor ids = at::arange(1000, 1000 + 17 * length, 17, at::kLong).unsqueeze(0);
  ids[0][0] = 49406;
  ids[0][length - 1] = clip_text.end;
  return ids;
}

/// The tower in double precision, line by line.
at::Tensor plain_sentence(at::Tensor const& ids) {
  Weights const w(*clipseg().text);
  at::Tensor x = w["tokens"].index({ids}) + w["positions"].slice(0, 0, ids.size(1));
  for (int i = 0; i < clip_text.blocks; ++i) {
    std::string const block = "blocks." + std::to_string(i) + ".";
    x = x + w.attention(w.norm(x, block + "norm1"), block + "attn", clip_text.layer.heads, true);
    at::Tensor const up = w.linear(w.norm(x, block + "norm2"), block + "mlp.up");
    x = x + w.linear(up / (1 + (-1.702 * up).exp()), block + "mlp.down");
  }
  return at::matmul(w.norm(x, "norm_after").select(1, ids.size(1) - 1), w["project.weight"].t());
}

Prepared prepare(std::int64_t length) {
  Text const& tower = *clipseg().text;
  Stored const stored;
  Tokens const tokens{prompt(length)};
  std::string const wrong = first_of(
      {stored.differs("conditional_embeddings", tower.forward({stored.ids(2)}).sentence),
       difference("sentence", tower.forward(tokens).sentence, plain_sentence(tokens.ids))});
  return {.wrong = wrong, .run = [&tower, tokens] {
            Said const result = tower.forward(tokens);
            benchmark::DoNotOptimize(result.sentence.const_data_ptr());
          }};
}

}  // namespace

void add_text() {
  for (int length : {8, 16, 77})
    add({.name = "BM_Text/model:clip/tokens:" + std::to_string(length) + "/batch:1/dtype:f32",
         .work = {.flops = static_cast<double>(Text::flops({0, 0, length}))},
         .prepare = [length] { return prepare(length); }});
}

}  // namespace vlsm::bench
