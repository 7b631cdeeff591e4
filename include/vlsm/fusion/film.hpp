// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/core/ports.hpp"
#include "vlsm/nn/features.hpp"
#include "vlsm/nn/linear.hpp"

namespace vlsm {

struct FilmConfig {
  Taps image;     ///< what it reads of the picture
  Words text;     ///< what it reads of the sentence
  int width = 0;  ///< channels all taps are reduced to
};

/// Feature-wise linear modulation (Perez et al. 2018) as CLIPSeg uses it: every tap is reduced to
/// one width, and the sentence scales and shifts the channels of the deepest.
template <FilmConfig config>
class Film : public Module {
  static_assert(config.image.layout == Layout::tokens,
                "Film reads token taps: choose a transformer as Vision, or a fusion for maps");

 public:
  static constexpr Taps image = config.image;
  static constexpr Words text = config.text;
  static constexpr Taps out = [] {
    Taps taps = config.image;
    taps.pooled = 0;
    for (int i = 0; i < taps.count; ++i) taps.width[i] = config.width;
    return taps;
  }();

  /// taps [B, N, image.width] -> [B, N, width]; sentence [B, text.sentence].
  Features forward(Features const& seen, Said const& said) const {
    Features joint{.taps = {}, .pooled = {}, .height = seen.height, .width = seen.width};
    for (int i = 0; i < config.image.count; ++i)
      joint.taps.push_back(reduce_[config.image.count - 1 - i]->forward(seen.taps[i]));
    at::Tensor const scale = scale_->forward(said.sentence).unsqueeze(1);  // [B, 1, width]
    at::Tensor const shift = shift_->forward(said.sentence).unsqueeze(1);
    joint.taps.back() = scale * joint.taps.back() + shift;
    return joint;
  }

  static constexpr long long parameter_count() {
    long long count = 2 * Linear::parameter_count(config.text.sentence, config.width);
    for (int i = 0; i < config.image.count; ++i)
      count += Linear::parameter_count(config.image.width[i], config.width);
    return count;
  }
  static constexpr long long flops(Load load) {
    long long count = 2 * linear_flops(1, config.text.sentence, config.width);
    for (int i = 0; i < config.image.count; ++i) {
      long long const cells =
          1LL * (load.height / config.image.stride[i]) * (load.width / config.image.stride[i]);
      count += linear_flops(cells + config.image.class_tokens, config.image.width[i], config.width);
    }
    return count;
  }

 private:
  // Numbered as in CLIPSeg's files: 0 reduces the deepest tap.
  std::vector<std::shared_ptr<Linear>> reduce_ =
      children<Linear>("reduce", config.image.count, config.image.width[0], config.width);
  std::shared_ptr<Linear> scale_ = child<Linear>("scale", config.text.sentence, config.width);
  std::shared_ptr<Linear> shift_ = child<Linear>("shift", config.text.sentence, config.width);
};

}  // namespace vlsm
