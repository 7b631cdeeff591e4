// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/check_input.hpp"
#include "vlsm/nn/layer_norm.hpp"
#include "vlsm/nn/transformer_layer.hpp"

namespace vlsm {

/// The sizes of a BERT with cross attention.
struct CrossBertConfig {
  LayerConfig layer;
  int blocks = 0;
  int vocabulary = 0;   ///< how many token ids there are
  int positions = 512;  ///< longest text
};

/// BERT (Devlin et al. 2019) with cross attention in every layer, as BLIP has it twice (Li et al.
/// 2022, figure 2): the question encoder looks at a picture, the answer decoder at the question.
/// Its tokens have no types.
template <CrossBertConfig config>
class CrossBert : public Module {
  static_assert(divides(config.layer.heads, config.layer.width),
                "CrossBertConfig: .layer.width is no multiple of .layer.heads");

 public:
  static constexpr CrossBertConfig settings = config;

  /// ids [B, L] look at `memory` [B, M, width] -> [B, L, width]. Tokens where `padding` [B, L]
  /// (bool) is true are not looked at, but get vectors, too.
  ///
  /// Throws Error for ids outside the vocabulary, for more of them than positions, and for other
  /// shapes than these. `memory` may be of one picture (batch 1), which all rows then look at.
  at::Tensor forward(at::Tensor const& ids, Memory memory, AttentionMask mask,
                     at::Tensor const& padding = {}) const {
    check_tokens(ids, config.vocabulary);
    check_positions(ids.size(1), config.positions);
    check_padding(padding, ids.size(0), ids.size(1));
    memory = of_batch(std::move(memory), ids.size(0));
    at::Tensor x =
        norm_before_->forward(at::embedding(words_, ids) + positions_.slice(0, 0, ids.size(1)));
    for (auto const& block : blocks_) x = block->forward(x, memory, mask, padding);
    return x;
  }

  /// The token embeddings, [vocabulary, width], which a language model's head shares.
  at::Tensor const& words() const { return words_; }

  static constexpr long long parameter_count() {
    return width * (config.vocabulary + config.positions) + LayerNorm::parameter_count(width) +
           config.blocks * cross_layer_parameters(config.layer);
  }

 private:
  static constexpr long long width = config.layer.width;

  static void check_padding(at::Tensor const& padding, std::int64_t batch, std::int64_t length) {
    if (!padding.defined()) return;
    if (padding.scalar_type() != at::kBool || padding.sizes() != at::IntArrayRef{batch, length})
      throw Error("the padding does not fit the tokens",
                  std::string(at::toString(padding.scalar_type())) + ", shape " +
                      shape_text(padding.sizes()),
                  "pass bool as " + shape_text(std::array{batch, length}));
    if (!is_capturing(padding) && padding.all(1).any().template item<bool>())
      throw Error("a row of tokens is all padding", "CrossBert",
                  "leave its [CLS] out of the padding");
  }

  /// What is looked at, checked, and where it is of one row, the same for each of `batch` rows.
  static Memory of_batch(Memory memory, std::int64_t batch) {
    at::Tensor& states = memory.states;
    if (states.dim() != 3 || states.size(1) == 0 || states.size(2) != width ||
        (states.size(0) != batch && states.size(0) != 1))
      throw Error("what the tokens look at does not fit them",
                  "shape " + shape_text(states.sizes()),
                  "pass [" + std::to_string(batch) + " (or 1), M, " + std::to_string(width) + "]");
    check_padding(memory.padding, states.size(0), states.size(1));
    states = states.expand({batch, -1, -1});
    if (memory.padding.defined()) memory.padding = memory.padding.expand({batch, -1});
    return memory;
  }

  at::Tensor words_ = normal("words", {config.vocabulary, width}, 0.02);
  at::Tensor positions_ = normal("positions", {config.positions, width}, 0.02);
  std::shared_ptr<LayerNorm> norm_before_ =
      child<LayerNorm>("norm_before", config.layer.width, config.layer.eps);
  std::vector<std::shared_ptr<CrossPostNormLayer>> blocks_ =
      children<CrossPostNormLayer>("blocks", config.blocks, config.layer);
};

}  // namespace vlsm
