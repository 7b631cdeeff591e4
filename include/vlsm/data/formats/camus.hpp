// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "vlsm/base/file/folders.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/find_layout.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/data/formats/study_layout.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/volume/metaimage.hpp"
#include "vlsm/volume/nifti.hpp"

namespace vlsm {

namespace detail {

/// `Info_2CH.cfg` or `Info_4CH.cfg`: lines "Key: value" about a view and its patient.
class CamusInfo {
 public:
  /// The attributes age, sex and quality. Throws Error for a file that cannot be read, that lacks
  /// one of them, or in which the prompts have no words for one.
  static Attributes read(std::filesystem::path const& path) {
    CamusInfo const info(path);
    std::string const age = info.at("Age"), sex = strings::lower_case(info.at("Sex")),
                      quality = strings::lower_case(info.at("ImageQuality"));
    int years = -1;
    auto const [end, failed] = std::from_chars(age.data(), age.data() + age.size(), years);
    std::string_view const behind(end, age.data() + age.size());
    bool const whole = behind.empty() || (behind[0] == '.' && behind.size() > 1 &&
                                          behind.find_first_not_of('0', 1) == behind.npos);
    if (failed != std::errc() || !whole || years < 0 || years > 120)
      info.fail("Age", age, "a number from 0 to 120");
    bool const woman = sex == "f" || sex == "female";
    if (!woman && sex != "m" && sex != "male") info.fail("Sex", info.at("Sex"), "F or M");
    if (quality != "good" && quality != "medium" && quality != "poor")
      info.fail("ImageQuality", info.at("ImageQuality"), "Good, Medium or Poor");
    return {{"age", cardinal(static_cast<std::size_t>(years))},
            {"sex", woman ? "female" : "male"},
            {"quality", quality}};
  }

 private:
  explicit CamusInfo(std::filesystem::path const& path) : where_(path.string()) {
    if (!io::is_file(path))
      throw Error("a patient's description is missing", where_, "fetch the patient's folder again");
    std::string const text = read_lines(path, 1u << 16);
    for (std::string_view const line : strings::split_text(text, "\n"))
      if (std::size_t const colon = line.find(':'); colon != line.npos) {
        std::string const key = strings::trimmed(line.substr(0, colon)),
                          value = strings::trimmed(line.substr(colon + 1));
        auto const [other, fresh] = values_.emplace(strings::lower_case(key), value);
        if (!fresh && other->second != value)
          throw Error(key + " is there twice, \"" + other->second.substr(0, 40) + "\" and \"" +
                          value.substr(0, 40) + "\"",
                      where_, "take one of the lines out");
      }
  }
  std::string const& at(std::string const& key) const {
    auto const found = values_.find(strings::lower_case(key));
    if (found == values_.end())
      throw Error("the description lacks \"" + key + "\"", where_,
                  "fetch it again, or write the line " + key + ": …");
    return found->second;
  }
  [[noreturn]] void fail(std::string const& key, std::string const& value,
                         std::string const& wanted) const {
    throw Error(key + " is \"" + value.substr(0, 40) + "\", not " + wanted, where_,
                "mend the line");
  }

