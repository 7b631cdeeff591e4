// SPDX-License-Identifier: MIT
#pragma once

#include "model.hpp"
#include "vlsm/io/load.hpp"
#include "vlsm/segmenter.hpp"
#include "vlsm/train/fit.hpp"

namespace tool {

/// The tool's view of the library's Segmenter<A>.
template <class A>
class ModelOf final : public Model {
 public:
  vlsm::io::LoadReport load(std::filesystem::path const& weights,
                            vlsm::io::LoadOptions const& options) override {
    return vlsm::io::load(model_, weights, options);
  }
  vlsm::Features see(at::Tensor const& image) override { return model_.vision->forward(image); }
  vlsm::Said read(vlsm::Tokens const& tokens) override { return model_.text->forward(tokens); }
  at::Tensor segment(vlsm::Features const& seen, vlsm::Said const& said) override {
    return model_.segment(seen, said);
  }
  void freeze_encoders() override {
    vlsm::freeze(*model_.vision);
    vlsm::freeze(*model_.text);
  }
  std::vector<vlsm::Epoch> fit(vlsm::Examples const& train, vlsm::Examples const& val,
                               vlsm::Encode const& encode, vlsm::FitOptions const& options,
                               vlsm::FitHooks const& hooks) override {
    return vlsm::fit(model_, train, val, encode, options, hooks);
  }
  vlsm::Evaluation evaluate(vlsm::Examples const& examples, vlsm::Encode const& encode,
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

template <class A>
ModelInfo info_of(std::string_view name, std::string_view summary,
                  std::string_view tokenizer = "clip", bool trains_towers = false) {
  return {.name = name,
          .summary = summary,
          .slots = {block_name(typeid(typename A::Vision).name()),
                    block_name(typeid(typename A::Text).name()),
                    block_name(typeid(typename A::Fusion).name()),
                    block_name(typeid(typename A::Decoder).name()),
                    block_name(typeid(typename A::Head).name())},
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
