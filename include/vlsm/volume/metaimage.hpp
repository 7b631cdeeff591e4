// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "vlsm/base/compiled.hpp"
#include "vlsm/volume/frame.hpp"
#include "vlsm/volume/samples.hpp"

namespace vlsm {

/// What the text of a MetaImage (.mhd, .mha) says of its pixels.
struct MetaImageHeader {
  std::size_t height = 0, width = 0, frames = 0;
  detail::SampleRules samples{};
  bool compressed = false;              ///< by zlib or gzip
  std::optional<std::size_t> skip = 0;  ///< bytes before the pixels; unset: they end the file
  std::string data_file{};              ///< path below the header's folder; empty: behind the text
  std::size_t text_size = 0;            ///< bytes of the text, its last line end included
};

/// Reads the text that a MetaImage begins with. Throws Error, which names `where`, for text that is
/// not a valid header, for a kind that is not read (several channels, a list of files), and for an
/// invalid size.
MetaImageHeader parse_metaimage_header(std::string_view bytes, std::string const& where);

/// Frame `frame`, from 0, of `data`: all bytes of the data file that the header names, or those
/// behind the text in the header's own file. Without a number there must be one frame only. Throws
/// Error, which names `where`, for a frame that is not there, and for pixels that are missing or
/// damaged.
Frame parse_metaimage(MetaImageHeader const& header, std::string_view data,
                      std::string const& where, std::optional<std::size_t> frame = std::nullopt);

/// Reads a MetaImage (.mhd with its .raw or .zraw, or .mha), its rows and columns as stored; the
/// spacing and the orientation are ignored. Without a number it must hold one frame only. Throws
/// Error for files that are missing, damaged, too large or of a kind that is not read.
Frame read_metaimage(std::filesystem::path const& path,
                     std::optional<std::size_t> frame = std::nullopt);

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/volume/impl/metaimage.hpp"
#endif
