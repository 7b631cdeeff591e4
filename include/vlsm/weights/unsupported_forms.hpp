// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace vlsm::io {

/// How to save weights that a tool keeps in another form than the model's own, by the names that
/// such a form has; empty where no name is of one.
inline std::string unsupported_form_remedy(std::vector<std::string_view> const& keys) {
  struct Form {
    std::string_view part, name, remedy;
  };
  // The first that fits: adapters may lie on quantized layers.
  static constexpr std::array forms{
      Form{".base_layer.", "adapters of PEFT", "call merge_and_unload()"},
      Form{".lora_A.", "adapters of PEFT", "call merge_and_unload() with the model they belong to"},
      Form{".SCB", "8-bit layers of bitsandbytes", "call dequantize()"},
      Form{".weight.quant_state", "4-bit layers of bitsandbytes", "call dequantize()"},
      Form{".weight.absmax", "4-bit layers of bitsandbytes", "call dequantize()"},
      Form{"_packed_params", "layers quantized by torch", "take the model before convert()"},
      Form{".parametrizations.", "parametrized weights",
           "call torch.nn.utils.parametrize.remove_parametrizations on each such module"},
      Form{"weight_mask", "pruned weights", "call torch.nn.utils.prune.remove on each such module"},
      Form{"weight_orig", "weights under spectral norm",
           "call torch.nn.utils.remove_spectral_norm on each such module"},
      Form{".weight_g", "weights under weight norm",
           "call torch.nn.utils.remove_weight_norm on each such module"},
  };
  for (Form const& form : forms)
    for (std::string_view const key : keys)
      if (key.find(form.part) != key.npos)
        return "it holds " + std::string(form.name) + ": " + std::string(form.remedy) +
               ", then save the state dict again";
  return {};
}

}  // namespace vlsm::io
