// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

// Published results that a user's own can be put beside. Values as printed: Dice and IoU in
// percent, HD95 as the source gives it. The same group's CLIPSeg and CRIS differ between the two
// papers by up to 2 points, so that much apart is agreement. The list of cvc300_polyp that the
// study published equals colondb_polyp's: on which 60 pictures its column rests is not known.
namespace vlsm::study {

/// Where a published number stands.
enum class Source {
  midl2024_table2,      ///< table 2 of the study (MIDL 2024)
  midl2024_slides,      ///< the study's slides: tested on Kvasir-SEG, fine-tuned on the set named
  vlsm_adapter_table1,  ///< table 1 of VLSM-Adapter; "individual" is our reading of it
};

/// One row of a published table, a column a data set.
struct PublishedRow {
  Source source;
  std::string_view trained_on;  ///< a set, "individual" (the tested one), "pooled" (all sets), or
                                ///< "endoscopy_pooled"
  std::string_view model, metric;
  std::array<double, 11> values;  ///< of published_sets; NaN: an empty cell
};

inline constexpr std::array<std::string_view, 11> published_sets{
    "kvasir_polyp",  "clinicdb_polyp", "bkai_polyp",  "cvc300_polyp",
    "colondb_polyp", "etis_polyp",     "isic",        "dfu",
    "camus",         "busi",           "chexlocalize"};

namespace detail_published {

inline constexpr double none = std::numeric_limits<double>::quiet_NaN();

// clang-format off
inline constexpr PublishedRow rows[] = {
    {Source::midl2024_table2, "individual", "CRIS", "DSC", {91.39, 91.69, 92.4, none, none, none, 91.94, 76.13, 91.09, 69.31, 62.57}},
    {Source::midl2024_table2, "individual", "CLIPSeg", "DSC", {89.51, 88.74, 86.47, none, none, none, 92.12, 73.24, 88.85, 64.32, 59.56}},
    {Source::midl2024_table2, "individual", "UNet", "DSC", {84.77, 85.65, 83.79, none, none, none, 90.4, 67.87, 90.19, 75.21, 50.29}},
    {Source::midl2024_table2, "individual", "UNet++", "DSC", {84.7, 84.16, 84.61, none, none, none, 90.12, 69.95, 89.95, 72.55, 49.53}},
    {Source::midl2024_table2, "individual", "DeepLabv3+", "DSC", {84.11, 89.11, 84.95, none, none, none, 90.66, 67.89, 90.43, 70.57, 49.95}},
    {Source::midl2024_table2, "individual", "SOTA", "DSC", {95.02, 95.73, 90.23, none, none, none, 92, 72.87, 94.1, 89.8, none}},
    {Source::midl2024_table2, "pooled", "CRIS", "DSC", {90.23, 91.88, 90.21, 88.99, 78.07, 75.93, 91.99, 75.55, 91, 67.89, 61.01}},
    {Source::midl2024_table2, "pooled", "CLIPSeg", "DSC", {87.25, 87.49, 87.3, 87.24, 71.32, 69.64, 91.34, 71.94, 88.76, 66.02, 56.6}},
    {Source::midl2024_table2, "pooled", "UNet", "DSC", {36.6, 26.1, 37.7, 4.94, 8.55, 12, 64.9, 38.6, 76.82, 44.6, 38}},
    {Source::midl2024_table2, "pooled", "UNet++", "DSC", {80.52, 78.21, 77.87, 87.8, 51.92, 48.16, 88.41, 65.78, 89.99, 75.59, 53.88}},
    {Source::midl2024_table2, "pooled", "DeepLabv3+", "DSC", {82.4, 82.7, 77.6, 84.4, 59.3, 48.3, 89.6, 67.7, 90.17, 77.8, 54.56}},
    {Source::midl2024_table2, "endoscopy_pooled", "CRIS", "DSC", {91.25, 92.94, 92.35, 90.42, 81, 79.67, none, none, none, none, none}},
    {Source::midl2024_table2, "endoscopy_pooled", "CLIPSeg", "DSC", {89.62, 88.96, 86.98, 88.98, 75.23, 71.18, none, none, none, none, none}},
    {Source::midl2024_table2, "endoscopy_pooled", "UNet", "DSC", {85.45, 88.17, 84.7, 90.27, 67.87, 61.84, none, none, none, none, none}},
    {Source::midl2024_table2, "endoscopy_pooled", "UNet++", "DSC", {83.99, 85.44, 82.27, 89.4, 66.61, 55.62, none, none, none, none, none}},
    {Source::midl2024_table2, "endoscopy_pooled", "DeepLabv3+", "DSC", {87.87, 87.6, 84.38, 87.54, 69.95, 65.24, none, none, none, none, none}},
    {Source::midl2024_slides, "kvasir_polyp", "CRIS", "DSC", {91.39, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "kvasir_polyp", "CLIPSeg", "DSC", {89.51, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "kvasir_polyp", "UNet", "DSC", {84.77, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "kvasir_polyp", "UNet++", "DSC", {84.7, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "kvasir_polyp", "DeepLabv3+", "DSC", {84.11, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "clinicdb_polyp", "CRIS", "DSC", {82.66, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "clinicdb_polyp", "CLIPSeg", "DSC", {84.02, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "clinicdb_polyp", "UNet", "DSC", {65.8, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "clinicdb_polyp", "UNet++", "DSC", {61.93, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "clinicdb_polyp", "DeepLabv3+", "DSC", {66.63, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "bkai_polyp", "CRIS", "DSC", {83.74, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "bkai_polyp", "CLIPSeg", "DSC", {83.7, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "bkai_polyp", "UNet", "DSC", {68.42, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "bkai_polyp", "UNet++", "DSC", {70.64, none, none, none, none, none, none, none, none, none, none}},
    {Source::midl2024_slides, "bkai_polyp", "DeepLabv3+", "DSC", {69.02, none, none, none, none, none, none, none, none, none, none}},
    {Source::vlsm_adapter_table1, "individual", "CLIPSeg_e2e", "DSC", {87.69, 88.58, 85.59, none, none, none, 91.88, 72.12, 88.93, 62.91, 58.51}},
    {Source::vlsm_adapter_table1, "individual", "CLIPSeg_e2e", "IoU", {81.72, 81.51, 77.52, none, none, none, 85.76, 61.61, 80.69, 55.52, 45.45}},
    {Source::vlsm_adapter_table1, "individual", "CLIPSeg_e2e", "HD95", {54.02, 19.3, 87.91, none, none, none, 60.93, 38.24, 16.69, 72.98, 537.57}},
    {Source::vlsm_adapter_table1, "individual", "CRIS_e2e", "DSC", {89.43, 93.63, 92.62, none, none, none, 91.49, 74.01, 91.29, 67.5, 60.76}},
    {Source::vlsm_adapter_table1, "individual", "CRIS_e2e", "IoU", {83.37, 88.74, 88.3, none, none, none, 85.41, 64.31, 84.42, 60.9, 47.99}},
    {Source::vlsm_adapter_table1, "individual", "CRIS_e2e", "HD95", {55.23, 12.36, 49.8, none, none, none, 64.39, 41.92, 12.33, 50.63, 519.21}},
    {Source::vlsm_adapter_table1, "individual", "SAN", "DSC", {69.58, 81.36, 66.26, none, none, none, 90.39, 63.38, 46.42, 45.61, 44.37}},
    {Source::vlsm_adapter_table1, "individual", "SAN", "IoU", {58.05, 72.61, 54.58, none, none, none, 83.61, 51.63, 31.81, 35.27, 31.97}},
    {Source::vlsm_adapter_table1, "individual", "SAN", "HD95", {130.75, 38.42, 224.37, none, none, none, 87.25, 60.1, 175.81, 152.1, 724.55}},
    {Source::vlsm_adapter_table1, "individual", "CLIPSeg_SA", "DSC", {86.85, 89.04, 83.67, none, none, none, 91.4, 69.47, 87.16, 65.51, 58.14}},
    {Source::vlsm_adapter_table1, "individual", "CLIPSeg_SA", "IoU", {79.26, 81.93, 75.02, none, none, none, 85.05, 58.27, 78.01, 58.19, 44.84}},
    {Source::vlsm_adapter_table1, "individual", "CLIPSeg_SA", "HD95", {52.18, 18.03, 87.79, none, none, none, 60.29, 38.75, 19.14, 63.36, 533.04}},
    {Source::vlsm_adapter_table1, "individual", "CLIPSeg_DA", "DSC", {89.1, 88.73, 87.23, none, none, none, 92.05, 72.14, 89.71, 65.02, 58.99}},
    {Source::vlsm_adapter_table1, "individual", "CLIPSeg_DA", "IoU", {82.39, 81.84, 79.81, none, none, none, 85.98, 61.42, 81.85, 57.2, 46.01}},
    {Source::vlsm_adapter_table1, "individual", "CLIPSeg_DA", "HD95", {47.79, 18.76, 70.02, none, none, none, 54.38, 38.79, 14.16, 64.37, 535.97}},
};
// clang-format on

/// The names that the papers give to registered models.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 5> models{
    {{"clipseg", "CLIPSeg"},
     {"cris", "CRIS"},
     {"unet", "UNet"},
     {"unetpp", "UNet++"},
     {"deeplabv3plus", "DeepLabv3+"}}};

}  // namespace detail_published

/// The number of table 2 or of the slides for a registered model trained on a set, on "pooled" or
/// on "endoscopy_pooled", and tested on a set, Dice in percent; nothing where none was published.
inline std::optional<double> published_dice(std::string_view model, std::string_view trained_on,
                                            std::string_view tested_on) {
  std::size_t column = 0;
  while (column < published_sets.size() && published_sets[column] != tested_on) ++column;
  if (column == published_sets.size()) return std::nullopt;
  if (trained_on == tested_on) trained_on = "individual";
  for (auto const& [registered, printed] : detail_published::models)
    for (PublishedRow const& row : detail_published::rows)
      if (registered == model && row.model == printed && row.metric == "DSC" &&
          row.trained_on == trained_on && row.source != Source::vlsm_adapter_table1 &&
          !std::isnan(row.values[column]))
        return row.values[column];
  return std::nullopt;
}

}  // namespace vlsm::study
