// expect: Decoder needs a pyramid whose first map has another stride
#include "vlsm/models/clipseg.hpp"
#include "vlsm/models/unet.hpp"

struct UnetPlusPlusOnVit : vlsm::UnetPlusPlus {
  using Vision = vlsm::VisionTransformer<vlsm::clip_vit_b16>;
};
at::Tensor run(vlsm::Segmenter<UnetPlusPlusOnVit> const& model) { return model.forward({}, {}); }
