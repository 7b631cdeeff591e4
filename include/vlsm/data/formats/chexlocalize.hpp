// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/file/folders.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/csv.hpp"
#include "vlsm/data/formats/find_layout.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/data/run_lengths.hpp"

namespace vlsm {

namespace detail {

/// The findings whose masks CheXlocalize has; it says "Airspace Opacity" where CheXpert says "Lung
/// Opacity".
inline constexpr std::array<std::string_view, 10> drawn_findings{"Enlarged Cardiomediastinum",
                                                                 "Cardiomegaly",
                                                                 "Lung Lesion",
                                                                 "Airspace Opacity",
                                                                 "Edema",
                                                                 "Consolidation",
                                                                 "Atelectasis",
                                                                 "Pneumothorax",
                                                                 "Pleural Effusion",
                                                                 "Support Devices"};

/// CheXpert's labels in its order, without "No Finding".
inline constexpr std::array<std::string_view, 13> chexpert_findings{"Enlarged Cardiomediastinum",
                                                                    "Cardiomegaly",
                                                                    "Lung Opacity",
                                                                    "Lung Lesion",
                                                                    "Edema",
                                                                    "Consolidation",
                                                                    "Pneumonia",
                                                                    "Atelectasis",
                                                                    "Pneumothorax",
                                                                    "Pleural Effusion",
                                                                    "Pleural Other",
                                                                    "Fracture",
                                                                    "Support Devices"};

/// What a table of CheXpert calls positive in each picture. Pictures are found by the end of their
/// paths, "patient64541/study1/view1_frontal.jpg", whatever the ending of the file.
class ChexpertTable {
 public:
  /// Throws Error where the table cannot be read or a column is missing.
  explicit ChexpertTable(std::filesystem::path const& path) : csv_(Csv::read(path)) {
    csv_.need("Path");
    for (std::string_view const finding : chexpert_findings) csv_.need(std::string(finding));
    for (std::size_t row = 0; row < csv_.rows(); ++row) {
      std::string name = csv_.at(row, "Path");
      std::ranges::replace(name, '\\', '/');
      if (std::size_t const patient = name.rfind("patient"); patient != std::string::npos)
        rows_[without_ending(name.substr(patient))].push_back(row);
    }
  }
  /// The labels of the picture `path` that are 1, in CheXpert's order; `id` is its name in
  /// messages. Throws Error for a picture without a row or with two that differ, and for a label
  /// other than 1, 0, -1 and blank.
  std::vector<std::string> at(std::string const& path, std::string const& id) const {
    auto const found = rows_.find(without_ending(path));
    if (found == rows_.end())
      throw Error("the table (csv) has no row for " + id, csv_.where(),
                  "its findings are not known: fetch the table again");
    auto const list = positive(found->second[0], id);
    for (std::size_t const row : found->second)
      if (positive(row, id) != list)
        throw Error("the table (csv) has two rows for " + id + ", which differ", csv_.where(),
                    "fetch the table again");
    return list;
  }

 private:
  static std::string without_ending(std::string const& path) {
    return std::filesystem::path(path).replace_extension().generic_string();
  }
  std::vector<std::string> positive(std::size_t row, std::string const& id) const {
    std::vector<std::string> list;
    for (std::string_view const finding : chexpert_findings) {
      std::string const cell = strings::trimmed(csv_.at(row, std::string(finding)));
      // Of a blank label nothing is said.
      auto const value = cell.empty() ? std::optional(0.0) : strings::parse_number<double>(cell);
      bool const known = value && (value == 0 || value == 1 || value == -1);
      if (!known || !csv_.complete(row))
        throw Error("the table's (csv) row for " + id +
                        (known ? " is cut off"
                               : " calls " + std::string(finding) + " \"" +
                                     strings::brief(cell, 20) + "\""),
                    csv_.where(), "a label is 1, 0, -1 or blank: fetch the table again");
      if (value == 1) list.emplace_back(finding);
    }
    return list;
  }

  Csv csv_;
  std::map<std::string, std::vector<std::size_t>> rows_;
};

/// One mask's run lengths, packed as text or as numbers, and its size.
struct RunLengths {
  std::string text;
  std::vector<std::int64_t> runs;  ///< empty: `text` holds them
  long long height = 0, width = 0;

