// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <memory>
#include <type_traits>

#include "vlsm/nn/autocast.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/nn/precision.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"
#include "vlsm/train/generators.hpp"

namespace vlsm {

/// Towers of a model as `prepare` makes them (in bf16 with activations of bf16, as in the rest of a
/// training), beside the model, which keeps its weights and can be saved and trained: for towers
/// that do not change while one lives. They belong to a second model of the same architecture, so
/// what a tower computes must follow from its type, parameters and buffers. A tower's weights are
/// packed when it first runs; its packed copy takes the memory of its dense weights again, in bf16
/// half of that, and with convolutions by Winograd four times theirs. One thread at a time may use
/// it.
class PreparedTowers {
 public:
  /// Of `model` as its weights are now: make it before RoundedWeights.
  PreparedTowers(AnySegmenter const& model, Precision precision) : model_(model) {
    how_.type = precision == Precision::bf16 ? at::kBFloat16 : at::kFloat;
  }

  /// Whether the tower `slot` ("vision", "text") runs here from now on: float32 on a CPU, frozen,
  /// not prepared itself, and with the parameters that its type starts with.
  bool take(char const* slot) {
    Module const* const own = tower_of(model_, slot);
    if (!own || own->is_prepared() || !std::ranges::all_of(own->parameters(), [](auto const& one) {
          return one.is_cpu() && one.scalar_type() == at::kFloat;
        }))
      return false;
    if (!twin_) {
      KeepGenerators const keep;  // a module of a user's own may draw
      WithoutInitialization const unset;
      twin_ = model_.another();
      twin_->module().eval();
    }
    Module* const other = tower_of(*twin_, slot);
    return share(own->named_parameters(), other->named_parameters()) &&
           share(own->named_buffers(), other->named_buffers());
  }

  /// AnySegmenter::encode_image by a tower that was taken, in the given precision.
  ImageFeatures encode_image(at::Tensor const& image) const {
    return run("vision", [&] { return twin_->encode_image(image.to(how_.type)); });
  }
  /// AnySegmenter::encode_text, likewise.
  TextFeatures encode_text(Tokens const& tokens) const {
    return run("text", [&] { return twin_->encode_text(tokens); });
  }

 private:
  template <class Encode>
  std::invoke_result_t<Encode> run(char const* slot, Encode encode) const {
    at::NoGradGuard const no_grad;
    Autocast const not_here(at::kCPU, false);  // the weights have their type
    tower_of(*twin_, slot)->prepare(how_);
    return encode();
  }

  static Module* tower_of(AnySegmenter const& model, char const* slot) {
    return dynamic_cast<Module*>(model.module().named_children()[slot].get());
  }

  // The values of `from` under the names of `to`, without a copy. False where names differ.
  template <class Named>
  static bool share(Named const& from, Named const& to) {
    if (from.keys() != to.keys()) return false;
    for (auto const& item : from) to[item.key()].set_data(item.value().variable_data());
    return true;
  }

  AnySegmenter const& model_;
  Preparation how_;
  std::unique_ptr<AnySegmenter> twin_;
};

}  // namespace vlsm
