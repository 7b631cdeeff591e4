// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/models/blip_vqa.hpp"

// The small BLIP whose files and outputs are stored under blip_vqa/tiny_a*.
namespace vlsm::test {

inline constexpr BlipVqaConfig tiny_blip = [] {
  BlipVqaConfig config = blip_vqa_base;
  config.vision.layer = {.width = 48, .heads = 2, .ffn = 96, .activation = Activation::gelu};
  config.vision.blocks = 2;
  config.vision.grid = 3;
  config.vision.taps = {1};
  config.text.layer = {
      .width = 48, .heads = 4, .ffn = 80, .activation = Activation::gelu, .eps = 12};
  config.text.blocks = 2;
  config.text.vocabulary = 300;
  config.text.positions = 32;
  config.frame = {.start = 298, .end = 3, .pad = 0};
  return config;
}();
using TinyBlip = BlipVqa<tiny_blip>;

/// The same with the end token of the outputs `generated_stop`.
inline constexpr BlipVqaConfig tiny_blip_stop = [] {
  BlipVqaConfig config = tiny_blip;
  config.frame.end = 96;
  return config;
}();

}  // namespace vlsm::test
