// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "vlsm/segmenter/model_info.hpp"
#include "vlsm/segmenter/segmenter.hpp"

namespace vlsm {

/// Whether the published form of a segmenter has a parameter of this name of ours that it leaves
/// out (blocks beyond the deepest tap).
template <class Segmenter>
bool omitted(std::string_view name) {
  using Vision = typename Segmenter::Architecture::Vision;
  if (name.starts_with("unused.")) return true;
  if constexpr (requires { Vision::omits(name); })
    return name.starts_with("vision.") && Vision::omits(name.substr(7));
  else
    return false;
}

/// A segmenter without its type: a model that a program chooses when it runs. It can be loaded
/// (`io::load`), saved (`io::save`), trained (`fit`), scored (`evaluate`) and checked
/// (`check_architecture`) like a Segmenter, and all of these are written over it: compiled once,
/// not once an architecture. Shapes as in Segmenter and in `info`.
class AnySegmenter {
 public:
  explicit AnySegmenter(ModelInfo said) : info(std::move(said)) {}
  virtual ~AnySegmenter() = default;
  AnySegmenter(AnySegmenter const&) = delete;
  AnySegmenter& operator=(AnySegmenter const&) = delete;

  /// image [B, 3, H, W] -> what any number of prompts may meet
  virtual ImageFeatures encode_image(at::Tensor const& image) const = 0;
  /// tokens [B, L] -> what any number of pictures may meet
  virtual TextFeatures encode_text(Tokens const& tokens) const = 0;
  /// The three slots behind the towers -> logits [B, 1, H, W]; see Segmenter::segment.
  virtual at::Tensor segment(ImageFeatures const& image, TextFeatures const& text) const = 0;
  virtual ImageFeatures fuse(ImageFeatures const& image, TextFeatures const& text) const = 0;
  virtual ImageFeatures decode(ImageFeatures const& joint, TextFeatures const& text) const = 0;
  virtual at::Tensor predict(ImageFeatures const& map, TextFeatures const& text) const = 0;

  /// image [B, 3, H, W], tokens [B, L] -> logits [B, 1, H, W]; see Segmenter::forward.
  at::Tensor forward(at::Tensor const& image, Tokens const& tokens) const {
    return segment(encode_image(image), encode_text(tokens));
  }

  /// The parameters: `vision.*`, `text.*`, `fusion.*`, `decoder.*`, `head.*`.
  virtual torch::nn::Module& module() const = 0;
  /// See `omitted`.
  virtual bool omits(std::string_view name) const = 0;
  /// A new model of the same architecture, with weights of its own.
  virtual std::unique_ptr<AnySegmenter> another() const = 0;

  ModelInfo const info;
};

/// A Segmenter seen as an AnySegmenter; it must live at least as long.
template <class A>
class SegmenterView final : public AnySegmenter {
 public:
  explicit SegmenterView(Segmenter<A>& model) : AnySegmenter(model_info<A>()), model_(&model) {}
  explicit SegmenterView(std::unique_ptr<Segmenter<A>> model)
      : AnySegmenter(model_info<A>()), owned_(std::move(model)), model_(owned_.get()) {}

  ImageFeatures encode_image(at::Tensor const& image) const override {
    return model_->encode_image(image);
  }
  TextFeatures encode_text(Tokens const& tokens) const override {
    return model_->encode_text(tokens);
  }
  at::Tensor segment(ImageFeatures const& image, TextFeatures const& text) const override {
    return model_->segment(image, text);
  }
  ImageFeatures fuse(ImageFeatures const& image, TextFeatures const& text) const override {
    return model_->fusion->forward(image, text);
  }
  ImageFeatures decode(ImageFeatures const& joint, TextFeatures const& text) const override {
    return model_->decoder->forward(joint, text);
  }
  at::Tensor predict(ImageFeatures const& map, TextFeatures const& text) const override {
    return model_->head->forward(map, text);
  }
  torch::nn::Module& module() const override { return *model_; }
  bool omits(std::string_view name) const override { return omitted<Segmenter<A>>(name); }
  std::unique_ptr<AnySegmenter> another() const override {
    return std::make_unique<SegmenterView>(std::make_unique<Segmenter<A>>());
  }

 private:
  std::unique_ptr<Segmenter<A>> owned_;
  Segmenter<A>* model_;
};

/// A new model of the architecture `A`.
template <class A>
std::unique_ptr<AnySegmenter> any_segmenter() {
  return std::make_unique<SegmenterView<A>>(std::make_unique<Segmenter<A>>());
}

}  // namespace vlsm
