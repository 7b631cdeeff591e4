// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "model.hpp"

namespace tool {

/// What the demonstration found out.
struct DemoFigures {
  std::vector<vlsm::Epoch> history;
  vlsm::Evaluation right, empty, opposite;
  double seconds = 0;
  double peak_mb = 0;
};

/// Writes report.html and the overlays it shows into `out`, whose data/ holds the data set.
void write_demo_report(std::filesystem::path const& out, Model& model, ModelInfo const& info,
                       vlsm::Encode const& encode, DemoFigures const& figures);

}  // namespace tool
