// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "vlsm/kernels/common/host_device.hpp"

namespace vlsm::kernels {

/// Shared memory that one block may ask for, in bytes, on a GPU of this compute capability (86
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

/// How blocks share a matrix [rows, columns] with contiguous rows: a thread owns four neighboring
/// columns, up to 32 threads stand side by side (512 bytes of float), the others ("lanes") take
/// further rows.
struct ColumnSplit {
  static constexpr int threads = 256, most_fours = 32, rows_of_thread = 4;

  int columns, tiles, fours, lanes;

  VLSM_HOST_DEVICE constexpr explicit ColumnSplit(int width) : columns(width) {
    int const all = (width + 3) / 4;
    tiles = (all + most_fours - 1) / most_fours;
    fours = (all + tiles - 1) / tiles;
    lanes = threads / fours;
  }
  VLSM_HOST_DEVICE constexpr int rows_of_block() const { return lanes * rows_of_thread; }
  /// Blocks one above the other.
  VLSM_HOST_DEVICE constexpr int splits(std::ptrdiff_t rows) const {
    return static_cast<int>((rows + rows_of_block() - 1) / rows_of_block());
  }
};

}  // namespace vlsm::kernels
