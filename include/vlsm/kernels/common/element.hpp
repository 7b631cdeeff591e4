// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace vlsm::kernels {

/// What an array holds, where that is chosen at run time.
enum class Element : std::uint8_t { f32, f16, bf16, u8, boolean };

}  // namespace vlsm::kernels
