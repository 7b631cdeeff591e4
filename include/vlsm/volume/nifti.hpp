// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "vlsm/base/compiled.hpp"
#include "vlsm/volume/frame.hpp"
#include "vlsm/volume/samples.hpp"

namespace vlsm {

/// Where voxels lie in space.
struct VoxelPlace {
  /// Rows of three and an offset: from a voxel's column, row and frame to millimeters.
  std::array<float, 12> affine{};
  bool known = false;  ///< whether the file says more than the spacing
};

/// What the header of a NIfTI-1 file says of its voxels.
struct NiftiHeader {
  std::size_t height = 0, width = 0;
  std::size_t frames = 0;         ///< the product of all sides from the third on
  detail::SampleRules samples{};  ///< with the file's slope and intercept
  std::size_t data_at = 0;        ///< where the voxels begin, in the file that holds them
  bool pair = false;              ///< whether the voxels are in an .img file of their own
  VoxelPlace place{};             ///< by sform, else qform, else the spacing; turns nothing
};

/// Reads a NIfTI-1 header out of a file's bytes, unpacked. Throws Error, which names `where`, for
/// bytes that do not begin with a valid header, for sides and types of voxels that are not read,
/// and in a build without libnifti.
NiftiHeader parse_nifti_header(std::string_view bytes, std::string const& where);

/// One frame, from 0, of a whole .nii file in memory, packed by gzip or not; without a number it
/// must be the only one. Frames are what the first two sides span. Rows and columns are as stored:
/// what the header says of axes and signs turns nothing. Throws Error, which names `where`, as
/// parse_nifti_header does, and where voxels are missing.
Frame parse_nifti(std::string_view bytes, std::string const& where,
                  std::optional<std::size_t> frame = std::nullopt);

/// Reads a frame of a NIfTI-1 file (.nii, .nii.gz, or .hdr with its .img, packed or not) as
/// parse_nifti does. Throws Error for files that are missing, damaged, too large or of a kind that
/// is not read.
Frame read_nifti(std::filesystem::path const& path,
                 std::optional<std::size_t> frame = std::nullopt);

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/volume/impl/nifti.hpp"
#endif
