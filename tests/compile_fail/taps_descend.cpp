// expect: VitConfig: .taps do not ascend
#include "vlsm/vision/vit.hpp"

namespace {

constexpr vlsm::VitConfig backwards = [] {
  vlsm::VitConfig config = vlsm::clip_vit_b16;
  config.taps = {6, 3, 9};
  return config;
}();
[[maybe_unused]] constexpr vlsm::FeatureSpec out = vlsm::VisionTransformer<backwards>::out;

}  // namespace
