// expect: Fusion needs another number of taps than Vision writes
#include "vlsm/models/cris.hpp"
#include "vlsm/vision/resnet.hpp"

struct CrisOnResNet : vlsm::Cris {
  using Vision = vlsm::ResNet<vlsm::resnet50>;
};
at::Tensor run(vlsm::Segmenter<CrisOnResNet> const& model) { return model.forward({}, {}); }
