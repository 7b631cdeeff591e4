// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "vlsm/base/content_hash.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/formats.hpp"
#include "vlsm/data/picture_doubts.hpp"
#include "vlsm/data/prepare/impl/incomplete_rows.hpp"
#include "vlsm/data/prepare/impl/kept_lists.hpp"
#include "vlsm/data/prepare/impl/published.hpp"
#include "vlsm/data/prepare/impl/set_writer.hpp"
#include "vlsm/data/prepare/impl/splits.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/data/prepare/same_pictures.hpp"
#include "vlsm/prompts/attribute_file.hpp"

namespace vlsm {

namespace detail {

/// Prepares one set: reads it, looks for what is odd, makes its annotations, and writes it all.
class DatasetPreparation {
 public:
  std::map<std::string, nlohmann::ordered_json> splits;  ///< split -> annotation rows, after `run`

  /// An empty `target`: nothing is written. `options` must outlive this. Throws Error for names
  /// that occur twice or are not UTF-8, files that the options name, and options that contradict
  /// each other.
  DatasetPreparation(SourceSet set, std::filesystem::path target, PrepareOptions const& options)
      : set_(std::move(set)), target_(std::move(target)), options_(options) {
    report_.dataset = set_.dataset;
    report_.source = set_.source;
    report_.findings = set_.findings;
    report_.own_prompts = options.table.has_value();
    table_ = options.table ? options.table : study_prompt_table(set_.dataset);
    check_names(set_);
    if (!options.attributes.empty()) read_attribute_file();
    if (options.published.empty()) return;
    published_ = read_published(options.published);
    if (splits_anew() || options.table || !options.attributes.empty() ||
        options.position != PositionRule::study)
      throw Error("published lists are kept as they are", options.published.string(),
                  "leave out what would split or word them anew (--split, --prompts, --attributes, "
                  "--position)");
  }

  /// Pictures and masks first, then the report and the annotations. Throws Error.
  PrepareReport run() {
    SetWriter writer(set_, target_, options_);
    writer.write();
    for (std::size_t i = 0; i < set_.rows.size(); ++i)
      made_.insert_or_assign(set_.rows[i].mask, std::move(writer.masks[i]));
    add({"stale_files", std::move(writer.stale), "left of an earlier run: nothing names them now"});
    look_at_rows();
    count_pictures();
    look_at_pictures(writer.pictures);
    make_annotations();
    if (!target_.empty()) write_annotations();
    return std::move(report_);
  }

 private:
  /// Whether rows get other splits than the publisher's.
  bool splits_anew() const { return options_.split[0] + options_.split[1] + options_.split[2] > 0; }

  /// Throws Error where the file cannot be read, and where the value for a slot is not text.
  void read_attribute_file() {
    for (auto const& [mask, row] : read_attributes(options_.attributes).rows) {
      Attributes& given = given_[mask];
      if (row.shape) given["shape"] = *row.shape;
      if (row.color) given["color"] = *row.color;
      for (auto const& [name, value] : row.others.items()) {
        if (value.is_string())
          given[name] = value.get<std::string>();
        else if (table_ && table_->attributes().contains(name))
          throw Error("\"" + strings::brief(name, 40) + "\" is no text",
                      attribute_row(options_.attributes.string(), mask),
                      "write words there, or leave the member out");
      }
    }
  }

  void add(Finding finding) { add_finding(report_.findings, std::move(finding)); }

  /// What is odd about the masks and their attributes.
  void look_at_rows() {
    Finding empty{"empty_mask",
                  {},
                  table_ && table_->tells_empty() ? "no object: the prompts say so" : "no object"};
    Finding soft{"levels_matter",
                 {},
                 "size and position follow from the file's levels; of the written mask they "
                 "would be others"};
    Finding lacking{"no_attributes",
                    {},
                    "the attribute file lacks these masks: levels that need one are left out"};
    Finding unknown{"unknown_mask", {}, "the attribute file names masks that are not here"};
    Finding turned{"exif_orientation", {}, turned_doubt};
    std::set<std::string> known;
    for (std::size_t i = 0; i < set_.rows.size(); ++i) {
      SourceRow const& row = set_.rows[i];
      WrittenMask const& made = made_.at(row.mask);
      known.insert(row.mask);
      if (made.attributes.number == 0 && made.doubt.empty()) empty.names.push_back(row.mask);
      if (made.written_otherwise) soft.names.push_back(row.mask);
      if (made.turned_otherwise) turned.names.push_back(row.mask);
      if (!made.doubt.empty())
        report_.findings.push_back(
            {"unclear_mask",
             {row.mask},
             made.doubt + (made.attributes.number == 0 ? "; its row was left out" : "")});
      if (!options_.attributes.empty() && made.attributes.number > 0 && !given_.contains(row.mask))
        lacking.names.push_back(row.mask);
    }
    for (auto const& [mask, given] : given_)
      if (!known.contains(mask)) unknown.names.push_back(mask);
    for (Finding* const finding : {&empty, &soft, &turned, &lacking, &unknown})
      add(std::move(*finding));
  }

