// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "benchmarks/support/case.hpp"
#include "benchmarks/support/check.hpp"
#include "tests/support/recipe.hpp"
#include "vlsm/compose/ports.hpp"
#include "vlsm/keys/schemes.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/segmenter/features.hpp"
#include "vlsm/weights/reshape.hpp"

// One block alone: its weights, what it reads, and its check. Blocks of every slot are called in
// the same way, forward(inputs…), so one function prepares them all.
namespace vlsm::bench {

/// A block, or a whole model, with the recipe's weights: those that its stored outputs were made
/// with.
///
/// @param slot what stands before the block's own names in a model ("vision."); "" for all of it
/// @param scheme whose keys the recipe is seeded with
template <class B>
std::shared_ptr<B> with_recipe_weights(std::string const& slot,
                                       io::KeyScheme const& scheme = io::hf_clipseg) {
  WithoutInitialization const unset;
  auto const block = std::make_shared<B>();
  auto const fill = [&](std::string const& name, at::Tensor tensor) {
    std::vector<at::Tensor> parts;
    for (io::Origin const& origin : io::origins_of(scheme, slot + name)) {
      at::Tensor const theirs = io::to_theirs(origin.rule, tensor);
      parts.push_back(
          io::to_ours(origin.rule.change, test::recipe_weight(origin.theirs, theirs.sizes())));
    }
    tensor.set_data((parts.size() == 1 ? parts[0] : at::cat(parts)).contiguous());
  };
  for (auto& item : block->named_parameters()) fill(item.key(), item.value());
  for (auto& item : block->named_buffers())
    if (item.value().is_floating_point()) fill(item.key(), item.value());
  block->eval();
  return block;
}

/// ImageFeatures as `port` says, of a square image, in [-1, 1).
inline ImageFeatures made_features(std::string const& key, FeatureSpec const& port,
                                   std::int64_t side, std::int64_t batch) {
  ImageFeatures made{.taps = {}, .pooled = {}, .image = at::zeros({batch, 3, side, side})};
  for (int i = 0; i < port.count; ++i) {
    std::int64_t const cells = side / port.stride[i], width = port.width[i];
    std::string const name = key + ":" + std::to_string(i);
    made.taps.push_back(
        port.layout == Layout::map
            ? test::recipe_uniform(name, {batch, width, cells, cells})
            : test::recipe_uniform(name, {batch, port.class_tokens + cells * cells, width}));
  }
  return made;
}

/// A sentence and words as `port` says, in [-1, 1).
inline TextFeatures made_said(std::string const& key, TextSpec const& port, std::int64_t tokens,
                              std::int64_t batch) {
  TextFeatures said;
  if (port.sentence > 0)
    said.sentence = test::recipe_uniform(key + ":sentence", {batch, port.sentence});
  if (port.words > 0)
    said.words = test::recipe_uniform(key + ":words", {batch, tokens, port.words});
  return said;
}

/// A prompt [1, tokens] of a tower with so many words: rising ids, the end where there is one.
inline at::Tensor made_ids(std::int64_t vocabulary, std::int64_t tokens) {
  at::Tensor const ids = at::arange(1000, 1000 + 17 * tokens, 17, at::kLong).unsqueeze(0);
  ids[0][tokens - 1] = vocabulary - 1;
  return ids;
}

inline at::Tensor in_double(at::Tensor const& x) {
  return x.defined() && x.is_floating_point() ? x.to(at::kDouble) : x;
}
inline ImageFeatures in_double(ImageFeatures features) {
  for (at::Tensor& tap : features.taps) tap = in_double(tap);
  features.image = in_double(features.image);
  return features;
}
inline TextFeatures in_double(TextFeatures const& said) {
  return {in_double(said.sentence), in_double(said.words), said.padding};
}
inline Tokens in_double(Tokens const& tokens) { return tokens; }

/// What a block wrote, whichever slot it is of.
inline std::vector<at::Tensor> results(at::Tensor const& x) { return {x}; }
inline std::vector<at::Tensor> results(ImageFeatures const& features) {
  std::vector<at::Tensor> list = features.taps;
  if (features.pooled.defined()) list.push_back(features.pooled);
  return list;
}
inline std::vector<at::Tensor> results(TextFeatures const& said) {
  std::vector<at::Tensor> list{said.sentence};
  if (said.words.defined()) list.push_back(said.words);
  return list;
}

/// Ready to be timed, once `block.forward(inputs…)` was compared with `expected`.
template <class B, class... Inputs>
Prepared against(std::vector<at::Tensor> const& expected, std::shared_ptr<B> const& block,
                 Inputs const&... inputs) {
  return {.wrong = difference(results(block->forward(inputs...)), expected, 2e-4),
          .run = [block, inputs...] {
            auto const written = results(block->forward(inputs...));
            benchmark::DoNotOptimize(written[0].const_data_ptr());
          }};
}

/// What the block writes in double precision.
template <class B, class... Inputs>
std::vector<at::Tensor> exact_results(std::shared_ptr<B> const& block, Inputs const&... inputs) {
  block->to(at::kDouble);
  return results(block->forward(in_double(inputs)...));
}

/// Ready to be timed, once compared with the same block in double precision: for blocks whose
/// formula is compared with a reference by the parity tests, and not written out here.
template <class B, class... Inputs>
Prepared against_double(std::string const& slot, io::KeyScheme const& scheme,
                        Inputs const&... inputs) {
  auto const expected = exact_results(with_recipe_weights<B>(slot, scheme), inputs...);
  return against(expected, with_recipe_weights<B>(slot, scheme), inputs...);
}

/// The part of a name that says how large a picture's input is.
inline std::string picture_axes(std::string const& model, std::int64_t side, std::int64_t batch) {
  return "/model:" + model + "/image:" + std::to_string(side) + "/batch:" + std::to_string(batch) +
         "/dtype:f32";
}

}  // namespace vlsm::bench
