// SPDX-License-Identifier: MIT
#include "benchmarks/support/block.hpp"
#include "benchmarks/support/plain.hpp"
#include "benchmarks/support/stored.hpp"
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/clipseg.hpp"
#include "vlsm/models/cris.hpp"

// The text towers, by the length of the prompt: CLIP's, CRIS's (the same with every word written
// out) and BERT.
namespace vlsm::bench {
namespace {

using Clip = ClipSeg::Text;

/// CLIP's prompts begin with a token of their own.
at::Tensor clip_prompt(std::int64_t length) {
  at::Tensor const ids = made_ids(Clip::vocabulary, length);
  ids[0][0] = 49406;
  return ids;
}

/// CLIP's tower in double precision, line by line.
at::Tensor plain_sentence(Clip const& tower, at::Tensor const& ids) {
  Weights const w(tower);
  at::Tensor x = w["tokens"].index({ids}) + w["positions"].slice(0, 0, ids.size(1));
  for (int i = 0; i < clip_text.blocks; ++i) {
    std::string const block = "blocks." + std::to_string(i) + ".";
    x = x + w.attention(w.norm(x, block + "norm1"), block + "attn", clip_text.layer.heads, true);
    at::Tensor const up = w.linear(w.norm(x, block + "norm2"), block + "mlp.up");
    x = x + w.linear(up / (1 + (-1.702 * up).exp()), block + "mlp.down");
  }
  return at::matmul(w.norm(x, "norm_after").select(1, ids.size(1) - 1), w["project.weight"].t());
}

Prepared prepare_clip(std::int64_t length) {
  auto const tower = with_recipe_weights<Clip>("text.");
  Stored const stored;
  Tokens const tokens{clip_prompt(length)};
  std::string const wrong =
      first_of({stored.differs("conditional_embeddings", tower->forward({stored.ids(2)}).sentence),
                difference("sentence", tower->forward(tokens).sentence,
                           plain_sentence(*tower, tokens.ids))});
  return {.wrong = wrong, .run = [tower, tokens] {
            TextFeatures const result = tower->forward(tokens);
            benchmark::DoNotOptimize(result.sentence.const_data_ptr());
          }};
}

template <class T>
void add_tower(std::string const& model, int length, Prepared (*prepare)(std::int64_t length)) {
  add({.name =
           "BM_Text/model:" + model + "/tokens:" + std::to_string(length) + "/batch:1/dtype:f32",
       .work = {.flops = static_cast<double>(T::flops({0, 0, length}))},
       .prepare = [=] { return prepare(length); }});
}

template <class T, io::KeyScheme const& scheme>
void add_tower_of(std::string const& model, int length) {
  add_tower<T>(model, length, [](std::int64_t tokens) {
    return against_double<T>("text.", scheme, Tokens{made_ids(T::vocabulary, tokens)});
  });
}

Registration const all([] {
  for (int length : {8, 16, 77}) add_tower<Clip>("clip", length, prepare_clip);
  add_tower_of<Cris::Text, io::cris>("cris", Cris::recipe.tokens);
  for (int length : {16, 77}) add_tower_of<BiomedClipSeg::Text, io::biomedclipseg>("bert", length);
});

}  // namespace
}  // namespace vlsm::bench
