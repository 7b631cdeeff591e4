// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"

// The models that a program knows by name. A source file that registers one need only be linked.
namespace vlsm {

/// What an architecture does not say of a model.
struct ModelNotes {
  std::string_view summary = "";          ///< a line for lists of models
  std::string_view tokenizer = "clip";    ///< what it was trained with; tokenizer/factory.hpp
  bool trains_towers = false;             ///< fine-tuned as a whole, not the decoder alone
  bool pretrained_decoder = false;        ///< its fine-tuning starts from another model's decoder
  std::string_view pretraining = "none";  ///< of its published weights: "natural" or "medical"
  std::size_t batch = 128;                ///< the study's for its fine-tuning …
  double learning_rate = 2e-3;            ///< … and its learning rate
};

/// A model under its name.
struct RegisteredModel : ModelInfo, ModelNotes {
  std::string_view name{};
  std::unique_ptr<AnySegmenter> (*make)() = nullptr;  ///< with random weights
};

/// All models of this program, in the order in which they were linked.
inline std::vector<RegisteredModel>& registered_models() {
  static std::vector<RegisteredModel> models;
  return models;
}

/// The model of that name; the reference is good until a model is added. Throws Error that lists
/// the names.
inline RegisteredModel const& find_model(std::string_view name) {
  std::string names;
  for (RegisteredModel const& model : registered_models()) {
    if (model.name == name) return model;
    names += (names.empty() ? "" : ", ") + std::string(model.name);
  }
  throw Error("there is no such model", "--model " + std::string(name), "choose one of " + names);
}

/// Adds the architecture `A` under a name; a name that is taken is given to the newcomer. The texts
/// are not copied: they must live as long as the program, as literals do.
template <class A>
bool register_model(std::string_view name, ModelNotes const& notes = {}) {
  auto& models = registered_models();
  std::erase_if(models, [&](RegisteredModel const& model) { return model.name == name; });
  models.push_back({model_info<A>(), notes, name, &any_segmenter<A>});
  return true;
}

}  // namespace vlsm

#define VLSM_JOINED_(a, b) a##b
#define VLSM_JOINED(a, b) VLSM_JOINED_(a, b)
/// At namespace scope of a source file: VLSM_REGISTER_MODEL("mine", MySeg, .summary = "…").
/// An architecture whose name holds a comma gets one without by `using` first.
#define VLSM_REGISTER_MODEL(name, A, ...)                                      \
  [[maybe_unused]] static bool const VLSM_JOINED(vlsm_registered_, __LINE__) = \
      ::vlsm::register_model<A>(name, ::vlsm::ModelNotes{__VA_ARGS__})
