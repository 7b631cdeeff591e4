// SPDX-License-Identifier: MIT
#include "vlsm/weights/hf_config.hpp"

#include "fuzz/fuzz.hpp"

// The config.json of a Hugging Face CLIPSeg, in full or as what is otherwise than usual.
int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace vlsm;
  constexpr LayerConfig layer{
      .width = 64, .heads = 4, .ffn = 128, .activation = Activation::quick_gelu};
  static ClipSettings const ours{.vision = layer,
                                 .text = ClipSettings::Text{layer, 639, 640},
                                 .decoder = ClipSettings::Decoder{{1, 2, 4}, 4}};
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  fuzz::only_errors([&] { io::check_hf_config(text, "file", ours); });
  return 0;
}
