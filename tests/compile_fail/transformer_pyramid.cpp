// expect: Decoder needs maps of one width and one stride
#include "vlsm/models/clipseg.hpp"
#include "vlsm/models/unet.hpp"

struct ClipSegOnResNet : vlsm::ClipSeg {
  using Vision = vlsm::ResNet<vlsm::resnet50>;
};
at::Tensor run(vlsm::Segmenter<ClipSegOnResNet> const& model) { return model.forward({}, {}); }
