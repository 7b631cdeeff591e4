// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <xtensor/xtensor.hpp>

namespace vlsm {

/// An RGB picture, [height, width, 3], 0 to 255.
using Image = xt::xtensor<std::uint8_t, 3>;

/// One channel, [height, width], 0 to 255; a mask has 0 for background and 255 for the object.
using Mask = xt::xtensor<std::uint8_t, 2>;

}  // namespace vlsm
