// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "vlsm/io/checkpoint.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/weights/hf_config.hpp"
#include "vlsm/weights/load_options.hpp"

namespace vlsm::io {

/// Whether a model leaves out what its published form has under this name of ours.
using Omits = std::function<bool(std::string_view name)>;

/// Gives `model` the weights of `tensors`, whose names follow any known scheme.
///
/// Every parameter must be found once, with its shape and finite; else one Error names all that is
/// missing, unused, wrongly shaped or not finite, and the model is left as it was. Unused is what
/// the scheme knows as a part of its model and this one lacks; tensors beside the model are listed
/// in the report, and with `.strict` they are an Error, too. The model is then set to evaluate
/// (`fit` sets it to train). `omits(name)` says which of our names a published model has and this
/// one leaves out (blocks beyond the deepest tap). The values are copied: two models that are given
/// the same tensors do not share them.
LoadReport load_tensors(torch::nn::Module& model, std::vector<NamedArray> const& tensors,
                        std::string const& where, Omits const& omits,
                        LoadOptions const& options = {});

/// The same from a checkpoint that nothing else uses: float32 tensors are not copied, the
/// parameters lie in the file's private mapping. Values that share memory in the file (tied
/// weights) are copied, so that no parameter changes with another.
LoadReport load_checkpoint(torch::nn::Module& model, Checkpoint&& checkpoint,
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
  Checkpoint checkpoint = open_checkpoint(path, options.section);
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path / "config.json", ignored))
    check_hf_config<typename Segmenter::Architecture>(path / "config.json");
  return load_checkpoint(segmenter, std::move(checkpoint), path.string(), omitted<Segmenter>,
                         options);
}

}  // namespace vlsm::io

#ifndef VLSM_COMPILED
#include "vlsm/weights/impl/load.hpp"
#endif
