// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vlsm/segmenter/registry.hpp"
#include "vlsm/weights/load.hpp"

namespace vlsm::io {

/// Where a model's weights come from.
struct WeightsFrom {
  std::string weights{};          ///< a file or folder, or "random"
  std::string decoder_weights{};  ///< for fusion, decoder and head; empty: `weights` gives all
  std::string section{};          ///< which state dict of `weights`, as in LoadOptions …
  std::string decoder_section{};  ///< … and of `decoder_weights`
  bool strict = false;            ///< refuse what is no part of the model
  bool partial = false;           ///< what `weights` never holds (a decoder) may start at random
  std::uint64_t seed = 0;         ///< of what is random
};

/// A registered model with its weights, set to evaluate. `reports` receives a report of each file.
/// Throws Error where a file does not fit it, and where a section of random weights is asked for.
std::unique_ptr<AnySegmenter> open_model(RegisteredModel const& model, WeightsFrom const& from,
                                         std::vector<LoadReport>* reports = nullptr);

}  // namespace vlsm::io

#ifndef VLSM_COMPILED
#include "vlsm/weights/impl/open_model.hpp"
#endif
