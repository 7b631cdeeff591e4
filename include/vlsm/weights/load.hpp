// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/io/checkpoint.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"

namespace vlsm::io {

/// What a load did, for people who want to know.
struct LoadReport {
  std::string format{};  ///< "safetensors", "torch zip", …
  std::string scheme{};  ///< "native", "hf_clipseg", …
  std::string title{};   ///< the scheme as a person says it
  std::size_t loaded = 0;
  std::size_t tensors = 0;    ///< of the file, that the `loaded` parameters and buffers are made of
  std::size_t dropped = 0;    ///< known tensors that this architecture has no use for
  std::size_t fresh = 0;      ///< parameters that this source never holds, left as they were
  std::string fresh_slots{};  ///< where these are: "fusion, decoder, head"
  std::vector<std::string> skipped{};  ///< tensors of the file that are no part of the model
  std::string section{};               ///< where in the file the model is: "model", "student"
  std::vector<std::string> notes{};    ///< what else there was to choose or to leave out
};

/// What of a file is read, and what must be there.
struct LoadOptions {
  /// The slots that are read; what the file holds of others is dropped. Another name than these
  /// five is an error. With all five, what a model has beside its slots is read, too.
  std::vector<std::string> slots{"vision", "text", "fusion", "decoder", "head"};
  /// Whether parameters that the source never holds (the decoder, in CLIP's own files; adapters, in
  /// any file of a model without them) may keep their initial values, for a fine-tuning that starts
  /// from it.
  bool partial = false;
  /// Whether tensors that are no part of the model are an error, too.
  bool strict = false;
  /// Whether another load gives the slots that this one leaves out: what WithoutInitialization left
  /// unset there stays so, and is not drawn.
  bool more_follows = false;
  /// Which state dict of the file (see `open_checkpoint`): "model_ema". Empty: the one that is
  /// explained best.
  std::string section{};
};

/// A report in one line: "loaded 380 tensors (keys of segmentation_models_pytorch's Unet); skipped
/// 2: mean, std".
inline std::string to_line(LoadReport const& report) {
  constexpr std::size_t most = 5;
  std::string line =
      "loaded " + std::to_string(report.tensors) + " tensors (keys of " + report.title + ")";
  for (std::string const& note : report.notes) line += "; " + note;
  if (report.fresh > 0)
    line += "; not in it: " + std::to_string(report.fresh) + " parameters of " +
            report.fresh_slots + ", which start from their initial values";
  for (std::size_t i = 0; i < report.skipped.size() && i < most; ++i)
    line += (i ? ", " : "; skipped " + std::to_string(report.skipped.size()) + ": ") +
            report.skipped[i];
  return line + (report.skipped.size() > most ? ", …" : "");
}

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
/// downloaded from a hub, whose config.json must agree with the architecture, as far as `.slots`
/// are read. Throws as `load_tensors` and `open_checkpoint` do.
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
