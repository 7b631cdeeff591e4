// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "vlsm/nn/layer_norm.hpp"
#include "vlsm/nn/linear.hpp"
#include "vlsm/nn/transformer_layer.hpp"

namespace vlsm {

/// BERT's language model head: a dense layer, its activation and norm, and a score (logit) for each
/// token, whose weights are the token embeddings themselves.
class WordHead : public Module {
 public:
  WordHead(LayerConfig c, int vocabulary)
      : activation_(c.activation),
        dense_(child<Linear>("dense", c.width, c.width)),
        norm_(child<LayerNorm>("norm", c.width, c.eps)),
        bias_(constant("bias", {vocabulary}, 0)) {}

  /// x [B, T, width], words [V, width] -> logits [B, T, V]
  at::Tensor forward(at::Tensor const& x, at::Tensor const& words) const {
    return at::linear(norm_->forward(activate(activation_, dense_->forward(x))), words, bias_);
  }

  static constexpr long long parameter_count(LayerConfig c, long long vocabulary) {
    return Linear::parameter_count(c.width, c.width) + LayerNorm::parameter_count(c.width) +
           vocabulary;
  }

 private:
  Activation activation_;
  std::shared_ptr<Linear> dense_;
  std::shared_ptr<LayerNorm> norm_;
  at::Tensor bias_;
};

}  // namespace vlsm
