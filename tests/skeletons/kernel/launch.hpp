// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "vlsm/kernels/common/element.hpp"

// A kernel to copy: what it takes, in the words of neither CUDA nor LibTorch.
namespace vlsm::kernels {

// [arguments]
/// y = x + weight z, number by number.
struct Blend {
  std::ptrdiff_t count = 0;
  Element type = Element::f32;  ///< of all arrays
  float weight = 1;
  void const *x = nullptr, *z = nullptr;
  void* y = nullptr;  ///< may be x or z
};

/// `stream` is a cudaStream_t. No synchronization, the same bits every run.
void launch(Blend const& arguments, void* stream);
// [arguments]

}  // namespace vlsm::kernels
