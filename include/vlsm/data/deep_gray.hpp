// SPDX-License-Identifier: MIT
#pragma once

// Pictures of more levels than the 256 that models see: the texts of findings.
namespace vlsm::detail {

/// Of pictures that are copied: reading them cuts their levels off, as PIL does.
inline constexpr char const* clipped_gray =
    "16 bits of gray: levels above 255 are white, so scale them and write 8 bits";

/// Of pictures that become PNG.
inline constexpr char const* scaled_gray =
    "16 bits of gray: where levels exceed 255, each file's are scaled so that 0.5 % are black and "
    "0.5 % white";

}  // namespace vlsm::detail