  std::string where_;
  std::map<std::string, std::string> values_;
};

/// A frame of CAMUS, NIfTI or MetaImage, as levels [H, W]. Throws Error.
inline Mask read_camus_frame(std::filesystem::path const& path) {
  Frame const frame = strings::ends_in(path.filename().string(), {".mhd"}) ? read_metaimage(path)
                                                                           : read_nifti(path);
  return gray_from_frame(frame, path.string());
}

/// The mask [H, W] of one label, 0 and 255, of a frame of labels. Throws Error for a label
/// beyond 3.
inline SourceMask read_camus_label(std::filesystem::path const& path, int label) {
  SourceMask mask{.levels = read_camus_frame(path)};
  for (std::uint8_t& level : mask.levels) {
    if (level > 3)
      throw Error("the label " + std::to_string(level) + " is none of 0 to 3", path.string(),
                  "fetch the patient's folder again");
    level = level == label ? 255 : 0;
  }
  return mask;
}

/// The file of this name in NIfTI or MetaImage. Throws Error where there is none, and where there
/// are two.
inline std::filesystem::path camus_file(std::filesystem::path const& folder,
                                        std::string const& name) {
  std::vector<std::filesystem::path> found;
  for (char const* ending : {".nii.gz", ".nii", ".mhd"})
    if (auto const file = io::in_any_case(folder / (name + ending)); io::is_file(file))
      found.push_back(file);
  if (found.size() > 1)
    throw Error("two files differ in their ending alone", found[1].string(),
                "keep the one that belongs to the set");
  if (!found.empty()) return found[0];
  throw Error(name.ends_with("_gt") ? "a picture has no labels" : "a picture is missing",
              (folder / name).string() + ".nii.gz (.mhd)", "fetch the patient's folder again");
}

/// Adds a patient's four pictures with three masks each to a split; `written` is the folder below
/// images/ and masks/ that they are written to. Throws Error for files that are missing.
inline void add_camus_patient(SourceSet& set, std::filesystem::path const& folder,
                              std::string const& split, std::string const& written) {
  std::string const patient = folder.filename().string();
  for (auto const& [view, chambers] : {std::pair{"2CH", "two"}, {"4CH", "four"}}) {
    Attributes attributes =
        CamusInfo::read(io::in_any_case(folder / (std::string("Info_") + view + ".cfg")));
    attributes["view"] = chambers;
    for (auto const& [instant, cycle] : {std::pair{"ED", "diastole"}, {"ES", "systole"}}) {
      attributes["cycle"] = cycle;
      std::string const name = patient + "_" + view + "_" + instant;
      auto const file = camus_file(folder, name), labels = camus_file(folder, name + "_gt");
      for (int label = 1; label <= 3; ++label) {
        attributes["structure"] = camus_structures[static_cast<std::size_t>(label - 1)];
        set.rows.push_back(
            {.split = split,
             .image = set.images.size(),
             .mask = written + "/mask_" + std::to_string(label) + "/" + name + "_gt.png",
             .source = labels.string(),
             .read = [labels, label] { return read_camus_label(labels, label); },
             .attributes = attributes});
      }
      set.images.push_back({.name = written + "/" + name + ".png",
                            .file = file,
                            .convert = [file] { return as_image(read_camus_frame(file)); },
                            .group = written + "/" + patient});
    }
  }
}

/// Whether a folder holds patients.
inline bool has_camus_patients(std::filesystem::path const& folder) {
  return io::is_folder(folder) && std::ranges::any_of(io::folders_in(folder), [](auto const& name) {
           return name.starts_with("patient");
         });
}

/// The folder that holds database_nifti/, or training/ or testing/, with patients; `source` where
/// none does. Throws Error where that is not a folder, and where two folders hold patients.
inline std::filesystem::path find_camus(std::filesystem::path const& source) {
  namespace fs = std::filesystem;
  io::check_folder(source, "give the folder of CAMUS");
  if (folder_name(source) == "database_nifti" && has_camus_patients(source))
    return (fs::absolute(source).lexically_normal() / "").parent_path().parent_path();
  auto const look = [&](fs::path const& folder, int) -> std::optional<fs::path> {
    for (char const* part : {"database_nifti", "training", "testing"})
      if (has_camus_patients(peeled(folder / part))) return folder;
    return std::nullopt;
  };
  return find_below(source, "CAMUS", look).value_or(source);
}

/// The patients that a list of a split names, each a word. Throws Error where there is no such
/// file, and for a line of anything else.
inline std::vector<std::string> read_camus_list(std::filesystem::path const& path) {
  if (!io::is_file(path))
    throw Error("a list of patients is missing", path.string(),
                "all three lists of database_split are needed: fetch it again");
  std::string const text = read_lines(path, 1u << 20);
  std::vector<std::string> patients;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos ||
        !word.starts_with("patient"))
      throw Error("this is no list of patients", path.string(), "it names one a line: patient0001");
    patients.push_back(std::move(word));
  }
  return patients;
}

