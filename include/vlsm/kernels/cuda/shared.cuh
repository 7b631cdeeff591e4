// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/cuda/device.cuh"

// Shared<T> is a view of a block's dynamic shared memory: on a card a bare pointer, in the
// emulation a view whose every access is checked (bounds, initialized, no race). Kernels use no
// other shared memory.

#ifdef __CUDACC__

namespace vlsm::kernels {

template <class T>
struct Shared {
  T* data;
  __device__ T& operator[](int index) const { return data[index]; }
  /// The view that begins at element `index`.
  __device__ Shared from(int index) const { return {data + index}; }
};

/// `count` elements that begin at byte `first_byte` of the block's shared memory.
template <class T>
__device__ Shared<T> shared_array(int first_byte, int /*count*/) {
  extern __shared__ __align__(16) unsigned char vlsm_shared_bytes[];
  return {reinterpret_cast<T*>(vlsm_shared_bytes + first_byte)};
}

}  // namespace vlsm::kernels

#else

#include "emulation/shared.hpp"

namespace vlsm::kernels {

using emulation::Shared;
using emulation::shared_array;

}  // namespace vlsm::kernels

#endif
