// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/linear.hpp"
#include "vlsm/ops/film/film.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// How a FilmSkips is computed; its widths are those of the taps.
struct FilmSkipsConfig {
  Backend backend = Backend::fused;  ///< of the modulation
};

/// Feature-wise linear modulation (Perez et al. 2018) of every tap in the tap's own width: a U-Net
/// behind it has the sentence in each of its skips.
template <FilmSkipsConfig config = FilmSkipsConfig{}, FeatureSpec image_port = FeatureSpec{},
          TextSpec text_port = TextSpec{}>
class FilmSkips : public Module {
 public:
  template <FeatureSpec image, TextSpec text>
  using At = FilmSkips<config, image, text>;
  static constexpr FilmSkipsConfig settings = config;
  static constexpr FeatureSpec image = image_port, out = image_port.without_pooled();
  static constexpr TextSpec text = text_port;

  static constexpr Needs needs{.sentence = true};

  /// taps [B, N, image.width] (or maps) -> the same shapes; sentence [B, text.sentence].
  ImageFeatures forward(ImageFeatures const& seen, TextFeatures const& said) const {
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
  static constexpr long long flops(Workload) {
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
