// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/core/ports.hpp"
#include "vlsm/nn/features.hpp"
#include "vlsm/nn/linear.hpp"
#include "vlsm/ops/film.hpp"

namespace vlsm {

struct FilmSkipsConfig {
  Taps image;  ///< what it reads of the picture, and hands on in the same shapes
  Words text;  ///< what it reads of the prompt: its sentence
  Backend backend = Backend::fused;  ///< of the modulation
};

/// Feature-wise linear modulation (Perez et al. 2018) of every tap in the tap's own width: a U-Net
/// behind it has the sentence in each of its skips.
template <FilmSkipsConfig config>
class FilmSkips : public Module {
  static_assert(config.text.sentence > 0,
                "FilmSkips reads a sentence: choose a text tower that writes one, or PassThrough");

 public:
  static constexpr FilmSkipsConfig settings = config;
  static constexpr Taps image = config.image;
  static constexpr Words text = config.text;
  static constexpr Taps out = [] {
    Taps taps = config.image;
    taps.pooled = 0;
    return taps;
  }();

  /// taps [B, N, image.width] (or maps) -> the same shapes; sentence [B, text.sentence].
  Features forward(Features const& seen, Said const& said) const {
    std::vector<at::Tensor> joint;
    // 1 + scale: a trained picture tower is met by about what it was trained to write.
    for (int i = 0; i < image.count; ++i)
      joint.push_back(ops::film(seen.taps[i], 1 + scale_[i]->forward(said.sentence),
                                shift_[i]->forward(said.sentence), {}, config.backend));
    return seen.with(joint);
  }

  static constexpr long long parameter_count() {
    long long count = 0;
    for (int i = 0; i < image.count; ++i)
      count += 2 * Linear::parameter_count(text.sentence, image.width[i]);
    return count;
  }
  static constexpr long long flops(Load) {
    long long count = 0;
    for (int i = 0; i < image.count; ++i)
      count += 2 * linear_flops(1, text.sentence, image.width[i]);
    return count;
  }

 private:
  static std::shared_ptr<Linear> to_width_of(int i) {
    return std::make_shared<Linear>(text.sentence, image.width[i]);
  }
  // Numbered as the taps: 0 is the shallowest.
  std::vector<std::shared_ptr<Linear>> scale_ =
      children_of<Linear>("scale", image.count, to_width_of);
  std::vector<std::shared_ptr<Linear>> shift_ =
      children_of<Linear>("shift", image.count, to_width_of);
};

}  // namespace vlsm
