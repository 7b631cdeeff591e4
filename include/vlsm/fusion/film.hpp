// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/core/ports.hpp"
#include "vlsm/nn/features.hpp"
#include "vlsm/nn/layout.hpp"
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
  static_assert(config.text.sentence > 0,
                "Film reads a sentence: choose a text tower that writes one, or PassThrough");

 public:
  static constexpr Taps image = config.image;
  static constexpr Words text = config.text;
  static constexpr Taps out = [] {
    Taps taps = config.image;
    taps.pooled = 0;
    for (int i = 0; i < taps.count; ++i) taps.width[i] = config.width;
    return taps;
  }();

  /// taps [B, N, image.width] -> [B, N, width] (or maps, likewise); sentence [B, text.sentence].
  Features forward(Features const& seen, Said const& said) const {
    Features joint{.taps = {}, .pooled = {}, .height = seen.height, .width = seen.width};
    for (int i = 0; i < config.image.count; ++i)
      joint.taps.push_back(on_channels(*reduce_[config.image.count - 1 - i], seen.taps[i], layout));
    at::Tensor const scale = per_channel(scale_->forward(said.sentence), layout);
    at::Tensor const shift = per_channel(shift_->forward(said.sentence), layout);
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
    for (int i = 0; i < config.image.count; ++i)
      count += linear_flops(cells_of(config.image, i, load) + config.image.class_tokens,
                            config.image.width[i], config.width);
    return count;
  }

 private:
  static constexpr Layout layout = config.image.layout;

  // Numbered as in CLIPSeg's files: 0 reduces the deepest tap.
  std::vector<std::shared_ptr<Linear>> reduce_ =
      children_of<Linear>("reduce", config.image.count, [](int i) {
        return std::make_shared<Linear>(config.image.width[config.image.count - 1 - i],
                                        config.width);
      });
  std::shared_ptr<Linear> scale_ = child<Linear>("scale", config.text.sentence, config.width);
  std::shared_ptr<Linear> shift_ = child<Linear>("shift", config.text.sentence, config.width);
};

}  // namespace vlsm