/// Adds the patients of database_nifti/ to the splits of database_split/. Throws Error for a list
/// that is missing, and for a patient who is listed twice.
inline void add_camus_nifti(SourceSet& set, std::filesystem::path const& root) {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> listed;  // patient -> split
  Finding unknown{
      "unknown_patient", {}, "listed in database_split, but without a folder: left out"};
  for (auto const& [list, split] :
       {std::pair{"training", "train"}, {"validation", "val"}, {"testing", "test"}}) {
    fs::path const path = root / "database_split" / ("subgroup_" + std::string(list) + ".txt");
    for (std::string const& patient : read_camus_list(path)) {
      auto const [other, fresh] = listed.emplace(patient, split);
      if (!fresh && other->second == split)
        throw Error("the patient " + patient + " is listed twice", path.string(),
                    "take one of the lines out");
      if (!fresh)
        throw Error(
            "the patient " + patient + " is listed in " + other->second + " and in " + split,
            path.string(), "who is trained on must not be tested: mend the lists");
      fs::path const folder = root / "database_nifti" / patient;
      if (io::is_folder(folder))
        add_camus_patient(set, folder, split, split == std::string("test") ? "test" : "train");
      else
        unknown.names.push_back(patient);
    }
  }
  add_finding(set.findings, std::move(unknown));
  Finding unlisted{"left_out", {}, "no list of database_split names these patients"};
  for (std::string const& patient : io::folders_in(root / "database_nifti"))
    if (patient.starts_with("patient") && !listed.contains(patient))
      unlisted.names.push_back(patient);
  add_finding(set.findings, std::move(unlisted));
}

/// Adds the patients of training/ and testing/, where they are there. `source` may be one of them.
/// Returns those that were read.
inline std::vector<std::filesystem::path> add_camus_metaimages(
    SourceSet& set, std::filesystem::path const& root, std::filesystem::path const& source) {
  std::set<std::string> known;
  std::vector<std::filesystem::path> read;
  Finding twice{"same_name_other_person",
                {},
                "training and testing number their people alike: two people, in two folders"};
  for (auto const& [part, split] : {std::pair{"training", "train"}, {"testing", "test"}}) {
    std::filesystem::path const folder = folder_name(source) == part ? source : peeled(root / part);
    if (!io::is_folder(folder)) continue;
    read.push_back(folder);
    for (std::string const& patient : io::folders_in(folder)) {
      if (!patient.starts_with("patient")) continue;
      if (!known.insert(patient).second) twice.names.push_back(patient);
      add_camus_patient(set, folder / patient, split, split);
    }
  }
  add_finding(set.findings, std::move(twice));
  return read;
}

/// The folders of patients in `source` and below, of either layout, that are not among `read`, as a
/// finding that may name none.
inline Finding unread_camus(std::filesystem::path const& source,
                            std::vector<std::filesystem::path> const& read) {
  namespace fs = std::filesystem;
  Finding other{"not_read", {}, "CAMUS was read from other folders, and these hold patients, too"};
  std::set<fs::path> known;
  std::error_code failed;
  for (fs::path const& folder : read) known.insert(fs::canonical(folder, failed));
  find_below(source, "CAMUS", [&](fs::path const& folder, int) -> std::optional<fs::path> {
    for (char const* part : {"database_nifti", "training", "testing"})
      if (fs::path const one = peeled(folder / part); has_camus_patients(one))
        if (known.insert(fs::canonical(one, failed)).second)
          other.names.push_back(one.lexically_relative(source).generic_string() + "/");
    return std::nullopt;
  });
  return other;
}

}  // namespace detail

/// CAMUS (Leclerc et al. 2019) as NIfTI: `CAMUS_public/database_nifti/patientNNNN/…` with the lists
/// of `database_split`, or as MetaImage: `training/patientNNNN/…` and `testing/…`. Each picture has
/// three masks, one for each label; the attributes follow from the files' names and `Info_….cfg`.
/// Pictures become PNG, rows and columns as the file stores them. The folders `train/` and `test/`
/// keep people apart that bear the same number. Throws Error.
inline SourceSet read_camus(std::filesystem::path const& source) {
  SourceSet set{.dataset = "camus"};
  std::filesystem::path const root = detail::find_camus(source);
  std::vector<std::filesystem::path> read;
  if (io::is_folder(root / "database_nifti")) {
    detail::add_camus_nifti(set, root);
    read.push_back(root / "database_nifti");
  } else {
    read = detail::add_camus_metaimages(set, root, source);
  }
  detail::add_finding(set.findings, detail::unread_camus(source, read));
  if (set.images.empty())
    throw Error("this is not CAMUS as it is published", source.string(),
                "give the folder that holds CAMUS_public, or training/ and testing/" +
                    detail::unpack_hint(source));
  return set;
}

}  // namespace vlsm
