// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/open_model.hpp"

namespace vlsm::io {

VLSM_INLINE std::unique_ptr<AnySegmenter> open_model(RegisteredModel const& model,
                                                     WeightsFrom const& from,
                                                     std::vector<LoadReport>* reports) {
  bool const random = from.weights == "random";
  if (random && !from.section.empty())
    throw Error("no state dict can be chosen of random weights", "--weights-key " + from.section,
                "leave it out, or name a file by --weights");
  if (from.decoder_weights.empty() && !from.decoder_section.empty())
    throw Error("no state dict can be chosen of decoder weights that are not given",
                "--decoder-weights-key " + from.decoder_section,
                "name the file by --decoder-weights");
  std::optional<WithoutInitialization> weights_follow;
  if (random || from.partial)
    at::manual_seed(from.seed);
  else
    weights_follow.emplace();
  std::unique_ptr<AnySegmenter> made = model.make();
  weights_follow.reset();
  made->module().eval();

  auto const load_part = [&](std::string const& file, LoadOptions const& options) {
    LoadReport report = load(*made, file, options);
    if (reports != nullptr) reports->push_back(report);
    return report;
  };
  LoadOptions first{.partial = from.partial, .strict = from.strict, .section = from.section};
  if (!from.decoder_weights.empty()) {
    first.slots = {"vision", "text"};
    first.more_follows = true;
    if (!random) load_part(from.weights, first);
    load_part(from.decoder_weights, {.slots = {"fusion", "decoder", "head"},
                                     .strict = from.strict,
                                     .section = from.decoder_section});
    return made;
  }
  if (random) return made;
  if (load_part(from.weights, first).fresh > 0 && model.pretrained_decoder)
    throw Error(std::string(model.name) + " starts from another model's decoder", from.weights,
                "give --decoder-weights (CIDAS/clipseg-rd64-refined)");
  return made;
}

}  // namespace vlsm::io
