// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "vlsm/data/formats/formats.hpp"
#include "vlsm/data/prepare/impl/incomplete_rows.hpp"
#include "vlsm/data/prepare/impl/published.hpp"
#include "vlsm/data/prepare/impl/set_writer.hpp"
#include "vlsm/data/prepare/impl/splits.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/data/prepare/same_pictures.hpp"
#include "vlsm/prompts/attribute_file.hpp"

namespace vlsm {

namespace detail {

/// Writes one set.
class Preparation {
 public:
  Preparation(SourceSet set, std::filesystem::path target, PrepareOptions const& options)
      : set_(std::move(set)), target_(std::move(target)), options_(options) {
    report_.dataset = set_.dataset;
    report_.source = set_.source;
    report_.findings = set_.findings;
    table_ = options.table ? options.table : study_prompt_table(set_.dataset);
    check_names();
    if (!options.attributes.empty()) read_attribute_file();
    if (options.published.empty()) return;
    published_ = read_published(options.published);
    if (splits_anew() || options.table || !options.attributes.empty())
      throw Error(
          "published lists are kept as they are", options.published.string(),
          "leave out what would split or word them anew (--split, --prompts, --attributes)");
  }

  /// Pictures, masks, annotations and the report; a target that is empty: nothing is written.
  std::map<std::string, nlohmann::ordered_json> splits;  ///< the annotations, after `run`

  PrepareReport run() {
    SetWriter writer(set_, target_, options_);
    writer.write();
    pictures_ = std::move(writer.pictures);
    for (std::size_t i = 0; i < set_.rows.size(); ++i)
      made_.insert_or_assign(set_.rows[i].mask, std::move(writer.masks[i]));
    add({"stale_files", std::move(writer.stale), "left of an earlier run: nothing names them now"});
    look_at_rows();
    look_at_pictures();
    make_annotations();
    if (!target_.empty()) write_annotations();
    return std::move(report_);
  }

 private:
  bool splits_anew() const { return options_.split[0] + options_.split[1] + options_.split[2] > 0; }

  void check_names() const {
    if (set_.rows.empty())
      throw Error("the data set has no picture with a mask", set_.dataset, "check the folder");
    std::map<std::string, std::string> images, masks;
    auto const check = [](auto& names, std::string const& name, std::string const& from) {
      if (auto const [other, fresh] = names.emplace(name, from); !fresh && other->second != from)
        throw Error("two files would have the name " + name, from + " and " + other->second,
                    "rename one of them, and its mask");
    };
    for (SourceImage const& image : set_.images) check(images, image.name, image.file.string());
    for (SourceRow const& row : set_.rows) check(masks, row.mask, set_.images[row.image].name);
  }

  void read_attribute_file() {
    for (auto const& [mask, row] : read_attributes(options_.attributes).rows) {
      Attributes& given = given_[mask];
      if (row.shape) given["shape"] = *row.shape;
      if (row.color) given["color"] = *row.color;
      for (auto const& [name, value] : row.others.items()) {
        if (value.is_string())
          given[name] = value.get<std::string>();
        else if (table_ && table_->attributes().contains(name))
          throw Error("\"" + brief(name, 40) + "\" is no text",
                      attribute_row(options_.attributes.string(), mask),
                      "write words there, or leave the member out");
      }
    }
  }

  void add(Finding finding) {
    if (!finding.names.empty()) report_.findings.push_back(std::move(finding));
  }

