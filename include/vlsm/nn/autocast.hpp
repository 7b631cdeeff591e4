// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/autocast_mode.h>

namespace vlsm {

/// While one lives, dense products of float32 tensors on `device` run in bfloat16 (torch's
/// autocast). Use it around a forward pass, not around a training: LibTorch caches the converted
/// weights while it lives. The cache is cleared at its beginning and end, also of a nested one,
/// because a copy that was made without gradients (in an evaluation) would give the weights no
/// gradient in the next training step.
class Autocast {
 public:
  explicit Autocast(at::DeviceType device, bool enabled = true)
      : device_(device),
        enabled_before_(at::autocast::is_autocast_enabled(device)),
        type_before_(at::autocast::get_autocast_dtype(device)) {
    at::autocast::clear_cache();
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::set_autocast_enabled(device_, enabled);
    at::autocast::increment_nesting();
  }
  ~Autocast() {
    at::autocast::decrement_nesting();
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, enabled_before_);
    at::autocast::set_autocast_dtype(device_, type_before_);
  }
  Autocast(Autocast const&) = delete;
  Autocast& operator=(Autocast const&) = delete;

 private:
  at::DeviceType device_;
  bool enabled_before_;
  at::ScalarType type_before_;
};

}  // namespace vlsm
