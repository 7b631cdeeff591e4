// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/fusion/reduce_taps.hpp"
#include "vlsm/ops/film/film.hpp"

namespace vlsm {

/// The size of a Film.
struct FilmConfig {
  int width = 0;                     ///< channels all taps are reduced to
  Backend backend = Backend::fused;  ///< of the modulation
};

/// Feature-wise linear modulation (Perez et al. 2018) as CLIPSeg uses it: every tap is reduced to
/// one width, and the sentence scales and shifts the channels of the deepest.
template <FilmConfig config, FeatureSpec image_port = FeatureSpec{},
          TextSpec text_port = TextSpec{}>
class Film : public ReducesTaps<image_port, config.width> {
  using Base = ReducesTaps<image_port, config.width>;

 public:
  template <FeatureSpec image, TextSpec text>
  using At = Film<config, image, text>;
  static constexpr FilmConfig settings = config;
  static constexpr TextSpec text = text_port;

  static constexpr Needs needs{.sentence = true};

  /// taps [B, N, image.width] -> [B, N, width] (or maps, likewise); sentence [B, text.sentence].
  ImageFeatures forward(ImageFeatures const& seen, TextFeatures const& said) const {
    ImageFeatures joint = this->reduce(seen);
    joint.taps.back() = ops::film(joint.taps.back(), scale_->forward(said.sentence),
                                  shift_->forward(said.sentence), {}, config.backend);
    return joint;
  }

  static constexpr long long parameter_count() {
    return Base::reduce_parameters() + 2 * Linear::parameter_count(text.sentence, config.width);
  }
  static constexpr long long flops(Workload load) {
    return Base::reduce_flops(load) + 2 * linear_flops(1, text.sentence, config.width);
  }

 private:
  std::shared_ptr<Linear> scale_ =
      this->template child<Linear>("scale", text.sentence, config.width);
  std::shared_ptr<Linear> shift_ =
      this->template child<Linear>("shift", text.sentence, config.width);
};

}  // namespace vlsm
