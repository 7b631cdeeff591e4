// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/io/checkpoint.hpp"
#include "vlsm/io/hf_config.hpp"
#include "vlsm/io/load_options.hpp"
#include "vlsm/nn/module.hpp"

namespace vlsm::io {

/// Whether a model leaves out what its published form has under this name of ours.
using Omits = std::function<bool(std::string_view name)>;

/// Gives `model` the weights of `tensors`, whose names follow any known scheme.
///
/// Strict: every parameter must be found once, with its shape and finite, and every tensor must be
/// known; else one Error names all that is missing, unused, wrongly shaped or not finite, and the
/// model is left as it was. The model is then set to evaluate (`fit` sets it to train).
/// `omits(name)` says which of our names a published model has and this one leaves out (blocks
/// beyond the deepest tap). float32 tensors are not copied: the parameters lie in the file's
/// private mapping.
LoadReport load_tensors(torch::nn::Module& model, std::vector<NamedArray> const& tensors,
                        std::string const& where, Omits const& omits,
                        LoadOptions const& options = {});

/// Whether the published form of this model has a parameter of this name that ours leaves out.
template <class Segmenter>
bool omitted(std::string_view name) {
  using Vision = typename Segmenter::Architecture::Vision;
  if (name.starts_with("unused.")) return true;
  if constexpr (requires { Vision::omits(name); })
    return name.starts_with("vision.") && Vision::omits(name.substr(7));
  else
    return false;
}

/// Gives `segmenter` the weights of a checkpoint: a file of any supported format, or a folder as
/// downloaded from a hub, whose config.json must agree with the architecture. Throws as
/// `load_tensors` and `open_checkpoint` do.
template <class Segmenter>
LoadReport load(Segmenter& segmenter, std::filesystem::path const& path,
                LoadOptions const& options = {}) {
  if (std::filesystem::exists(path / "config.json"))
    check_hf_config<typename Segmenter::Architecture>(path / "config.json");
  Checkpoint const checkpoint = open_checkpoint(path);
  LoadReport report =
      load_tensors(segmenter, checkpoint.tensors, path.string(), omitted<Segmenter>, options);
  report.format = checkpoint.format;
  return report;
}

}  // namespace vlsm::io

#ifndef VLSM_COMPILED
#include "vlsm/io/impl/load.hpp"
#endif
