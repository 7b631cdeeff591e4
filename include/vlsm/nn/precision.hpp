// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"

namespace vlsm {

/// What a model computes in. The weights that an optimizer moves and its moments stay float32.
enum class Precision {
  fp32,
  bf16,  ///< weights and activations rounded (RoundedWeights in train/optimizer.hpp), sums within
         ///< products in float32
  int8,  ///< for inference on a CPU: factors of dense products are bytes (see vlsm::prepare)
};

/// Their names, in the order of the enumerators.
inline constexpr std::array<std::string_view, 3> precision_names{"fp32", "bf16", "int8"};

/// The name of a precision.
inline std::string name_of(Precision precision) {
  return std::string(precision_names[static_cast<std::size_t>(precision)]);
}

/// The precision of a name. Throws Error for other names.
inline Precision parse_precision(std::string_view name) {
  auto const found = std::ranges::find(precision_names, name);
  if (found == precision_names.end())
    throw Error("there is no such precision", strings::brief(name, 60),
                "choose one of " + strings::joined(precision_names));
  return static_cast<Precision>(found - precision_names.begin());
}

}  // namespace vlsm
