// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "vlsm/nn/linear.hpp"
#include "vlsm/segmenter/features.hpp"

// A fusion to copy.
namespace mine {

using namespace vlsm;

// [fusion]
struct AddSentenceConfig {
  int hidden = 64;  ///< width between the sentence and the picture's channels
};

/// Adds to the deepest tap what a small network makes of the sentence.
template <AddSentenceConfig config, FeatureSpec image_port = FeatureSpec{},
          TextSpec text_port = TextSpec{}>
class AddSentence : public Module {
 public:
  template <FeatureSpec image, TextSpec text>
  using At = AddSentence<config, image, text>;
  static constexpr AddSentenceConfig settings = config;
  static constexpr FeatureSpec image = image_port, out = image_port.without_pooled();
  static constexpr TextSpec text = text_port;
  static constexpr Needs needs{.sentence = true};

  /// taps of either layout -> the same shapes; sentence [B, text.sentence]
  ImageFeatures forward(ImageFeatures const& seen, TextFeatures const& said) const {
    std::vector<at::Tensor> taps = seen.taps;
    at::Tensor const added = up_->forward(at::relu(down_->forward(said.sentence)));
    taps.back() = taps.back() + per_channel(added, image.layout);
    return seen.with(std::move(taps));
  }

  static constexpr long long parameter_count() {
    return Linear::parameter_count(text.sentence, config.hidden) +
           Linear::parameter_count(config.hidden, deepest());
  }
  static constexpr long long flops(Workload) {
    return linear_flops(1, text.sentence, config.hidden) +
           linear_flops(1, config.hidden, deepest());
  }

 private:
  static constexpr int deepest() { return image.width[image.count - 1]; }

  std::shared_ptr<Linear> down_ = child<Linear>("down", text.sentence, config.hidden);
  std::shared_ptr<Linear> up_ = child<Linear>("up", config.hidden, deepest());
};
// [fusion]

}  // namespace mine
