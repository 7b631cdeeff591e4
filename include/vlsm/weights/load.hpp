// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/io/checkpoint.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"
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

/// Gives `model` the weights of a checkpoint: a file of any supported format, or a folder as
/// downloaded from a hub, whose config.json must agree with the architecture. Throws as
/// `load_tensors` and `open_checkpoint` do.
LoadReport load(AnySegmenter& model, std::filesystem::path const& path,
                LoadOptions const& options = {});

/// The same for a model whose type is known.
template <class A>
LoadReport load(Segmenter<A>& model, std::filesystem::path const& path,
                LoadOptions const& options = {}) {
  SegmenterView<A> view(model);
  return load(view, path, options);
}

}  // namespace vlsm::io

#ifndef VLSM_COMPILED
#include "vlsm/weights/impl/load.hpp"
#endif