  /// Reads {"size": [h, w], "counts": text or numbers}. Throws Error, which names `where`, for
  /// anything else.
  RunLengths(nlohmann::json const& json, std::string const& where) {
    auto const fail = [&] {
      throw Error("this is no mask of run lengths", where,
                  "it has \"size\" [h, w] and \"counts\": fetch the file again");
    };
    if (!json.is_object() || !json.contains("size") || !json.contains("counts")) fail();
    auto const& size = json["size"];
    auto const& counts = json["counts"];
    auto const whole = [](nlohmann::json const& number) { return number.is_number_integer(); };
    if (!size.is_array() || size.size() != 2 || !std::ranges::all_of(size, whole)) fail();
    height = size[0].get<long long>(), width = size[1].get<long long>();
    if (counts.is_string())
      text = counts.get<std::string>();
    else if (counts.is_array() && std::ranges::all_of(counts, whole))
      runs = counts.get<std::vector<std::int64_t>>();
    else
      fail();
  }
  /// The mask [height, width]. Throws Error as mask_of_run_lengths does.
  Mask mask(std::string const& where) const {
    return runs.empty()
               ? mask_of_run_lengths(text, height, width, where)
               : mask_of_run_lengths(std::span<std::int64_t const>(runs), height, width, where);
  }
  /// Whether the mask holds an object. Throws Error likewise.
  bool hold_object(std::string const& where) const {
    return runs.empty()
               ? run_lengths_hold_object(std::string_view(text), height, width, where)
               : run_lengths_hold_object(std::span<std::int64_t const>(runs), height, width, where);
  }
};

/// The picture's file as .jpg or .jpeg, in any case; `path` itself where there is none.
inline std::filesystem::path chexpert_picture(std::filesystem::path const& path) {
  for (char const* ending : {".jpg", ".jpeg"})
    if (auto const file = io::in_any_case(std::filesystem::path(path).replace_extension(ending));
        io::is_file(file))
      return file;
  return path;
}

/// CheXpert's name of a finding of CheXlocalize.
inline std::string chexpert_name(std::string const& finding) {
  return finding == "Airspace Opacity" ? "Lung Opacity" : finding;
}

/// One of CheXpert's pictures, by its key in CheXlocalize's file.
struct ChexlocalizePicture {
  std::string id;    ///< "patient64541_study1_view1_frontal"
  std::string view;  ///< "frontal" or "lateral"
  std::string path;  ///< "patient64541/study1/view1_frontal.jpg"