  /// Whether some of the publisher's pictures are not here.
  void count_pictures() {
    std::size_t published = 0;
    for (SourceFormat const& format : source_formats)
      if (format.name == set_.dataset) published = format.pictures;
    std::size_t const found = set_.images.size() + set_.others;
    if (found < published)
      report_.findings.push_back(
          {"fewer_pictures",
           {},
           std::to_string(found) + " of the publisher's " + std::to_string(published)});
  }

  /// What is odd about the pictures; rows get their splits, and leaks are taken out.
  void look_at_pictures(std::vector<WrittenPicture> const& pictures) {
    std::vector<PictureKey> keys;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      keys.push_back(pictures[i].key);
      keys.back().sequence = set_.images[i].group;
      keys.back().file = set_.images[i].file.string();
    }
    for (Finding& finding : header_findings(set_, pictures)) add(std::move(finding));
    auto const identical = same_pictures(keys, false);
    auto const same = set_.look_alikes ? same_pictures(keys, true) : identical;
    auto const names = [&](std::vector<std::size_t> const& members) {
      std::vector<std::string> list;
      for (std::size_t i : members) list.push_back(set_.images[i].name);
      return list;
    };
    for (auto const& members : identical)
      add({"identical_pictures", names(members),
           "one file under several names" + in_classes(members)});
    if (set_.look_alikes)
      for (auto const& members : same)
        if (std::ranges::find(identical, members) == identical.end())
          add({"look_alikes", names(members),
               "they show the same (perceptual hashes within " + std::to_string(most_hash_bits) +
                   " bits)" + in_classes(members)});
    if (splits_anew()) groups_ = split_rows(set_, same, options_.split, options_.seed);
    if (published_.empty()) look_at_splits(same);
    if (options_.clean && published_.empty())
      for (Finding& finding : take_leaks_out(set_, same)) add(std::move(finding));
  }

  /// ", in several classes" where the rows of these pictures differ in pathology, else nothing.
  std::string in_classes(std::vector<std::size_t> const& members) const {
    std::set<std::string> classes;
    for (SourceRow const& row : set_.rows)
      if (auto const word = row.attributes.find("pathology");
          word != row.attributes.end() && std::ranges::find(members, row.image) != members.end())
        classes.insert(word->second);
    return classes.size() > 1 ? ", in several classes" : "";
  }

  void look_at_splits(std::vector<std::vector<std::size_t>> const& same) {
    auto const first = first_of_same(same, set_.images.size());
    std::map<std::size_t, std::set<std::string>> uses;  // picture -> its splits
    for (SourceRow const& row : set_.rows) uses[first[row.image]].insert(row.split);
    std::vector<std::pair<std::string, std::set<std::string>>> pictures;
    for (auto const& [image, in] : uses) pictures.emplace_back(set_.images[image].name, in);
    for (Finding& finding : shared_by_splits(pictures)) add(std::move(finding));
  }

  /// The annotation row of a row. Adds the levels that it has and the attributes that are known.
  nlohmann::ordered_json annotation(SourceRow const& row, std::set<std::string>& levels,
                                    std::set<std::string>& filled) const {
    MaskAttributes const& mask = made_.at(row.mask).attributes;
    Attributes attributes = mask.words();
    attributes.insert(row.attributes.begin(), row.attributes.end());
    if (auto const given = given_.find(row.mask); given != given_.end())
      for (auto const& [name, value] : given->second)
        if (mask.number > 0 || !describes_object(name)) attributes.emplace(name, value);
    for (auto const& [name, value] : attributes) filled.insert(name);
    nlohmann::ordered_json prompts{{"p0", ""}};
    if (table_)
      for (auto const& [level, prompt] : table_->render(attributes, mask.number == 0)) {
        prompts[level] = prompt.list ? nlohmann::ordered_json(prompt.sentences)
                                     : nlohmann::ordered_json(prompt.sentences[0]);
        levels.insert(level);
      }
    Box const& box = mask.box;
    return {{"img_name", set_.images[row.image].name},
            {"mask_name", row.mask},
            {"bbox", {box.x0, box.y0, box.x1, box.y1}},
            {"prompts", prompts},
            {"attributes", attributes}};
  }

