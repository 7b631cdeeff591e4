// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "vlsm/io/keys/hf_clipseg.hpp"

namespace vlsm::io {

/// Our own names; the rules are empty because nothing is renamed.
inline constexpr KeyScheme native{"native", {}};

/// Every scheme that files are recognised by.
inline constexpr std::array schemes{native, hf_clipseg};

}  // namespace vlsm::io