  /// Throws Error, which names `where`, for a key that is not the name of a picture of CheXpert's.
  ChexlocalizePicture(std::string const& key, std::string const& where)
      : id(key), view(key.substr(key.rfind('_') + 1)), path(key) {
    for (int i = 0; i < 2; ++i)
      if (std::size_t const at = path.find('_'); at != std::string::npos) path[at] = '/';
    path += ".jpg";
    if (path.find("..") != std::string::npos || (view != "frontal" && view != "lateral"))
      throw Error("a picture's name is none of CheXpert's", where,
                  "they are called patient1_study1_view1_frontal");
  }
  std::string patient() const { return id.substr(0, id.find('_')); }
};

/// Adds the rows of a picture's masks, {finding: run lengths}, which are not empty. Returns the
/// findings that have one. `positive` is what the table says of the picture, `where` names it in
/// messages. Throws Error for run lengths that are not valid.
inline std::set<std::string> add_chexlocalize_masks(
    SourceSet& set, ChexlocalizePicture const& picture, nlohmann::json const& masks,
    std::vector<std::string> const& positive, std::string const& split, std::string const& where) {
  std::set<std::string> drawn;
  for (auto const& [finding, value] : masks.items()) {
    std::string const name = strings::brief(finding, 40), here = where + ", " + name;
    if (std::ranges::find(drawn_findings, finding) == drawn_findings.end()) {
      set.findings.push_back({"unknown_finding",
                              {picture.id},
                              "\"" + name + "\" is none of the ten findings: left out"});
      continue;
    }
    RunLengths const lengths(value, here);
    if (!lengths.hold_object(here)) continue;
    drawn.insert(finding);
    if (std::ranges::find(positive, chexpert_name(finding)) == positive.end())
      set.findings.push_back({"table_says_no",
                              {picture.id},
                              finding + " has a mask, but the table does not call it positive: "
                                        "the list of findings lacks it"});
    Attributes attributes{{"finding", finding}, {"view", picture.view}};
    if (!positive.empty()) attributes["findings"] = strings::joined(positive);
    std::string suffix = strings::lower_case(finding);
    std::ranges::replace(suffix, ' ', '_');
    set.rows.push_back({.split = split,
                        .image = set.images.size(),
                        .mask = picture.id + "_" + suffix + ".png",
                        .source = here,
                        .read = [lengths, here] { return SourceMask{lengths.mask(here)}; },
                        .attributes = attributes});
  }
  return drawn;
}

/// Adds a part ("val", "test") of the set: masks, pictures and the table of labels of one part.
/// Throws Error for a file that is missing or damaged, and for a picture that the table lacks.
inline void add_chexlocalize(SourceSet& set, std::filesystem::path const& json_path,
                             std::filesystem::path const& images,
                             std::filesystem::path const& table_path, std::string const& split) {
  ChexpertTable const table(table_path);
  auto const json = parse_json(strings::trimmed(read_lines(json_path)), json_path.string(),
                               "the file is damaged or cut off; fetch it again",
                               {.object = true, .unique_keys = true});
  Finding no_row{"no_row", {}, "no finding has a mask, so there is no row"};
  for (auto const& [id, masks] : json.items()) {
    std::string const where = json_path.string() + ", " + strings::brief(id, 80);
    if (!masks.is_object()) throw Error("this is no list of masks", where, "fetch the file again");
    ChexlocalizePicture const picture(id, where);
    std::filesystem::path const file = chexpert_picture(images / picture.path);
    if (!io::is_file(file))
      throw Error("masks of a picture that is not there", file.string(),
                  "fetch the pictures of CheXpert's " + split + " part");
    auto const positive = table.at(picture.path, id);
    auto const drawn = add_chexlocalize_masks(set, picture, masks, positive, split, where);
    if (drawn.empty()) {
      no_row.names.push_back(id + ".jpg");
      continue;
    }
    std::vector<std::string> without;
    for (std::string_view const finding : drawn_findings)
      if (std::string const name = chexpert_name(std::string(finding));
          !drawn.contains(std::string(finding)) &&
          std::ranges::find(positive, name) != positive.end())
        without.push_back(name);
    if (!without.empty())
      set.findings.push_back(
          {"positive_without_mask",
           {id},
           "the table calls positive what has no mask: " + strings::joined(without) +
               "; it is listed in the prompts, and has no row"});
    set.images.push_back({.name = id + ".jpg", .file = file, .group = picture.patient()});
  }
  set.others += no_row.names.size();
  add_finding(set.findings, std::move(no_row));
}

}  // namespace detail

/// CheXlocalize (Saporta et al. 2022): `CheXlocalize/gt_segmentations_{val,test}.json`, run lengths
/// of ten findings, over the pictures of `CheXpert/{val or valid,test}/` and CheXpert's tables of
/// labels. A row for each mask that is not empty; a part alone is a set, too. Throws Error.
inline SourceSet read_chexlocalize(std::filesystem::path const& source) {
  namespace fs = std::filesystem;
  SourceSet set{.dataset = "chexlocalize"};
  io::check_folder(source, "give the folder of CheXlocalize");
  // The first of these names that is there, in `source` or below. A folder named without one in
  // front of it ("test") says too little to be looked for below.
  auto const first_of = [&](std::vector<std::string> const& names, bool folder) {
    auto const look = [&](fs::path const& in, int depth) -> std::optional<fs::path> {
      for (std::string const& name : names)
        if ((depth == 0 || name.find('/') != std::string::npos || !folder) &&
            (folder ? io::is_folder(in / name) : io::is_file(in / name)))
          return in / name;
      return std::nullopt;
    };
    return detail::find_below(source, *names.begin(), look).value_or(source / *names.begin());
  };
  bool any = false;
  for (std::string const split : {"val", "test"}) {
    std::string const json = "gt_segmentations_" + split + ".json",
                      other = split == "val" ? "valid" : split;
    fs::path const masks = first_of({"CheXlocalize/" + json, json}, false);
    if (!io::is_file(masks)) continue;
    any = true;
    std::vector<std::string> folders, tables;
    for (std::string const in :
         {"CheXpert/", "CheXpert-v1.0/", "CheXpert-v1.0-small/", "sample/", ""})
      for (std::string const& part : {split, other}) {
        folders.push_back(in + part);
        tables.push_back(in + part + "_labels.csv");
        if (part != "test") tables.push_back(in + part + ".csv");
      }
    fs::path const images = first_of(folders, true), table = first_of(tables, false);
    detail::add_chexlocalize(set, masks, images, table, split);
  }
  if (!any)
    throw Error("this is not CheXlocalize as it is published", source.string(),
                "give the folder that holds CheXlocalize/gt_segmentations_val.json or _test.json, "
                "and CheXpert/" +
                    detail::unpack_hint(source));
  return set;
}

}  // namespace vlsm
