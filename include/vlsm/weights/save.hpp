// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "vlsm/io/safetensors/safetensors.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"
#include "vlsm/weights/tensor.hpp"

namespace vlsm::io {

/// The parameters and buffers of a module, each under its name behind `prefix`. Throws
/// Error for a type that a checkpoint does not hold.
inline std::vector<NamedArray> state_of(torch::nn::Module const& module,
                                        std::string const& prefix = "") {
  require_unprepared(module, "save");
  std::vector<NamedArray> state;
  for (auto const& item : module.named_parameters())
    state.push_back({prefix + item.key(), to_array(item.value())});
  for (auto const& item : module.named_buffers())
    state.push_back({prefix + item.key(), to_array(item.value())});
  return state;
}

/// Writes the weights of a model under our names; the older file of that name stays until the new
/// one is complete. Throws Error.
inline void save(torch::nn::Module const& model, std::filesystem::path const& path,
                 std::map<std::string, std::string> const& metadata = {}) {
  write_safetensors(path, state_of(model), metadata);
}

/// The same of a model that a program chose when it runs.
inline void save(AnySegmenter const& model, std::filesystem::path const& path,
                 std::map<std::string, std::string> const& metadata = {}) {
  save(model.module(), path, metadata);
}

}  // namespace vlsm::io
