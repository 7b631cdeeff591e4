// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "vlsm/base/file/folders.hpp"
#include "vlsm/data/formats/csv.hpp"
#include "vlsm/data/formats/pairs.hpp"

namespace vlsm {

/// CVC-ClinicDB (Bernal et al. 2015): `CVC-ClinicDB/{Original,Ground Truth}/N.tif`, which become
/// PNG, or Kaggle's copy `PNG/{Original,Ground Truth}/N.png`, whose metadata.csv names the
/// sequence of each frame; without that file or its columns, sequences are unknown, and frames that
/// it does not name are a finding. Throws Error.
inline SourceSet read_clinicdb(std::filesystem::path const& source) {
  namespace fs = std::filesystem;
  SourceSet set{.dataset = "clinicdb_polyp"};
  fs::path const root = detail::find_layout(
      source, {"PNG", "CVC-ClinicDB/PNG", "CVC-ClinicDB", "TIF", ""}, {"Original", "Ground Truth"},
      "CVC-ClinicDB",
      "CVC-ClinicDB/Original and CVC-ClinicDB/Ground Truth, or PNG/Original and PNG/Ground Truth");
  detail::add_pairs(set, detail::peeled(root / "Original"), detail::peeled(root / "Ground Truth"),
                    "all");
  detail::convert_tiffs(set);
  fs::path const table = root.parent_path() / "metadata.csv";
  if (!io::is_file(table)) return set;
  std::map<std::string, std::string> sequences;  // of "12.png"
  auto const csv = detail::Csv::read(table);
  if (!csv.has("png_image_path") || !csv.has("sequence_id")) {
    Finding unknown{"sequences",
                    {},
                    "metadata.csv does not say which frames are of one sequence: a split may cut "
                    "one"};
    for (SourceImage const& image : set.images) unknown.names.push_back(image.name);
    detail::add_finding(set.findings, std::move(unknown));
    return set;
  }
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    std::string path = csv.at(row, "png_image_path");
    std::ranges::replace(path, '\\', '/');
    std::string const frame = fs::path(path).stem().string(), sequence = csv.at(row, "sequence_id");
    if (sequence.empty()) continue;
    auto const [other, fresh] = sequences.emplace(frame, sequence);
    if (!fresh && other->second != sequence)
      throw Error("the table gives the frame " + frame + " two sequences, " + other->second +
                      " and " + sequence,
                  table.string(), "fetch the table again");
  }
  std::set<std::string> distinct;
  Finding alone{
      "sequences", {}, "metadata.csv gives these frames no sequence: a split may cut one"};
  for (SourceImage& image : set.images)
    if (auto const found = sequences.find(detail::stem_of(image.name)); found != sequences.end())
      distinct.insert(image.group = found->second);
    else
      alone.names.push_back(image.name);
  detail::add_finding(set.findings, std::move(alone));
  if (!distinct.empty())
    set.findings.push_back({"sequences",
                            {},
                            "the frames are of " + std::to_string(distinct.size()) +
                                " sequences (metadata.csv): a split that cuts one leaks"});
  return set;
}

}  // namespace vlsm
