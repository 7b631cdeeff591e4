// SPDX-License-Identifier: MIT
// The command-line tool with one model more. CMake: target_link_libraries(04_register PRIVATE
// vlsm_commands)
//   04_register finetune --model mine --data busi --out run
#include "vlsm/fusion/cross_attention.hpp"
#include "vlsm/models/small.hpp"
#include "vlsm/segmenter/registry.hpp"

struct Mine : vlsm::ClipSegTiny {
  using Fusion = vlsm::CrossAttention<vlsm::CrossAttentionConfig{.width = 48, .heads = 4}>;
};
VLSM_REGISTER_MODEL("mine", Mine, .summary = "the small CLIPSeg with cross attention to the words");
