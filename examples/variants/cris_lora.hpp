// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/adapt/lora.hpp"
#include "vlsm/models/cris.hpp"

namespace vlsm::variants {

// [variant]
/// LoRA (Hu et al. 2022) on the attentions of the text tower and of the decoder.
template <class Base>
struct WithLora : Base {
  using Text = Lora<typename Base::Text>;
  using Decoder = Lora<typename Base::Decoder, LoraConfig{.out = true}>;
};
using CrisLora = WithLora<Cris>;
static_assert(fits<CrisLora>());
// [variant]

}  // namespace vlsm::variants
