// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/compose/ports.hpp"
#include "vlsm/compose/recipe.hpp"
#include "vlsm/data/dataset.hpp"
#include "vlsm/segmenter/features.hpp"
#include "vlsm/train/evaluation.hpp"
#include "vlsm/train/options.hpp"
#include "vlsm/weights/load_options.hpp"

// The library chooses a model when it compiles; the tool when it runs. This is the seam between
// them.
namespace tool {

/// A segmenter whose architecture the program need not know.
class Model {
 public:
  virtual ~Model() = default;
  virtual vlsm::io::LoadReport load(std::filesystem::path const& weights,
                                    vlsm::io::LoadOptions const& options) = 0;
  virtual vlsm::ImageFeatures see(at::Tensor const& image) = 0;
  virtual vlsm::TextFeatures read(vlsm::Tokens const& tokens) = 0;
  virtual at::Tensor segment(vlsm::ImageFeatures const& seen, vlsm::TextFeatures const& said) = 0;
  virtual void freeze_encoders() = 0;
  virtual std::vector<vlsm::Epoch> fit(vlsm::Dataset const& train, vlsm::Dataset const& val,
                                       vlsm::Encode const& encode, vlsm::FitOptions const& options,
                                       vlsm::FitHooks const& hooks) = 0;
  virtual vlsm::Evaluation evaluate(vlsm::Dataset const& examples, vlsm::Encode const& encode,
                                    vlsm::EvaluateOptions const& options) = 0;
  virtual void to(at::Device device) = 0;
};

/// One slot of a model, as its architecture says it.
struct SlotInfo {
  std::string block;        ///< "VisionTransformer"
  std::string writes;       ///< the shapes of what it hands on, without the batch; empty: nothing
  bool reads_text = false;  ///< beside what the slot before writes
  long long parameters = 0;
  double gflop = 0;  ///< one image, one prompt of 16 tokens
};

/// One line of `vlsm models`.
struct ModelInfo {
  std::string_view name;
  std::string_view summary;
  std::vector<SlotInfo> slots;  ///< vision, text, fusion, decoder, head
  long long parameters = 0;
  double gflop = 0;  ///< one image, one prompt of 16 tokens
  vlsm::Recipe recipe;
  long long vocabulary = 0;  ///< ids its text tower knows; 258 are bytes, 0: it reads no text
  vlsm::PadTo pad_to;
  std::string_view tokenizer = "clip";  ///< what it was trained with
  bool trains_towers = false;           ///< the study fine-tuned all of it, not the decoder alone
  bool pretrained_decoder = false;      ///< its fine-tuning starts from another model's decoder
  std::unique_ptr<Model> (*make)();
};

/// Every model the tool knows.
std::vector<ModelInfo> const& models();

/// The model of that name. Throws vlsm::Error that lists the names.
ModelInfo const& find_model(std::string_view name);

/// Where a model's weights come from.
struct WeightsFrom {
  std::string weights{};          ///< a file or folder, or "random"
  std::string decoder_weights{};  ///< for fusion, decoder and head; empty: `weights` gives all
  std::string weights_key{};      ///< which state dict of `weights`
  bool strict = false;            ///< refuse what is no part of the model
  bool partial = false;           ///< what `weights` never holds (a decoder) may start at random
  std::uint64_t seed = 0;         ///< of what is random
};

/// A model with its weights; a line for each file that says what was loaded goes to `lines`. Throws
/// vlsm::Error where a file does not fit it.
std::unique_ptr<Model> open_model(ModelInfo const& info, WeightsFrom const& from,
                                  std::vector<std::string>* lines = nullptr);

}  // namespace tool
