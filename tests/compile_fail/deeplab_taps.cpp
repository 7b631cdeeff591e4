// expect: Decoder needs another number of maps than Fusion writes
#include "vlsm/models/deeplabv3plus.hpp"

struct DeepLabOnFiveTaps : vlsm::DeepLabV3Plus {
  using Vision = vlsm::ResNet<vlsm::resnet50>;
};
at::Tensor run(vlsm::Segmenter<DeepLabOnFiveTaps> const& model) { return model.forward({}, {}); }
