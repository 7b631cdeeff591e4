// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "vlsm/base/error.hpp"
#include "vlsm/data/formats/bkai.hpp"
#include "vlsm/data/formats/busi.hpp"
#include "vlsm/data/formats/camus.hpp"
#include "vlsm/data/formats/chexlocalize.hpp"
#include "vlsm/data/formats/clinicdb.hpp"
#include "vlsm/data/formats/dfu.hpp"
#include "vlsm/data/formats/isic.hpp"
#include "vlsm/data/formats/kvasir.hpp"
#include "vlsm/data/formats/polyp_bundle.hpp"

namespace vlsm {

/// A data set of the study that can be read as its publisher gives it.
struct SourceFormat {
  std::string_view name;   ///< "kvasir_polyp"
  std::string_view title;  ///< "Kvasir-SEG"
  std::size_t pictures;    ///< how many pictures with masks the publisher has
  SourceSet (*read)(std::filesystem::path const& source);  ///< throws Error
};

/// The study's eleven data sets.
inline constexpr std::array<SourceFormat, 11> source_formats{{
    {"kvasir_polyp", "Kvasir-SEG", 1000, read_kvasir},
    {"clinicdb_polyp", "CVC-ClinicDB", 612, read_clinicdb},
    {"bkai_polyp", "BKAI-IGH NeoPolyp", 1000, read_bkai},
    {"cvc300_polyp", "CVC-300", 60,
     [](auto const& source) { return read_polyp_bundle(source, "cvc300_polyp"); }},
    {"colondb_polyp", "CVC-ColonDB", 380,
     [](auto const& source) { return read_polyp_bundle(source, "colondb_polyp"); }},
    {"etis_polyp", "ETIS-LaribPolypDB", 196,
     [](auto const& source) { return read_polyp_bundle(source, "etis_polyp"); }},
    {"isic", "ISIC 2016", 1279, read_isic},
    {"dfu", "DFUC 2022", 2000, read_dfu},
    {"busi", "BUSI", 780, read_busi},
    {"camus", "CAMUS", 2000, read_camus},
    {"chexlocalize", "CheXlocalize", 902, read_chexlocalize},
}};

/// The format of this name. Throws Error, which lists the names, where there is none.
inline SourceFormat const& find_source_format(std::string_view name) {
  std::string names;
  for (SourceFormat const& format : source_formats) {
    if (format.name == name) return format;
    names += (names.empty() ? "" : ", ") + std::string(format.name);
  }
  throw Error("there is no data set of this name", std::string(name), "choose one of " + names);
}

}  // namespace vlsm