  /// The annotations of the masks' own attributes. Rows of empty masks that are in doubt are left
  /// out.
  void annotate_rows(std::set<std::string>& levels) {
    std::set<std::string> filled;
    for (SourceRow const& row : set_.rows) {
      WrittenMask const& made = made_.at(row.mask);
      if (made.attributes.number == 0 && !made.doubt.empty()) continue;
      splits[row.split].push_back(annotation(row, levels, filled));
    }
    if (splits.empty())
      throw Error("all masks are in doubt, so no row is left: " + made_.at(set_.rows[0].mask).doubt,
                  set_.rows[0].source, "mend the masks");
    std::set<std::string> named;
    for (auto const& [split, list] : splits) named.insert(split);
    add(empty_splits(options_.split, named, groups_));
    if (!table_) return;
    add(unfilled_slots(table_->attributes(), filled, !options_.attributes.empty()));
    auto const looked_at = [&](std::string const& mask) {
      return options_.attributes.empty() || given_.contains(mask);
    };
    for (Finding& finding : incomplete_rows(splits, table_->attributes(), filled, looked_at))
      add(std::move(finding));
  }

  /// The published lists, of the files that are here.
  void take_published(std::set<std::string>& levels) {
    for (Finding& finding : match_published(published_, set_, options_.clean))
      add(std::move(finding));
    for (AnnotationList& list : published_) {
      for (auto const& row : list.rows)
        for (auto const& [level, prompt] : row["prompts"].items()) levels.insert(level);
      splits[list.split] = std::move(list.rows);
    }
    if (std::ranges::all_of(splits, [](auto const& one) { return one.second.empty(); }))
      throw Error("no row of the published lists is of this set's files",
                  options_.published.string(), "name the folder of lists of " + set_.dataset);
  }

  void make_annotations() {
    std::set<std::string> levels{"p0"};
    if (published_.empty())
      annotate_rows(levels);
    else
      take_published(levels);
    report_.images = set_.images.size();
    report_.masks = made_.size();  // files: --clean takes out rows alone
    report_.levels.assign(levels.begin(), levels.end());
    std::ranges::sort(report_.levels, strings::natural_less);
    for (auto const& [split, rows] : splits) report_.rows[split] = rows.size();
  }

  static std::string text_of(nlohmann::ordered_json const& rows) { return rows.dump(1) + "\n"; }

  void write_annotations() {
    for (auto const& [split, rows] : splits)
      report_.lists[split + ".json"] = content_hash(text_of(rows)).text();
    add({"stale_files", names_of_kept(target_, report_.lists),
         "this run did not write them; they were kept"});
    io::write_whole_file(target_ / "report.json", report_.to_json().dump(1) + "\n");
    // All lists at once: a set with anns/ is complete.
    std::filesystem::path const folder = target_ / "anns.partial";
    std::filesystem::remove_all(folder);
    io::make_folder(folder, check_path);
    for (auto const& [split, rows] : splits)
      io::write_whole_file(folder / (split + ".json"), text_of(rows));
    std::filesystem::rename(folder, target_ / "anns");
    put_lists_back(target_);
    std::error_code ignored;
    std::filesystem::remove(target_ / "preparing.json", ignored);
  }

  SourceSet set_;
  std::filesystem::path target_;
  PrepareOptions const& options_;
  PrepareReport report_;
  std::optional<PromptTable> table_;
  std::map<std::string, Attributes> given_;  // mask -> what the attribute file says of it
  std::vector<AnnotationList> published_;    // the lists of PrepareOptions::published
  std::map<std::string, WrittenMask> made_;  // by the mask's name
  std::size_t groups_ = 0;                   // of pictures that were split anew
};

}  // namespace detail

VLSM_INLINE PrepareReport prepare_dataset(SourceSet set, std::filesystem::path const& target,
                                          PrepareOptions const& options) {
  return detail::DatasetPreparation(std::move(set), target, options).run();
}

VLSM_INLINE std::map<std::string, nlohmann::ordered_json> annotate(SourceSet set,
                                                                   PrepareOptions const& options,
                                                                   PrepareReport* report) {
  detail::DatasetPreparation preparation(std::move(set), {}, options);
  PrepareReport found = preparation.run();
  if (report) *report = std::move(found);
  return std::move(preparation.splits);
}

}  // namespace vlsm
