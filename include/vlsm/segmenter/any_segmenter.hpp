// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "vlsm/segmenter/segmenter.hpp"

namespace vlsm {

/// A segmenter slot by slot, without its type: what is written over it is compiled once, not once
/// an architecture.
class AnySegmenter {
 public:
  /// What the architecture says of itself.
  struct Ports {
    FeatureSpec vision;
    TextSpec text;
    FeatureSpec fusion, decoder;
    int image = 0;             ///< pixels a side
    long long parameters = 0;  ///< `parameter_count<A>()`
    long long pad = -1;        ///< id behind a prompt's end; -1: not known
  };

  explicit AnySegmenter(Ports const& said) : ports(said) {}
  virtual ~AnySegmenter() = default;
  AnySegmenter(AnySegmenter const&) = delete;
  AnySegmenter& operator=(AnySegmenter const&) = delete;

  virtual torch::nn::Module& module() = 0;
  virtual ImageFeatures encode_image(at::Tensor const& image) const = 0;
  virtual TextFeatures encode_text(Tokens const& tokens) const = 0;
  virtual ImageFeatures fuse(ImageFeatures const& seen, TextFeatures const& said) const = 0;
  virtual ImageFeatures decode(ImageFeatures const& joint, TextFeatures const& said) const = 0;
  virtual at::Tensor predict(ImageFeatures const& read, TextFeatures const& said) const = 0;
  virtual at::Tensor forward(at::Tensor const& image, Tokens const& tokens) const = 0;

  Ports const ports;
};

namespace detail {

template <class A>
class OfArchitecture final : public AnySegmenter {
 public:
  OfArchitecture() : AnySegmenter(ports_of()) {}

  torch::nn::Module& module() override { return model_; }
  ImageFeatures encode_image(at::Tensor const& image) const override {
    return model_.vision->forward(image);
  }
  TextFeatures encode_text(Tokens const& tokens) const override {
    return model_.text->forward(tokens);
  }
  ImageFeatures fuse(ImageFeatures const& seen, TextFeatures const& said) const override {
    return model_.fusion->forward(seen, said);
  }
  ImageFeatures decode(ImageFeatures const& joint, TextFeatures const& said) const override {
    return model_.decoder->forward(joint, said);
  }
  at::Tensor predict(ImageFeatures const& read, TextFeatures const& said) const override {
    return model_.head->forward(read, said);
  }
  at::Tensor forward(at::Tensor const& image, Tokens const& tokens) const override {
    return model_.forward(image, tokens);
  }

 private:
  static Ports ports_of() {
    using S = Slots<A>;
    Ports ports{.vision = S::Vision::out,
                .text = S::Text::out,
                .fusion = S::Fusion::out,
                .decoder = S::Decoder::out,
                .image = A::recipe.image,
                .parameters = parameter_count<A>()};
    if constexpr (requires { A::Text::pad_to.id; }) ports.pad = A::Text::pad_to.id;
    return ports;
  }
  Segmenter<A> model_;
};

}  // namespace detail

template <class A>
std::unique_ptr<AnySegmenter> any_segmenter() {
  return std::make_unique<detail::OfArchitecture<A>>();
}

}  // namespace vlsm
