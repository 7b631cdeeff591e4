// SPDX-License-Identifier: MIT
#pragma once

namespace vlsm::kernels {

/// Shared memory that one block may ask for, in bytes, on a card of this compute capability (86
/// means 8.6): CUDA C++ Programming Guide, "Technical Specifications per Compute Capability".
constexpr int shared_limit(int capability) {
  switch (capability) {
    case 80:
    case 87:
      return 163 * 1024;
    case 90:
    case 100:
    case 103:
      return 227 * 1024;
    default:
      return 99 * 1024;
  }
}

}  // namespace vlsm::kernels
