// SPDX-License-Identifier: MIT
#pragma once

#include "support/disks.hpp"
#include "vlsm/adapt/condition.hpp"
#include "vlsm/adapt/dense.hpp"
#include "vlsm/adapt/lora.hpp"
#include "vlsm/adapt/shallow.hpp"

// Small models with adapters of each kind.
namespace vlsm::test {

/// The parameter that bears this name.
inline at::Tensor of(torch::nn::Module const& module, std::string const& name) {
  return module.named_parameters()[name];
}

/// A text tower whose states are as wide as its sentences.
inline constexpr ClipTextConfig even_text{.layer = {.width = 32, .heads = 2, .ffn = 64},
                                          .blocks = 3,
                                          .vocabulary = 258,
                                          .end = 257,
                                          .sentence = 32};

struct Dense : DiskSeg {
  using Vision = DenseAdapters<VisionTransformer<disk_vit>, DenseConfig{.width = 4, .blocks = 1}>;
  using Text = DenseAdapters<ClipText<even_text>, DenseConfig{.width = 5, .blocks = 2}>;
};
struct Shallow : DiskSeg {
  using Vision = ShallowAdapters<VisionTransformer<disk_vit>, ShallowConfig{.width = 6}>;
  using Text =
      ShallowTextAdapters<ConditionAdapter<ClipText<even_text>, ConditionConfig{.width = 7}>,
                          ShallowTextConfig{.width = 6, .taps = {0, 2}, .count = 2}>;
};
inline constexpr LoraConfig everywhere{
    .rank = 3, .alpha = 6, .query = true, .key = true, .value = true, .out = true};
struct LowRanks : DiskSeg {
  using Vision = Lora<VisionTransformer<disk_vit>>;
  using Text = Lora<ClipText<disk_text>, everywhere>;
};

}  // namespace vlsm::test
