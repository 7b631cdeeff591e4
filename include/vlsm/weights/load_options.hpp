// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

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
  /// The slots that are read; what the file holds of others is dropped.
  std::vector<std::string> slots{"vision", "text", "fusion", "decoder", "head"};
  /// Whether parameters that the source never holds (the decoder, in CLIP's own files; adapters, in
  /// any file of a model without them) may keep their initial values, for a fine-tuning that starts
  /// from it.
  bool partial = false;
  /// Whether tensors that are no part of the model are an error, too.
  bool strict = false;
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

}  // namespace vlsm::io
