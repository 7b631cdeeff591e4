// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "vlsm/data/dataset.hpp"
#include "vlsm/segmenter/registry.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/options.hpp"

namespace tool {

/// What the demonstration found out.
struct DemoFigures {
  std::vector<vlsm::Epoch> history;
  vlsm::Evaluation right, empty, opposite;
  double seconds = 0;
  double peak_mb = 0;
};

/// Writes report.html and the overlays it shows into `out`, whose data/ holds the data set.
void write_demo_report(std::filesystem::path const& out, vlsm::AnySegmenter& model,
                       vlsm::RegisteredModel const& info, vlsm::Encode const& encode,
                       DemoFigures const& figures);

}  // namespace tool
