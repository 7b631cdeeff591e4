// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "vlsm/segmenter/registry.hpp"

namespace tool {

/// A model as a picture (SVG): its five slots in data-flow order, with the shapes between them.
/// Drawn from what the architecture says of itself.
std::string figure(vlsm::RegisteredModel const& info);

}  // namespace tool