  void look_at_rows() {
    Finding empty{"empty_mask",
                  {},
                  table_ && table_->tells_empty() ? "no object: the prompts say so" : "no object"};
    Finding matter{"levels_matter",
                   {},
                   "size and position follow from the file's levels; of the written mask they "
                   "would be others"};
    Finding lacking{"no_attributes",
                    {},
                    "the attribute file lacks these masks: levels that need one are left out"};
    Finding unknown{"unknown_mask", {}, "the attribute file names masks that are not here"};
    std::set<std::string> known;
    for (std::size_t i = 0; i < set_.rows.size(); ++i) {
      SourceRow const& row = set_.rows[i];
      WrittenMask const& made = made_.at(row.mask);
      known.insert(row.mask);
      if (made.attributes.number == 0 && made.doubt.empty()) empty.names.push_back(row.mask);
      if (!made.matter.empty()) matter.names.push_back(row.mask);
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
    for (Finding& finding :
         {std::ref(empty), std::ref(matter), std::ref(lacking), std::ref(unknown)})
      add(finding);
    std::size_t published = 0;
    for (SourceFormat const& format : source_formats)
      if (format.name == set_.dataset) published = format.pictures;
    if (set_.images.size() + set_.others < published)
      report_.findings.push_back({"fewer_pictures",
                                  {},
                                  std::to_string(set_.images.size() + set_.others) +
                                      " of the publisher's " + std::to_string(published)});
  }

  void look_at_pictures() {
    std::vector<PictureKey> keys;
    for (WrittenPicture const& picture : pictures_) keys.push_back(picture.key);
    auto const identical = same_pictures(keys, false);
    same_ = set_.look_alikes ? same_pictures(keys, true) : identical;
    auto const names = [&](std::vector<std::size_t> const& members) {
      std::vector<std::string> list;
      for (std::size_t i : members) list.push_back(set_.images[i].name);
      return list;
    };
    for (auto const& members : identical)
      add({"identical_pictures", names(members),
           "one file under several names" + in_classes(members)});
    if (set_.look_alikes)
      for (auto const& members : same_)
        if (std::ranges::find(identical, members) == identical.end())
          add({"look_alikes", names(members),
               "they show the same (perceptual hashes within " + std::to_string(most_hash_bits) +
                   " bits)" + in_classes(members)});
    if (splits_anew()) split_rows(set_, same_, options_.split, options_.seed);
    if (published_.empty()) look_at_splits();
    if (options_.clean && published_.empty())
      for (Finding& finding : take_leaks_out(set_, same_)) add(std::move(finding));
  }

  /// ", in two classes" where the rows of these pictures differ in pathology.
  std::string in_classes(std::vector<std::size_t> const& members) const {
    std::set<std::string> classes;
    for (SourceRow const& row : set_.rows)
      if (auto const word = row.attributes.find("pathology");
          word != row.attributes.end() && std::ranges::find(members, row.image) != members.end())
        classes.insert(word->second);
    return classes.size() > 1 ? ", in several classes" : "";
  }

  void look_at_splits() {
    std::vector<std::size_t> twin(set_.images.size());
    for (std::size_t i = 0; i < twin.size(); ++i) twin[i] = i;
    for (auto const& members : same_)
      for (std::size_t i : members) twin[i] = members[0];
    std::map<std::size_t, std::set<std::string>> splits;
    for (SourceRow const& row : set_.rows) splits[twin[row.image]].insert(row.split);
    std::map<std::string, Finding> shared;
    for (auto const& [image, in] : splits) {
      if (in.size() < 2) continue;
      std::string text;
      for (std::string const& split : in) text += (text.empty() ? "in " : " and ") + split;
      shared.emplace(text, Finding{"in_two_splits", {}, text})
          .first->second.names.push_back(set_.images[image].name);
    }
    for (auto& [text, finding] : shared) add(finding);
  }

  nlohmann::ordered_json annotation(std::size_t i, std::set<std::string>& levels,
                                    std::set<std::string>& filled) const {
    SourceRow const& row = set_.rows[i];
    MaskAttributes const& mask = made_.at(set_.rows[i].mask).attributes;
    Attributes attributes = mask.words();
    attributes.insert(row.attributes.begin(), row.attributes.end());
    if (auto const given = given_.find(row.mask); given != given_.end())
      attributes.insert(given->second.begin(), given->second.end());
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

  void make_annotations() {
    std::set<std::string> levels{"p0"}, filled;
    bool const given = !published_.empty();
    if (!given) {
      for (std::size_t i = 0; i < set_.rows.size(); ++i) {
        if (made_.at(set_.rows[i].mask).attributes.number == 0 &&
            !made_.at(set_.rows[i].mask).doubt.empty())
          continue;
        auto& rows = splits[set_.rows[i].split];
        rows.push_back(annotation(i, levels, filled));
      }
      if (splits.empty())
        throw Error(
            "all masks are in doubt, so no row is left: " + made_.at(set_.rows[0].mask).doubt,
            set_.rows[0].source, "mend the masks");
      name_unfilled(filled);
      if (table_)
        for (Finding& finding : incomplete_rows(
                 splits, table_->attributes(), filled,
                 [&](auto& mask) { return options_.attributes.empty() || given_.contains(mask); }))
          add(std::move(finding));
    } else {
      for (Finding& finding : match_published(published_, set_, options_.clean))
        add(std::move(finding));
      for (AnnotationList& list : published_) {
        for (auto const& row : list.rows)
          for (auto const& [level, prompt] : row["prompts"].items()) levels.insert(level);
        splits[list.split] = std::move(list.rows);
      }
    }
    if (given && std::ranges::all_of(splits, [](auto const& one) { return one.second.empty(); }))
      throw Error("no row of the published lists is of this set's files",
                  options_.published.string(), "name the folder of lists of " + set_.dataset);
    report_.images = set_.images.size();
    std::set<std::string> masks;
    for (SourceRow const& row : set_.rows) masks.insert(row.mask);
    report_.masks = masks.size();
    report_.levels.assign(levels.begin(), levels.end());
    std::ranges::sort(report_.levels, natural_less);
    for (auto const& [split, rows] : splits) report_.rows[split] = rows.size();
  }

  void write_annotations() const {
    write_text_file(target_ / "report.json", report_.to_json().dump(1) + "\n");
    // All lists at once: a set with anns/ is complete.
    namespace fs = std::filesystem;
    fs::path const folder = target_ / "anns.partial";
    fs::remove_all(folder);
    fs::create_directories(folder);
    for (auto const& [split, rows] : splits)
      write_text_file(folder / (split + ".json"), rows.dump(1) + "\n");
    fs::rename(folder, target_ / "anns");
    std::error_code ignored;
    std::filesystem::remove(target_ / "preparing.json", ignored);
  }

  void name_unfilled(std::set<std::string> const& filled) {
    if (!table_) return;
    std::vector<std::string> slots;
    for (std::string const& name : table_->attributes())
      if (!filled.contains(name)) slots.push_back("{" + name + "}");
    if (slots.empty()) return;
    std::string const what =
        "nothing fills these slots of the prompts: levels that need them are left out";
    if (!options_.attributes.empty() && filled.size() > 0)
      report_.findings.push_back(
          {"unfilled_slot", slots, what + "; the attribute file does not name them"});
    else
      report_.findings.push_back({"unfilled_slot", slots, what + "; give them with --attributes"});
  }

  SourceSet set_;
  std::filesystem::path target_;
  PrepareOptions const& options_;
  PrepareReport report_;
  std::optional<PromptTable> table_;
  std::map<std::string, Attributes> given_;
  std::vector<AnnotationList> published_;
  std::vector<WrittenPicture> pictures_;
  std::map<std::string, WrittenMask> made_;  // by the mask's name
  std::vector<std::vector<std::size_t>> same_;
};

}  // namespace detail

VLSM_INLINE PrepareReport prepare(SourceSet set, std::filesystem::path const& target,
                                  PrepareOptions const& options) {
  return detail::Preparation(std::move(set), target, options).run();
}

VLSM_INLINE std::map<std::string, nlohmann::ordered_json> annotate(SourceSet set,
                                                                   PrepareOptions const& options,
                                                                   PrepareReport* report) {
  detail::Preparation preparation(std::move(set), {}, options);
  PrepareReport found = preparation.run();
  if (report) *report = std::move(found);
  return std::move(preparation.splits);
}

}  // namespace vlsm
