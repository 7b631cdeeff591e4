// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/autocast_mode.h>

namespace vlsm {

/// While one lives, dense products of float32 tensors on `device` run in bfloat16 (torch's
/// autocast).
class Autocast {
 public:
  explicit Autocast(at::DeviceType device, bool enabled = true)
      : device_(device), before_(at::autocast::is_autocast_enabled(device)) {
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::set_autocast_enabled(device_, enabled);
    at::autocast::increment_nesting();
  }
  ~Autocast() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, before_);
  }
  Autocast(Autocast const&) = delete;
  Autocast& operator=(Autocast const&) = delete;

 private:
  at::DeviceType device_;
  bool before_;
};

}  // namespace vlsm
