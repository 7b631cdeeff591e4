// SPDX-License-Identifier: MIT
#pragma once

#include "model.hpp"
#include "vlsm/segmenter/segmenter.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/weights/load.hpp"

namespace tool {

/// The tool's view of the library's Segmenter<A>.
template <class A>
class ModelOf final : public Model {
 public:
  ModelOf() { model_.eval(); }
  vlsm::io::LoadReport load(std::filesystem::path const& weights,
                            vlsm::io::LoadOptions const& options) override {
    return vlsm::io::load(model_, weights, options);
  }
  vlsm::ImageFeatures see(at::Tensor const& image) override {
    return model_.vision->forward(image);
  }
  vlsm::TextFeatures read(vlsm::Tokens const& tokens) override {
    return model_.text->forward(tokens);
  }
  at::Tensor segment(vlsm::ImageFeatures const& seen, vlsm::TextFeatures const& said) override {
    return model_.segment(seen, said);
  }
  void freeze_encoders() override {
    vlsm::freeze(*model_.vision);
    vlsm::freeze(*model_.text);
  }
  std::vector<vlsm::Epoch> fit(vlsm::Dataset const& train, vlsm::Dataset const& val,
                               vlsm::Encode const& encode, vlsm::FitOptions const& options,
                               vlsm::FitHooks const& hooks) override {
    return vlsm::fit(model_, train, val, encode, options, hooks);
  }
  vlsm::Evaluation evaluate(vlsm::Dataset const& examples, vlsm::Encode const& encode,
                            vlsm::EvaluateOptions const& options) override {
    return vlsm::evaluate(model_, examples, encode, options);
  }
  void to(at::Device device) override { model_.to(device); }

 private:
  vlsm::Segmenter<A> model_;
};

template <class A>
std::unique_ptr<Model> make() {
  return std::make_unique<ModelOf<A>>();
}

/// "VisionTransformer" for vlsm::VisionTransformer<…>.
std::string block_name(char const* mangled);

/// "3 x [485, 768]" or "[512, 52, 52], [1024, 26, 26]": the shapes of a port for a square image.
std::string shapes_of(vlsm::FeatureSpec const& port, int side);
/// "[512], 16 x [768]": a sentence and the words of 16 tokens.
std::string shapes_of(vlsm::TextSpec const& port);

/// Whether a fusion, decoder or head says that it reads sentences or words.
template <class Block>
constexpr bool reads_text() {
  if constexpr (requires { Block::text; }) return Block::text != vlsm::TextSpec{};
  return false;
}

template <class Block>
SlotInfo slot_of(std::string writes, vlsm::Workload load) {
  return {.block = block_name(typeid(Block).name()),
          .writes = std::move(writes),
          .reads_text = reads_text<Block>(),
          .parameters = Block::parameter_count(),
          .gflop = static_cast<double>(Block::flops(load)) / 1e9};
}

template <class A>
ModelInfo info_of(std::string_view name, std::string_view summary,
                  std::string_view tokenizer = "clip", bool trains_towers = false) {
  using S = vlsm::Slots<A>;
  constexpr int side = A::recipe.image;
  constexpr vlsm::Workload load{side, side, 16};
  return {
      .name = name,
      .summary = summary,
      .slots = {slot_of<typename S::Vision>(shapes_of(S::Vision::out, side), load),
                slot_of<typename S::Text>(shapes_of(S::Text::out), load),
                slot_of<typename S::Fusion>(shapes_of(S::Fusion::out, side), load),
                slot_of<typename S::Decoder>(shapes_of(S::Decoder::out, side), load),
                slot_of<typename S::Head>(
                    shapes_of(vlsm::FeatureSpec::alike(1, 1, 1, vlsm::Layout::map), side), load)},
      .parameters = vlsm::parameter_count<A>(),
      .gflop = static_cast<double>(vlsm::flops<A>(16)) / 1e9,
      .recipe = A::recipe,
      .vocabulary = A::Text::vocabulary,
      .pad_to = A::Text::pad_to,
      .tokenizer = tokenizer,
      .trains_towers = trains_towers,
      .make = &make<A>};
}

}  // namespace tool
