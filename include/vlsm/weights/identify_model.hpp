// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/keys/recognize.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/segmenter/registry.hpp"
#include "vlsm/weights/reshape.hpp"
#include "vlsm/weights/tensor.hpp"

// Whose weights a checkpoint holds that does not fit the model that was asked for.
namespace vlsm::io {

/// The shapes of tensors by our names.
using Shapes = std::map<std::string, std::vector<std::int64_t>>;

/// The shapes that a checkpoint's tensors, of any shape and read as `source` says, have among ours.
inline Shapes native_shapes(std::vector<NamedArray> const& tensors, Recognized const& source) {
  Shapes shapes;
  for (NamedArray const& tensor : tensors) {
    auto const place = source.place(tensor.name);
    if (!place || place->ours.empty()) continue;
    at::Tensor const view = to_ours(place->rule.change, to_tensor(tensor.array));
    std::vector<std::int64_t> shape = view.sizes().vec();
    if (place->rule.parts > 1 && !shape.empty()) shape[0] *= place->rule.parts;
    shapes[place->ours] = shape;
  }
  return shapes;
}

namespace detail {

/// Whether these are all tensors of `model`, and no more than its published form has.
inline bool are_all_of(torch::nn::Module const& model,
                       std::function<bool(std::string_view)> const& omits, Shapes const& shapes) {
  Shapes own;
  for (auto const& list : {model.named_parameters(), model.named_buffers()})
    for (auto const& item : list) own.emplace(item.key(), item.value().sizes().vec());
  for (auto const& [name, shape] : own) {
    auto const found = shapes.find(name);
    bool const table = name.ends_with(".positions");  // may have another size
    if (found == shapes.end() ? !name.ends_with("num_batches_tracked")
                              : !table && found->second != shape)
      return false;
  }
  return std::ranges::all_of(
      shapes, [&](auto const& item) { return own.contains(item.first) || omits(item.first); });
}

}  // namespace detail

/// The registered models other than `model` whose weights have these shapes: "clipseg-small", or
/// "biomedclipseg or biomedclipseg-d" where several are alike; empty for none, and where they are
/// those of `model` itself, which leaves out what `omits` says (see Omits). It makes every model
/// once: for messages.
inline std::string whose_weights(Shapes const& shapes, torch::nn::Module const& model,
                                 std::function<bool(std::string_view)> const& omits) {
  std::string names;
  if (detail::are_all_of(model, omits, shapes)) return names;
  WithoutInitialization const nothing_drawn;
  for (RegisteredModel const& other : registered_models()) {
    auto const made = other.make();
    auto const leaves_out = [&](std::string_view name) { return made->omits(name); };
    if (detail::are_all_of(made->module(), leaves_out, shapes))
      names += (names.empty() ? "" : " or ") + std::string(other.name);
  }
  return names;
}

}  // namespace vlsm::io
