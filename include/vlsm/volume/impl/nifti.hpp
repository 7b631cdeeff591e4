// SPDX-License-Identifier: MIT
#pragma once

#ifdef VLSM_NIFTI
#include <nifti1_io.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/bytes.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/volume/nifti.hpp"

namespace vlsm {

namespace detail {

#ifdef VLSM_NIFTI

[[noreturn]] inline void throw_no_nifti(std::string const& where) {
  throw Error("this is no NIfTI-1 file: it has no such header", where,
              "give a .nii or .nii.gz file, or convert it to NIfTI-1");
}

/// The header in this machine's byte order; `swapped` says whether it was in the other one.
inline nifti_1_header nifti_fields(std::string_view bytes, bool& swapped,
                                   std::string const& where) {
  nifti_1_header fields;
  static_assert(sizeof fields == 348);
  if (bytes.size() < sizeof fields) throw_no_nifti(where);
  std::memcpy(&fields, bytes.data(), sizeof fields);
  swapped = __builtin_bswap32(static_cast<std::uint32_t>(fields.sizeof_hdr)) == sizeof fields;
  if (swapped) swap_nifti_header(&fields, 1);
  if (fields.sizeof_hdr == 540 || bytes.substr(4).starts_with("n+2"))
    throw Error("this is a NIfTI-2 file, which is not read", where, "convert it to NIfTI-1");
  std::string_view const magic(fields.magic, 4);
  if (fields.sizeof_hdr != sizeof fields ||
      (magic != std::string_view("n+1\0", 4) && magic != std::string_view("ni1\0", 4)))
    throw_no_nifti(where);
  return fields;
}

/// The type of a header's datatype. Throws Error for one that is not read.
inline SampleType nifti_type(int type, std::string const& where) {
  switch (type) {
    case DT_UINT8:
      return SampleType::uint8;
    case DT_INT8:
      return SampleType::int8;
    case DT_UINT16:
      return SampleType::uint16;
    case DT_INT16:
      return SampleType::int16;
    case DT_UINT32:
      return SampleType::uint32;
    case DT_INT32:
      return SampleType::int32;
    case DT_FLOAT32:
      return SampleType::float32;
    case DT_FLOAT64:
      return SampleType::float64;
    default:
      throw Error("voxels of the type " + std::string(nifti_datatype_string(type)) + " (code " +
                      std::to_string(type) + ") are not read",
                  where, "convert them to uint8, int16 or float32");
  }
}

/// Throws Error where the sides or the place of the voxels cannot be: libnifti would write to
/// stderr, or accept them.
inline void check_nifti(nifti_1_header const& fields, std::string const& where) {
  auto const refuse = [&](std::string const& what) {
    throw Error(what, where, "fetch the file again, or write it anew");
  };
  int const dimensions = fields.dim[0];
  if (dimensions < 2 || dimensions > 7)
    refuse("the header says " + std::to_string(dimensions) + " dimensions, which is not 2 to 7");
  for (int i = 3; i <= dimensions; ++i)
    if (fields.dim[i] < 1)
      refuse("side " + std::to_string(i) + " must be 1 or more, not " +
             std::to_string(fields.dim[i]));
  check_frame_size(fields.dim[1], fields.dim[2], where);
  constexpr float furthest = 1u << 30;
  if (!(fields.vox_offset >= 0 && fields.vox_offset <= furthest &&
        fields.vox_offset == std::floor(fields.vox_offset)))
    refuse("the place of the voxels (vox_offset) is no number of bytes");
}

/// The product of the sides from the third on. Throws Error where it overflows.
inline std::size_t nifti_frames(nifti_1_header const& fields, std::string const& where) {
  std::size_t frames = 1;
  for (int i = 3; i <= fields.dim[0]; ++i) {
    auto const product = io::checked_product(frames, static_cast<std::size_t>(fields.dim[i]));
    if (!product)
      throw Error("the sides' product overflows", where, "fetch the file again, or write it anew");
    frames = *product;
  }
  return frames;
}

#endif

/// Frame `frame` of `data`, the unpacked bytes of the file that holds the voxels.
inline Frame nifti_frame(NiftiHeader const& header, std::string_view data,
                         std::optional<std::size_t> frame, std::string const& where) {
  std::size_t const k = chosen_frame(frame, header.frames, where);
  std::size_t const one = header.height * header.width * sample_size(header.samples.type);
  data.remove_prefix(std::min(header.data_at, data.size()));
  return frame_of(frame_bytes(data, one, k, where), header.height, header.width, header.samples);
}

}  // namespace detail

VLSM_INLINE NiftiHeader parse_nifti_header([[maybe_unused]] std::string_view bytes,
                                           std::string const& where) {
#ifdef VLSM_NIFTI
  bool swapped = false;
  nifti_1_header const fields = detail::nifti_fields(bytes, swapped, where);
  detail::check_nifti(fields, where);
  NiftiHeader header;
  header.samples.type = detail::nifti_type(fields.datatype, where);
  static std::once_flag quiet;
  std::call_once(quiet, nifti_set_debug_level, 0);
  std::unique_ptr<nifti_image, void (*)(nifti_image*)> const image(
      nifti_hdr_looks_good(&fields) ? nifti_convert_nhdr2nim(fields, nullptr) : nullptr,
      nifti_image_free);
  if (!image)
    throw Error("the NIfTI-1 header is damaged", where, "fetch the file again, or write it anew");
  header.width = static_cast<std::size_t>(image->nx);
  header.height = static_cast<std::size_t>(image->ny);
  header.frames = detail::nifti_frames(fields, where);
  header.samples.big_endian = swapped;  // this machine is little-endian: base/file/bytes.hpp
  double const slope = image->scl_slope, intercept = image->scl_inter;
  if (slope != 0 && std::isfinite(slope)) {
    header.samples.slope = slope;
    header.samples.intercept = std::isfinite(intercept) ? intercept : 0;
  }
  mat44 const& affine = image->sform_code > 0 ? image->sto_xyz : image->qto_xyz;
  std::copy_n(&affine.m[0][0], header.place.affine.size(), header.place.affine.begin());
  header.place.known = image->sform_code > 0 || image->qform_code > 0;
  header.pair = std::string_view(fields.magic, 3) == "ni1";
  header.data_at = static_cast<std::size_t>(fields.vox_offset);
  if (!header.pair && header.data_at < sizeof fields + 4) header.data_at = sizeof fields + 4;
  return header;
#else
  throw Error("this build does not read NIfTI", where,
              "build with libnifti (Debian: libnifti-dev)");
#endif
}

VLSM_INLINE Frame parse_nifti(std::string_view bytes, std::string const& where,
                              std::optional<std::size_t> frame) {
  std::string unpacked;
  std::string_view const file = unpacked_bytes(bytes, unpacked, where);
  NiftiHeader const header = parse_nifti_header(file, where);
  if (header.pair)
    throw Error("this is a NIfTI header whose voxels are in an .img file", where,
                "put that file beside it and name the .hdr file");
  return detail::nifti_frame(header, file, frame, where);
}

VLSM_INLINE Frame read_nifti(std::filesystem::path const& path, std::optional<std::size_t> frame) {
  std::string name = path.string(), unpacked, unpacked_data;
  auto const file = io::MappedFile::open(path);
  std::string_view const bytes = unpacked_bytes(detail::text_of(file->bytes()), unpacked, name);
  NiftiHeader const header = parse_nifti_header(bytes, name);
  if (!header.pair) return detail::nifti_frame(header, bytes, frame, name);
  std::size_t const ending = name.rfind(".hdr");
  if (ending == std::string::npos || name.find('/', ending) != std::string::npos)
    throw Error("this is a NIfTI header whose voxels are in an .img file", name,
                "name both files alike, one .hdr and one .img");
  std::string data_name = name.substr(0, ending) + ".img";
  if (!std::filesystem::exists(data_name) && std::filesystem::exists(data_name + ".gz"))
    data_name += ".gz";
  auto const data = io::MappedFile::open(data_name);
  return detail::nifti_frame(
      header, unpacked_bytes(detail::text_of(data->bytes()), unpacked_data, data_name), frame,
      data_name);
}

}  // namespace vlsm
